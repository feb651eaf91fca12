//! What a pool counts, times and reports: counters and their snapshots, hooks, limits.

pub(crate) mod admission;
pub(crate) mod counters;
pub(crate) mod hooks;
pub(crate) mod instrumentation;
pub(crate) mod metrics;
pub(crate) mod observer;
pub(crate) mod processor_time;
pub(crate) mod running_tokens;
pub(crate) mod sampling;
#[cfg(feature = "serde")]
pub(crate) mod serialize;
pub(crate) mod stats;
pub(crate) mod timing;
pub(crate) mod watchdog;
