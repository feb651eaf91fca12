//! What a pool has measured in some time.

use std::thread::available_parallelism;
use std::time::Duration;

use pool_core::stats::ProcessorTime;
use pool_core::{Metrics, Pool, Timings};

/// What a pool has measured, from which [advice](crate::Advice) follows: since it was built, or
/// [since](Observation::since) an earlier observation.
///
/// An hour of rest halves what seems to arrive in two; so observe the hour that matters.
///
/// ```
/// use std::time::Duration;
/// use pool_advice::Observation;
/// use pool_core::Pool;
///
/// fn at_the_rush_hour(pool: &dyn Pool) {
///     let before = Observation::of(pool);
///     std::thread::sleep(Duration::from_secs(600));
///     println!("{}", Observation::of(pool).since(&before).advice());
/// }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Observation {
    /// How long it took.
    pub elapsed: Duration,
    /// The CPUs that the process may use.
    pub cpus: usize,
    /// How many workers are wanted, in the end.
    pub threads: usize,
    /// Jobs that came, but for those that never ran and never will.
    pub jobs: u64,
    /// How many more waited in the end than in the beginning.
    pub queue_growth: u64,
    /// Jobs that the workers have run.
    pub ran: u64,
    /// The time that workers did not wait for work, of all together.
    pub busy: Duration,
    /// The most jobs that were seen running at once since the pool was built.
    pub most_running: u64,
    /// The processor time of the workers. `None` where the system does not tell.
    pub processor_time: Option<ProcessorTime>,
    /// How long jobs have waited and run. `None` unless the pool [times](pool_core::Builder::timing) them.
    pub timings: Option<Timings>,
}

impl Observation {
    /// What this pool has measured since it was built. Takes tens of microseconds for each worker.
    pub fn of<P: Pool + ?Sized>(pool: &P) -> Self {
        Observation::read(pool.metrics(), pool.threads(), pool.timings())
    }

    /// As [`of`](Observation::of), of a pool with so many workers of which only this is at hand, as in an
    /// [`Observer`](pool_core::Observer). Not for a forked child.
    pub fn of_metrics(metrics: &Metrics, threads: usize) -> Self {
        Observation::read(metrics, threads, metrics.timings())
    }

    fn read(metrics: &Metrics, threads: usize, timings: Option<Timings>) -> Self {
        let stats = metrics.stats();
        let counts = stats.counts;
        let unrun = counts.cancelled + counts.expired + counts.rejected + counts.discarded;
        Observation {
            elapsed: metrics.age(),
            cpus: available_parallelism().map_or(1, usize::from),
            threads,
            jobs: counts.submitted.saturating_sub(unrun),
            queue_growth: counts.queued,
            ran: stats.workers.iter().map(|worker| worker.jobs()).sum(),
            busy: stats.workers.iter().map(|worker| worker.busy).sum(),
            most_running: stats.most_running,
            processor_time: metrics.processor_time(),
            timings,
        }
    }

    /// What has been measured since an earlier observation of the same pool.
    #[must_use]
    pub fn since(&self, earlier: &Observation) -> Observation {
        let processor_time = self.processor_time.map(|mut time| {
            let before = earlier.processor_time.unwrap_or_default();
            time.used = time.used.saturating_sub(before.used);
            // Without an earlier time there were no workers, which is no wait.
            let waited = before.waited.unwrap_or_default();
            time.waited = time.waited.map(|now| now.saturating_sub(waited));
            time
        });
        let timings = match (&self.timings, &earlier.timings) {
            (Some(now), Some(before)) => Some(now.delta_since(before)),
            (now, _) => now.clone(),
        };
        Observation {
            elapsed: self.elapsed.saturating_sub(earlier.elapsed),
            jobs: self.jobs.saturating_sub(earlier.jobs),
            queue_growth: self.queue_growth.saturating_sub(earlier.queue_growth),
            ran: self.ran.saturating_sub(earlier.ran),
            busy: self.busy.saturating_sub(earlier.busy),
            processor_time,
            timings,
            ..*self
        }
    }
}
