//! A pool of a program's own.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::broadcast::BroadcastContext;
#[allow(deprecated)]
use crate::configuration::Configuration;
use crate::registry::{Open, Registry};
use crate::scope::{Scope, ScopeFifo};
use crate::worker::{Yield, yield_local, yield_now};

/// A pool of threads. Dropping it does not wait: what is queued runs, and then the threads end.
///
/// `{:?}` shows which pool it is:
///
/// ```
/// let pool = rayon_core::ThreadPoolBuilder::new().pool("stealing".parse()?).num_threads(2).build()?;
/// assert_eq!(format!("{pool:?}"), r#"ThreadPool { pool: "stealing:2", num_threads: 2, .. }"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ThreadPool {
    // The tests of rayon-core look at it.
    #[doc(hidden)]
    pub registry: Arc<Registry>,
    open: Arc<Open>,
}

impl ThreadPool {
    pub(crate) fn open(open: Arc<Open>) -> Self {
        ThreadPool { registry: open.0.clone(), open }
    }

    /// Builds a pool.
    ///
    /// # Errors
    ///
    /// See [`ThreadPoolBuilder::build`](crate::ThreadPoolBuilder::build).
    #[deprecated(note = "Use `ThreadPoolBuilder::build`")]
    #[allow(deprecated)]
    pub fn new(configuration: Configuration) -> Result<ThreadPool, Box<dyn Error>> {
        configuration.build()
    }

    /// Runs the closure on a worker of this pool, and waits for it. What it joins and spawns is this pool's.
    ///
    /// # Panics
    ///
    /// With what the closure panics with.
    pub fn install<OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce() -> R + Send,
        R: Send,
    {
        self.registry.install(op)
    }

    /// See [`broadcast`](crate::broadcast()).
    ///
    /// # Panics
    ///
    /// As there.
    pub fn broadcast<OP, R>(&self, op: OP) -> Vec<R>
    where
        OP: Fn(BroadcastContext<'_>) -> R + Sync,
        R: Send,
    {
        self.registry.broadcast(op)
    }

    /// How many threads it has.
    #[inline]
    pub fn current_num_threads(&self) -> usize {
        self.registry.num_threads()
    }

    /// The calling thread's number, if it is one of this pool's.
    #[inline]
    pub fn current_thread_index(&self) -> Option<usize> {
        self.registry.index_here()
    }

    /// As [`current_thread_has_pending_tasks`](crate::current_thread_has_pending_tasks), if the calling thread is one of this
    /// pool's.
    #[inline]
    pub fn current_thread_has_pending_tasks(&self) -> Option<bool> {
        self.registry.index_here().map(|_| self.registry.has_pending_here())
    }

    /// A [`join`](crate::join()) in this pool.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn join<A, B, RA, RB>(&self, oper_a: A, oper_b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        self.install(|| crate::join(oper_a, oper_b))
    }

    /// A [`scope`](crate::scope()) in this pool.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn scope<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&Scope<'scope>) -> R + Send,
        R: Send,
    {
        self.registry.scope(op)
    }

    /// A [`scope_fifo`](crate::scope_fifo()) in this pool.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn scope_fifo<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&ScopeFifo<'scope>) -> R + Send,
        R: Send,
    {
        self.registry.scope_fifo(op)
    }

    /// An [`in_place_scope`](crate::in_place_scope()) whose tasks run in this pool.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn in_place_scope<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&Scope<'scope>) -> R,
    {
        self.registry.in_place_scope(op)
    }

    /// An [`in_place_scope_fifo`](crate::in_place_scope_fifo()) whose tasks run in this pool.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn in_place_scope_fifo<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&ScopeFifo<'scope>) -> R,
    {
        self.registry.in_place_scope_fifo(op)
    }

    /// A [`spawn`](crate::spawn()) in this pool.
    pub fn spawn<OP>(&self, op: OP)
    where
        OP: FnOnce() + Send + 'static,
    {
        self.open.spawn(op);
    }

    /// A [`spawn_fifo`](crate::spawn_fifo()) in this pool.
    pub fn spawn_fifo<OP>(&self, op: OP)
    where
        OP: FnOnce() + Send + 'static,
    {
        self.open.spawn_fifo(op);
    }

    /// A [`spawn_broadcast`](crate::spawn_broadcast()) in this pool.
    pub fn spawn_broadcast<OP>(&self, op: OP)
    where
        OP: Fn(BroadcastContext<'_>) + Send + Sync + 'static,
    {
        self.open.spawn_broadcast(op);
    }

    /// As [`yield_now`](crate::yield_now()), if the calling thread is one of this pool's.
    pub fn yield_now(&self) -> Option<Yield> {
        self.registry.index_here().and_then(|_| yield_now())
    }

    /// As [`yield_local`](crate::yield_local()), if the calling thread is one of this pool's.
    pub fn yield_local(&self) -> Option<Yield> {
        self.registry.index_here().and_then(|_| yield_local())
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool")
            .field("pool", &self.registry.spec.to_string())
            .field("num_threads", &self.current_num_threads())
            .finish_non_exhaustive()
    }
}
