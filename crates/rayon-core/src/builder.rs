//! The settings of a pool.

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;

use pool_core::BuildError;

use crate::any_pool::{AnyPool, Plan};
use crate::error::ThreadPoolBuildError;
use crate::registry::{Open, PanicHandler, Registry, init_global, set_here};
use crate::spec::PoolSpec;
use crate::thread_pool::ThreadPool;
use crate::threads::{Crew, Handlers, Muster, ThreadBuilder};

/// The settings of a pool that is to be built.
pub struct ThreadPoolBuilder<S = DefaultSpawn> {
    threads: usize,
    spec: Option<PoolSpec>,
    use_current_thread: bool,
    panic_handler: Option<Box<PanicHandler>>,
    thread_name: Option<Box<dyn FnMut(usize) -> String>>,
    stack_size: Option<usize>,
    handlers: Handlers,
    spawn_handler: S,
}

/// Who makes the threads of a pool.
pub trait ThreadSpawn {
    /// Makes one.
    #[doc(hidden)]
    fn spawn(&mut self, thread: ThreadBuilder) -> io::Result<()>;
}

/// std does.
#[derive(Debug, Default)]
pub struct DefaultSpawn;

impl ThreadSpawn for DefaultSpawn {
    fn spawn(&mut self, thread: ThreadBuilder) -> io::Result<()> {
        thread.spawn()
    }
}

/// The program does.
#[derive(Debug)]
pub struct CustomSpawn<F>(F);

impl<F: FnMut(ThreadBuilder) -> io::Result<()>> ThreadSpawn for CustomSpawn<F> {
    fn spawn(&mut self, thread: ThreadBuilder) -> io::Result<()> {
        (self.0)(thread)
    }
}

impl Default for ThreadPoolBuilder {
    fn default() -> Self {
        ThreadPoolBuilder {
            threads: 0,
            spec: None,
            use_current_thread: false,
            panic_handler: None,
            thread_name: None,
            stack_size: None,
            handlers: Handlers::default(),
            spawn_handler: DefaultSpawn,
        }
    }
}

impl ThreadPoolBuilder {
    /// Default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds a pool whose threads run inside `wrapper`, lends it to `with_pool`, and waits for the threads.
    ///
    /// # Errors
    ///
    /// As for [`build`](ThreadPoolBuilder::build).
    pub fn build_scoped<W, F, R>(self, wrapper: W, with_pool: F) -> Result<R, ThreadPoolBuildError>
    where
        W: Fn(ThreadBuilder) + Sync,
        F: FnOnce(&ThreadPool) -> R,
    {
        thread::scope(|scope| {
            let wrapper = &wrapper;
            let spawn =
                |thread: ThreadBuilder| thread.thread().spawn_scoped(scope, || wrapper(thread)).map(drop);
            let pool = self.spawn_handler(spawn).build()?;
            Ok(with_pool(&pool))
        })
    }
}

impl<S: ThreadSpawn> ThreadPoolBuilder<S> {
    /// Builds the pool.
    ///
    /// # Errors
    ///
    /// When a setting makes no sense, `RAYON_POOL` included, or a thread cannot be made.
    pub fn build(self) -> Result<ThreadPool, ThreadPoolBuildError> {
        self.build_open().map(ThreadPool::open)
    }

    /// Builds the global pool.
    ///
    /// # Errors
    ///
    /// As for [`build`](ThreadPoolBuilder::build); and when there is a global pool already.
    pub fn build_global(self) -> Result<(), ThreadPoolBuildError> {
        init_global(|| self.build_open())
    }

