//! The pool itself: seats, threads, counting and lifecycle around any [`Strategy`], written once.
//!
//! - `core`: what the submitters and the workers share, and how a job gets in
//! - `worker`: a thread in a seat, and its loop
//! - `life`: how many workers there are, and how a pool ends
//! - `seat`: where an outlet lies between workers, and how patiently a lost worker is replaced
//! - `lane`: tickets that found the queue full
//! - `builder`: threads, names, stack size, hooks

mod builder;
mod core;
mod lane;
mod life;
mod seat;
mod worker;

pub use builder::{Builder, Threads};

use std::sync::Arc;

use self::core::Core;
use crate::current::PoolId;
use crate::{
    BuildError, Job, JobHandle, Ledger, Pool, PoolExt, PoolState, Rejected, Scope, Shutdown, Strategy, Submit,
};

/// A pool of threads around a [`Strategy`].
///
/// Each strategy crate has an alias, such as `MpscPool`. The inherent methods do what those of
/// [`PoolExt`] do, without anything dynamic in between: `join` in particular is the strategy's own.
///
/// Dropping the pool is [`shutdown`](Pool::shutdown): queued jobs run, and the threads are joined. From inside one of
/// its own jobs, where the pool cannot wait for itself, the drop only begins it.
///
/// Memory: about 1 KiB for each worker beyond its stack, and what the strategy's queue takes.
pub struct ThreadPool<S: Strategy> {
    core: Arc<Core<S>>,
    // A copy of the ledger's, so that a fork finds out where it is without a detour.
    id: PoolId,
}

impl<S: Strategy> ThreadPool<S> {
    /// A pool with default settings: one worker for each CPU.
    ///
    /// # Errors
    ///
    /// See [`Builder::build`].
    pub fn new() -> Result<Self, BuildError>
    where
        S: Default,
    {
        Self::builder().build()
    }

    /// Settings for a pool with the default strategy of its kind.
    pub fn builder() -> Builder<S>
    where
        S: Default,
    {
        Builder::new(S::default())
    }

    /// Settings for a pool with this strategy.
    pub fn with(strategy: S) -> Builder<S> {
        Builder::new(strategy)
    }

    /// The pool's identity, to compare with [`current`](crate::current).
    #[inline]
    pub fn id(&self) -> PoolId {
        self.id
    }

    /// See [`PoolExt::execute`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn execute<F>(&self, f: F) -> Result<(), Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        PoolExt::execute(self, f)
    }

    /// See [`PoolExt::spawn`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn spawn<F, T>(&self, f: F) -> Result<JobHandle<T>, Rejected>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        PoolExt::spawn(self, f)
    }

    /// See [`PoolExt::scope`].
    pub fn scope<'env, F, R>(&self, body: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        PoolExt::scope(self, body)
    }

    /// See [`PoolExt::join`]; this one is the strategy's own, with nothing dynamic in it.
    #[inline]
    pub fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        S::join(self, a, b)
    }

    /// See [`PoolExt::map`].
    pub fn map<T, R, F>(&self, items: &[T], f: F) -> Vec<R>
    where
        T: Sync,
        R: Send,
        F: Fn(&T) -> R + Sync,
    {
        PoolExt::map(self, items, f)
    }
}

impl<S: Strategy> Pool for ThreadPool<S> {
    // See `Core::submit`.
    #[inline(always)]
    fn submit(&self, job: Job, submit: Submit) -> Result<(), Rejected> {
        if submit.is_ticket() { self.core.queue_ticket(job) } else { self.core.submit(job, submit) }
    }

    fn join_erased(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        S::join(self, a, b);
    }

    fn ledger(&self) -> &Arc<Ledger> {
        self.core.ledger()
    }

    fn state(&self) -> PoolState {
        self.core.state()
    }

    fn shutdown(&self) -> Shutdown {
        self.core.shutdown()
    }

    fn shutdown_now(&self) -> (Vec<Job>, Shutdown) {
        self.core.shutdown_now()
    }
}

impl<S: Strategy> Drop for ThreadPool<S> {
    fn drop(&mut self) {
        // Pending means that this is a worker of the pool: the last one to leave ends the shutdown.
        let _ = self.core.shutdown();
    }
}

impl<S: Strategy> std::fmt::Debug for ThreadPool<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ThreadPool")
            .field("strategy", &S::NAME)
            .field("name", &self.name())
            .field("threads", &self.threads())
            .field("state", &self.state())
            .finish()
    }
}
