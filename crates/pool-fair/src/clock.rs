//! What jobs are charged by.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// Tells how much time has passed.
#[derive(Clone)]
pub(crate) enum Clock {
    System(Instant),
    Given(Arc<dyn Fn() -> Duration + Send + Sync>),
}

impl Clock {
    pub(crate) fn now(&self) -> Duration {
        match self {
            Clock::System(start) => start.elapsed(),
            Clock::Given(now) => now(),
        }
    }
}
