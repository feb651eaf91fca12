//! How many threads a pool should have, from what it has measured.
//!
//! ```
//! use std::thread::sleep;
//! use std::time::Duration;
//!
//! use pool_advice::Advise;
//! use pool_bounded::BoundedPool;
//! use pool_core::Timing;
//!
//! // One job in 8 would do, over a longer time.
//! let pool = BoundedPool::builder().threads(2).timing(Timing::Every).build()?;
//! for _ in 0..50 {
//!     pool.execute(|| sleep(Duration::from_millis(1)))?;
//! }
//! pool.wait_idle(None);
//!
//! let advice = pool.advice();
//! println!("{advice}");
//! assert_eq!(advice.threads, 2);
//! assert!(advice.recommended.is_some(), "it follows from the times of the jobs");
//! # #[cfg(target_os = "linux")]
//! assert!(advice.blocking.is_some_and(|blocking| blocking.coefficient > 0.5), "these jobs do hardly anything but sleep");
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! It prints something like
//!
//! > Of 4 workers on 2 CPUs 2.8 were of use on average and 4 at the peak, with 700.3 jobs a second. A job is blocked for 90 % of its
//! > time, and 0.31 CPUs were in use; 20 workers of such jobs keep 2 CPUs busy. Waits to be expected (p50, p99): 4 workers 61.2µs,
//! > 9.15ms (p99 measured: 8.77ms); 8 workers 60.1µs, 83µs; 12 workers 60.1µs, 83µs; 16 workers 60.1µs, 83µs. Advice: 6 workers, with
//! > which 99 of 100 jobs end within 19.1ms of their submission; no other number does much better. Nothing that was measured speaks
//! > against it.
//!
//! [`Advise::advice`] is about all the time since the pool was built; [`Observation`] is about a part of it. What is said, is in the
//! fields of [`Advice`].
//!
//! # What it follows from
//!
//! - **Of use**: the time that workers did not wait for work, and the most jobs that were seen at once. By Little's law the former is
//!   also what the load needs at least, on average.
//! - **The blocking coefficient**: the busy time of the workers, less their processor time, less the time that they waited for a CPU
//!   ([`Metrics::processor_time`](pool_core::Metrics::processor_time)), as a share of the time that jobs took. Goetz's formula follows: CPUs * utilisation * (1 + wait/compute)
//!   workers keep the CPUs busy to that utilisation, here to 1. It says nothing of waits: with few jobs fewer workers do, and with
//!   bursts more have their use.
//! - **Waits**: [M/G/k], played with 50,000 jobs. They arrive independently of each other (Poisson) at the rate that was measured; how long
//!   they take is drawn from the [run times](pool_core::Timings::run_time), less the wait for a CPU; each computes for the same share of
//!   that, half of it before it is blocked and half after. A worker that finds all CPUs taken waits for one, also before a job starts, and
//!   makes way after 3 ms. A job that finds an idle worker waits for a [wake-up](pool_core::Timings::wake_up). Where workers have waited for
//!   a CPU for longer than they do because of each other, others have used the CPUs: so there are up to a twentieth less of those. If that
//!   does not explain it, the system leaves CPUs idle while workers wait for another: so a share of the wake-ups does that.
//! - **The advice** is the smallest size with which the p99 from submission to end is at most a tenth longer than with any other.
//!
//! It is checked: with `pool-lab advise --check` a pool is given jobs that sleep and compute for known shares of their time, it advises,
//! and all sizes are tried.
//!
//! # What it leaves out
//!
//! - Bursts, and rates that change: the whole time that was observed counts as one rate. Waits that were measured and are
//!   unlike those of the model make a [`Doubt`].
//! - Order: the queue is first in, first out. With priorities, it is about jobs of all levels together.
//! - What more workers do to that which jobs wait for: a disk, a database, or a lock may take longer the more ask for it.
//! - The CPUs that other threads and processes use at other times than were observed.
//! - Jobs of scopes, and the halves of joins: they come when others run, and not by themselves. A pool that only computes wants a worker for each CPU.
//!
//! [M/G/k]: https://en.wikipedia.org/wiki/M/G/k_queue

#![forbid(unsafe_code)]

mod advice;
mod blocking;
mod cpus;
mod doubt;
mod model;
mod observation;
mod random;
mod sentence;
mod short;

use pool_core::Pool;

pub use self::advice::{Advice, Expected, Forecast, Quantiles};
pub use self::blocking::Blocking;
pub use self::doubt::Doubt;
pub use self::observation::Observation;

/// `pool.advice()`, for every [`Pool`].
pub trait Advise: Pool {
    /// What follows from all that the pool has measured since it was built. [`Observation`] is for a part of that time.
    ///
    /// Nothing of it is done in advance: [`Builder::timing`](pool_core::Builder::timing) alone decides what a job costs.
    /// [`Observation::advice`] says what the call costs.
    fn advice(&self) -> Advice {
        Observation::of(self).advice()
    }
}

impl<P: Pool + ?Sized> Advise for P {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
