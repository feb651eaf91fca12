//! What watches the pools that an engine starts.

use std::sync::Arc;

use pool_core::Observer;
use pool_core::adapter::PoolContext;

/// Hears of the pools that are started from a spec, and of what their threads do: see [`Spec::with_watcher`](super::Spec::with_watcher).
pub trait Watcher: Observer {
    /// A pool has been started. Its counts, timings and statistics can be read from here on.
    fn started(&self, pool: &Arc<PoolContext>);
}
