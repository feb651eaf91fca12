//! Closures that run on every worker.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use pool_core::PoolExt;

use crate::registry::{Open, Registry, current_or_global, open_here};

/// Which of the calls of a broadcast this is.
pub struct BroadcastContext<'a> {
    index: usize,
    threads: usize,
    /// Of the call, and not `Send`.
    call: PhantomData<&'a mut dyn Fn()>,
}

impl BroadcastContext<'_> {
    /// The worker's number.
    #[inline]
    pub fn index(&self) -> usize {
        self.index
    }

    /// How many workers the broadcast goes to.
    #[inline]
    pub fn num_threads(&self) -> usize {
        self.threads
    }
}

impl fmt::Debug for BroadcastContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastContext")
            .field("index", &self.index)
            .field("num_threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// Runs the closure on every worker, when it has nothing of its own to do, and returns the results in the order of the workers.
///
/// # Panics
///
/// With the first panic, when all have ended.
pub fn broadcast<OP, R>(op: OP) -> Vec<R>
where
    OP: Fn(BroadcastContext<'_>) -> R + Sync,
    R: Send,
{
    current_or_global().broadcast(op)
}

/// As [`broadcast`], without waiting.
pub fn spawn_broadcast<OP>(op: OP)
where
    OP: Fn(BroadcastContext<'_>) + Send + Sync + 'static,
{
    if let Some(open) = open_here() {
        open.spawn_broadcast(op);
    }
}

impl Registry {
    fn context(&self, index: usize) -> BroadcastContext<'static> {
        BroadcastContext { index, threads: self.num_threads(), call: PhantomData }
    }

    pub(crate) fn broadcast<R: Send>(&self, op: impl Fn(BroadcastContext<'_>) -> R + Sync) -> Vec<R> {
        let results = self.pool().broadcast(|index| op(self.context(index)));
        results.unwrap_or_else(|error| panic!("a broadcast in a pool that is gone: {error}"))
    }
}

impl Open {
    pub(crate) fn spawn_broadcast(
        self: &Arc<Self>,
        op: impl Fn(BroadcastContext<'_>) + Send + Sync + 'static,
    ) {
        let (op, open) = (Arc::new(op), self.clone());
        let call = move |index| open.0.catch_all(|| op(open.0.context(index)));
        // Their handles detach them.
        drop(self.0.pool().spawn_broadcast(call));
    }
}
