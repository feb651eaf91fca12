//! The parts of what a pool has counted and timed: see [`Stats`](crate::Stats) and [`Timings`](crate::Timings).

pub use crate::counts::{Staff, WorkerStats};
pub use crate::timing::Distribution;
