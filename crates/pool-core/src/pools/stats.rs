//! The parts of what a pool has counted and timed: see [`Stats`](crate::Stats) and [`Timings`](crate::Timings).

pub use crate::observe::processor_time::ProcessorTime;
pub use crate::observe::stats::{WorkerCounts, WorkerStats};
pub use crate::observe::timing::Distribution;
