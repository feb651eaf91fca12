//! What the calling thread knows of itself as a worker.

use pool_core::{help_one, help_own};
use pool_stealing::with_current_worker;

use crate::any_pool::AnyPool;
use crate::registry::{Registry, current_or_global, here, index_here};

/// What a yield has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yield {
    /// It has run something.
    Executed,
    /// There was nothing to run.
    Idle,
}

impl Yield {
    fn of(ran: bool) -> Self {
        if ran { Yield::Executed } else { Yield::Idle }
    }
}

/// The most threads that a pool can have: 65,535, as in rayon-core on 64 bits. A larger number in
/// [`num_threads`](crate::ThreadPoolBuilder::num_threads) or `RAYON_NUM_THREADS` is taken as this. In a
/// [`PoolSpec`](crate::PoolSpec) more than 1,024 is an error.
///
/// Few systems have so many, and those of the stealing pool look at each other's queues before they sleep: on two cores 4,000 took
/// half a minute of processor time to start, here as in rayon-core, and as many of the bounded pool half a second.
pub fn max_num_threads() -> usize {
    65_535
}

/// How many threads the calling thread's pool has, or the global pool.
pub fn current_num_threads() -> usize {
    current_or_global().num_threads()
}

/// The calling thread's number in its pool; `None` on a thread of no pool.
#[inline]
pub fn current_thread_index() -> Option<usize> {
    index_here()
}

/// Whether others could take something of what the calling worker has forked or spawned; `None` on a thread of no pool.
#[inline]
pub fn current_thread_has_pending_tasks() -> Option<bool> {
    here().map(|here| here.registry.has_pending_here())
}

/// Runs one task of the pool here, if there is one; `None` on a thread of no pool.
pub fn yield_now() -> Option<Yield> {
    index_here().map(|_| Yield::of(help_one()))
}

/// As [`yield_now`], of what the calling worker has forked or spawned.
pub fn yield_local() -> Option<Yield> {
    index_here().map(|_| Yield::of(help_own()))
}

impl Registry {
    /// Whether the calling worker of this pool has something of its own.
    pub(crate) fn has_pending_here(&self) -> bool {
        match &self.pool {
            AnyPool::Stealing(_) => {
                with_current_worker(|worker| worker.is_some_and(|worker| worker.has_pending()))
            }
            AnyPool::Other(_) => false,
        }
    }
}
