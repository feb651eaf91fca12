//! A pool, and what this crate knows about it beyond.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use pool_core::{Pool, PoolExt};

use crate::any_pool::AnyPool;
use crate::builder::ThreadPoolBuilder;
use crate::error::ThreadPoolBuildError;
use crate::spec::PoolSpec;

pub(crate) type PanicHandler = dyn Fn(Box<dyn Any + Send>) + Send + Sync;
pub(crate) type Task = Box<dyn FnOnce() + Send>;

/// What the threads of a pool share. They hold it, so that the last of them drops the pool, which does not wait for itself there.
#[doc(hidden)]
pub struct Registry {
    pub(crate) pool: AnyPool,
    /// What it was built from, with the number of its threads.
    pub(crate) spec: PoolSpec,
    threads: usize,
    panic_handler: Option<Box<PanicHandler>>,
    /// What each worker has spawned first in, first out; the last is that of other threads.
    fifos: Box<[Mutex<VecDeque<Task>>]>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("pool", &self.pool()).finish_non_exhaustive()
    }
}

/// Keeps a pool open. The last of these closes it: that of its owner, or of a task that the pool has yet to run.
pub(crate) struct Open(pub(crate) Arc<Registry>);

impl Drop for Open {
    fn drop(&mut self) {
        // It runs what is queued. Nobody waits for that.
        let _ = self.0.pool().shutdown_timeout(Duration::ZERO);
    }
}

/// The worker that this thread is.
pub(crate) struct Here {
    pub(crate) registry: Arc<Registry>,
    pub(crate) open: Weak<Open>,
    pub(crate) index: usize,
}

thread_local! {
    // Shared on this thread alone: a clone of what it holds would be four locked instructions, there and back.
    static HERE: RefCell<Option<Rc<Here>>> = const { RefCell::new(None) };
}

/// The worker that this thread is, if it is one.
pub(crate) fn here() -> Option<Rc<Here>> {
    HERE.try_with(|here| here.borrow().clone()).ok().flatten()
}

/// This thread's number in its pool.
pub(crate) fn index_here() -> Option<usize> {
    HERE.try_with(|here| here.borrow().as_ref().map(|here| here.index)).ok().flatten()
}

/// Makes this thread a worker; or none, when it has been.
pub(crate) fn set_here(here: Option<Here>) {
    let before = HERE.try_with(|place| place.replace(here.map(Rc::new)));
    drop(before);
}

static GLOBAL: OnceLock<Arc<Open>> = OnceLock::new();

/// Builds the global pool.
pub(crate) fn init_global(
    build: impl FnOnce() -> Result<Arc<Open>, ThreadPoolBuildError>,
) -> Result<(), ThreadPoolBuildError> {
    let mut outcome = Err(ThreadPoolBuildError::already_initialized());
    let mut build = Some(build);
    static BUILDING: Mutex<()> = Mutex::new(());
    let _building = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    if GLOBAL.get().is_none()
        && let Some(build) = build.take()
    {
        outcome = build().map(|open| {
            let _ = GLOBAL.set(open);
        });
    }
    outcome
}

/// The global pool, built with default settings if there is none.
///
/// # Panics
///
/// If it cannot be built.
pub(crate) fn global() -> &'static Arc<Open> {
    if let Some(open) = GLOBAL.get() {
        return open;
    }
    match ThreadPoolBuilder::new().build_global() {
        // Another thread may have been faster.
        Err(error) if GLOBAL.get().is_none() => {
            panic!("The global thread pool has not been initialized: {error}")
        }
        _ => GLOBAL.get().expect("it has just been built"),
    }
}

/// The pool of the calling thread, or the global one.
pub(crate) fn current_or_global() -> CurrentRegistry {
    here().map_or_else(|| CurrentRegistry::Global(&global().0), CurrentRegistry::Here)
}

/// What [`current_or_global`] has found.
pub(crate) enum CurrentRegistry {
    Here(Rc<Here>),
    Global(&'static Registry),
}

impl Deref for CurrentRegistry {
    type Target = Registry;

    fn deref(&self) -> &Registry {
        match self {
            CurrentRegistry::Here(here) => &here.registry,
            CurrentRegistry::Global(registry) => registry,
        }
    }
}

/// As [`current_or_global`], kept open. `None` in the last moments of a pool, on one of its own workers.
pub(crate) fn open_here() -> Option<Arc<Open>> {
    match here() {
        Some(here) => here.open.upgrade(),
        None => Some(global().clone()),
    }
}

impl Registry {
    pub(crate) fn new(
        pool: AnyPool,
        spec: PoolSpec,
        threads: usize,
        panic_handler: Option<Box<PanicHandler>>,
    ) -> Arc<Self> {
        let fifos = (0..=threads).map(|_| Mutex::default()).collect();
        Arc::new(Registry { pool, spec, threads, panic_handler, fifos })
    }

    pub(crate) fn pool(&self) -> &dyn Pool {
        self.pool.as_dyn()
    }

    #[doc(hidden)]
    pub fn num_threads(&self) -> usize {
        self.threads
    }

    /// Waits until its workers are gone. Not for its own workers.
    #[doc(hidden)]
    pub fn wait_until_stopped(&self) {
        let _ = self.pool().shutdown();
    }

    /// Runs it on a worker.
    pub(crate) fn install<R: Send>(&self, op: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            AnyPool::Stealing(pool) => pool.install(op),
            AnyPool::Other(pool) => pool.install(op),
        }
    }

    /// The calling thread's number, if it is one of this pool's workers.
    pub(crate) fn index_here(&self) -> Option<usize> {
        let here = pool_core::current()?;
        (here.pool == self.pool().id()).then_some(here.index)
    }

    /// Runs it, and has the panic handler hear of its panic. Without a handler the pool counts it.
    pub(crate) fn catch(&self, f: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
            self.handle(payload);
        }
    }

    fn handle(&self, payload: Box<dyn Any + Send>) {
        let Some(handler) = &self.panic_handler else { resume_unwind(payload) };
        if catch_unwind(AssertUnwindSafe(|| handler(payload))).is_err() {
            eprintln!("the panic handler of a rayon pool has panicked");
            std::process::abort();
        }
    }

    /// As [`catch`](Registry::catch), for what the pool does not count: without a panic handler nothing more happens.
    pub(crate) fn catch_all(&self, f: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(f))
            && self.panic_handler.is_some()
        {
            self.handle(payload);
        }
    }
}

impl Open {
    /// Runs the task on the pool, some time.
    pub(crate) fn spawn(self: &Arc<Self>, task: impl FnOnce() + Send + 'static) {
        let open = self.clone();
        let job = move || {
            open.0.catch(task);
            drop(open);
        };
        if let Err(rejected) = self.0.pool().execute(job) {
            // The pool is full or closed, which a caller of rayon's knows nothing of.
            rejected.into_job().run();
        }
    }

    /// As [`spawn`](Open::spawn), in turn with what the thread has spawned so before.
    pub(crate) fn spawn_fifo(self: &Arc<Self>, task: impl FnOnce() + Send + 'static) {
        let place = self.0.index_here().unwrap_or(self.0.threads);
        lock(&self.0.fifos[place]).push_back(Box::new(task));
        let open = self.clone();
        self.spawn(move || {
            let task = lock(&open.0.fifos[place]).pop_front();
            drop(open);
            task.into_iter().for_each(|task| task());
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
