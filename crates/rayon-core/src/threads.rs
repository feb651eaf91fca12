//! The threads of a pool, which a program may make itself.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use pool_core::WorkerThread;

use crate::registry::{Here, Open, Registry, set_here};

type Handler = dyn Fn(usize) + Send + Sync;

/// What happens on the threads of a pool before and after.
#[derive(Default)]
pub(crate) struct Handlers {
    pub(crate) start: Option<Box<Handler>>,
    pub(crate) exit: Option<Box<Handler>>,
}

/// What a thread of a pool needs.
#[derive(Clone)]
pub(crate) struct Crew {
    pub(crate) registry: Arc<Registry>,
    pub(crate) open: Weak<Open>,
    pub(crate) handlers: Arc<Handlers>,
}

impl Crew {
    pub(crate) fn here(&self, index: usize) -> Here {
        Here { registry: self.registry.clone(), open: self.open.clone(), index }
    }
}

/// Where workers wait for their threads: the pool is built before the threads are made.
#[derive(Clone, Default)]
pub(crate) struct Muster(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    workers: Vec<WorkerThread>,
    /// Once the pool is built: a worker that replaces another gets its thread at once.
    crew: Option<(Weak<Registry>, Weak<Open>, Arc<Handlers>)>,
}

impl Muster {
    /// The spawn handler of the pool.
    pub(crate) fn spawn(&self, worker: WorkerThread) -> io::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((registry, open, handlers)) = state.crew.clone() else {
            state.workers.push(worker);
            return Ok(());
        };
        drop(state);
        let registry = registry.upgrade().ok_or_else(|| io::Error::other("the pool is gone"))?;
        ThreadBuilder { name: None, stack_size: None, worker, crew: Crew { registry, open, handlers } }
            .spawn()
    }

    /// The workers that wait for their threads.
    pub(crate) fn finish(&self, crew: &Crew) -> Vec<WorkerThread> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.crew = Some((Arc::downgrade(&crew.registry), crew.open.clone(), crew.handlers.clone()));
        std::mem::take(&mut state.workers)
    }
}

/// A worker of a pool that is to get its thread: what a [spawn handler](crate::ThreadPoolBuilder::spawn_handler) gets.
pub struct ThreadBuilder {
    pub(crate) name: Option<String>,
    pub(crate) stack_size: Option<usize>,
    pub(crate) worker: WorkerThread,
    pub(crate) crew: Crew,
}

impl ThreadBuilder {
    /// The worker's number in its pool.
    pub fn index(&self) -> usize {
        self.worker.index()
    }

    /// What the thread is to be called, if the [builder](crate::ThreadPoolBuilder::thread_name) says so.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The stack that it is to have, if the builder says so.
    pub fn stack_size(&self) -> Option<usize> {
        self.stack_size
    }

    /// Is the worker, until the pool ends.
    pub fn run(self) {
        let ThreadBuilder { worker, crew, .. } = self;
        let index = worker.index();
        set_here(Some(crew.here(index)));
        let call = |handler: &Option<Box<Handler>>| {
            if let Some(handler) = handler {
                crew.registry.catch_all(|| handler(index));
            }
        };
        call(&crew.handlers.start);
        worker.run();
        call(&crew.handlers.exit);
        set_here(None);
        // A task's destructor may have panicked as the pool ended; that is no matter of this thread's.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(crew)));
    }

    /// A thread of std's, with the name and the stack that the builder says. Without a name it is called after the pool.
    pub(crate) fn thread(&self) -> thread::Builder {
        let name = self.name().unwrap_or(self.worker.name());
        let builder = thread::Builder::new().name(name.to_owned());
        match self.stack_size {
            Some(bytes) => builder.stack_size(bytes),
            None => builder,
        }
    }

    pub(crate) fn spawn(self) -> io::Result<()> {
        self.thread().spawn(|| self.run()).map(drop)
    }
}

impl fmt::Debug for ThreadBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadBuilder")
            .field("index", &self.index())
            .field("name", &self.name)
            .field("stack_size", &self.stack_size)
            .finish_non_exhaustive()
    }
}
