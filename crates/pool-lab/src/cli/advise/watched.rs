//! The pool that a workload has started.

use std::sync::{Arc, Mutex, PoisonError};

use pool_advice::Observation;
use pool_core::Observer;
use pool_core::adapter::PoolContext;

use crate::engine::Watcher;

/// Knows the pool that was started last, and does not listen to it.
#[derive(Default)]
pub(super) struct Watched(Mutex<Option<Arc<PoolContext>>>);

impl Watched {
    /// What that pool, which has so many workers, has measured; nothing if there is none.
    pub(super) fn observe(&self, threads: usize) -> Observation {
        let pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pool.as_ref().map(|pool| Observation::of_metrics(pool.metrics(), threads)).unwrap_or_default()
    }
}

impl Watcher for Watched {
    fn started(&self, pool: &Arc<PoolContext>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(pool.clone());
    }
}

impl Observer for Watched {}
