//! What watches the pools that an engine starts.

use std::sync::Arc;

use pool_core::Observer;
use pool_core::adapter::PoolContext;

/// Hears of the pools that are started from a spec, and of what their threads do: see [`Spec::with_watcher`](super::Spec::with_watcher).
pub trait Watcher: Observer {
    /// A pool has been started. Its counts, timings and statistics can be read from here on.
    fn started(&self, pool: &Arc<PoolContext>);

    /// The calling thread begins to run this, in a pool that tells nothing itself.
    fn begins(&self, _what: Ran) {}

    /// It has run it.
    fn ends(&self, _what: Ran) {}
}

/// What a thread runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// A job, or the root of a computation of joins.
    Job,
    /// Half of a join that another thread has begun.
    Half,
}

/// Runs something, of which the watcher hears, if there is one.
pub(super) fn watched<R>(watcher: Option<&dyn Watcher>, what: Ran, run: impl FnOnce() -> R) -> R {
    let Some(watcher) = watcher else { return run() };
    watcher.begins(what);
    let result = run();
    watcher.ends(what);
    result
}