    fn build_open(mut self) -> Result<Arc<Open>, ThreadPoolBuildError> {
        let spec = match self.spec {
            Some(spec) => spec,
            None => PoolSpec::from_env()?,
        };
        let threads = self.threads(spec);
        let spec = PoolSpec { threads: Some(threads), ..spec };
        let muster = Muster::default();
        let spawn = {
            let muster = muster.clone();
            move |worker| muster.spawn(worker)
        };
        let plan = Plan { threads, enrolls_caller: self.use_current_thread, spawn };
        let failed = |error| ThreadPoolBuildError::build(spec, error);
        let pool = AnyPool::build(spec, plan).map_err(failed)?;
        let registry = Registry::new(pool, spec, threads, self.panic_handler.take());
        // From here on the pool is closed by whatever goes wrong.
        let open = Arc::new(Open(registry.clone()));
        let handlers = Arc::new(std::mem::take(&mut self.handlers));
        let crew = Crew { registry, open: Arc::downgrade(&open), handlers };
        if self.use_current_thread {
            set_here(Some(crew.here(0)));
        }
        for worker in muster.finish(&crew) {
            let (index, stack_size, crew) = (worker.index(), self.stack_size, crew.clone());
            let name = self.thread_name.as_mut().map(|name| name(index));
            let made = self.spawn_handler.spawn(ThreadBuilder { name, stack_size, worker, crew });
            made.map_err(|source| failed(BuildError::Spawn { index, source }))?;
        }
        Ok(open)
    }
}

impl<S> ThreadPoolBuilder<S> {
    /// Which pool it is, in place of what `RAYON_POOL` says.
    pub fn pool(mut self, spec: PoolSpec) -> Self {
        self.spec = Some(spec);
        self
    }

    /// Who makes the threads.
    pub fn spawn_handler<F>(self, spawn: F) -> ThreadPoolBuilder<CustomSpawn<F>>
    where
        F: FnMut(ThreadBuilder) -> io::Result<()>,
    {
        ThreadPoolBuilder {
            spawn_handler: CustomSpawn(spawn),
            threads: self.threads,
            spec: self.spec,
            use_current_thread: self.use_current_thread,
            panic_handler: self.panic_handler,
            thread_name: self.thread_name,
            stack_size: self.stack_size,
            handlers: self.handlers,
        }
    }

    /// What each thread is called, by its number. By default it is called after the pool: `stealing-0`.
    pub fn thread_name<F>(mut self, closure: F) -> Self
    where
        F: FnMut(usize) -> String + 'static,
    {
        self.thread_name = Some(Box::new(closure));
        self
    }

    /// How many threads, whatever `RAYON_POOL` or [`pool`](ThreadPoolBuilder::pool) say. 0, the default, leaves it to these, then
    /// to `RAYON_NUM_THREADS`, and then to the number of CPUs.
    pub fn num_threads(mut self, num_threads: usize) -> Self {
        self.threads = num_threads;
        self
    }

    /// Makes the calling thread worker 0, for good.
    pub fn use_current_thread(mut self) -> Self {
        self.use_current_thread = true;
        self
    }

    /// Hears of panics that go nowhere else.
    pub fn panic_handler<H>(mut self, panic_handler: H) -> Self
    where
        H: Fn(Box<dyn Any + Send>) + Send + Sync + 'static,
    {
        self.panic_handler = Some(Box::new(panic_handler));
        self
    }

    /// The stack of each thread, in bytes.
    pub fn stack_size(mut self, stack_size: usize) -> Self {
        self.stack_size = Some(stack_size);
        self
    }

    /// Does nothing: use `spawn_fifo` and `scope_fifo`.
    #[deprecated(note = "use `scope_fifo` and `spawn_fifo` for similar effect")]
    pub fn breadth_first(self) -> Self {
        self
    }

    /// Called on each thread before its first job.
    pub fn start_handler<H>(mut self, start_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.handlers.start = Some(Box::new(start_handler));
        self
    }

    /// Called on each thread after its last job.
    pub fn exit_handler<H>(mut self, exit_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.handlers.exit = Some(Box::new(exit_handler));
        self
    }

    fn threads(&self, spec: PoolSpec) -> usize {
        let variable = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let asked = Some(self.threads).filter(|threads| *threads > 0).or(spec.threads);
        // As in rayon: 0 stands for the number of CPUs.
        let asked = asked.or_else(|| variable("RAYON_NUM_THREADS")).or_else(|| variable("RAYON_RS_NUM_CPUS"));
        match asked {
            Some(threads) if threads > 0 => threads.min(crate::max_num_threads()),
            _ => thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl<S> fmt::Debug for ThreadPoolBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolBuilder")
            .field("num_threads", &self.threads)
            .field("pool", &self.spec)
            .field("use_current_thread", &self.use_current_thread)
            .field("stack_size", &self.stack_size)
            .finish_non_exhaustive()
    }
}
