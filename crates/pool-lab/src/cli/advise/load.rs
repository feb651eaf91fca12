//! Jobs that arrive one by one, and each sleep and compute for known shares of their time.

use std::fmt;
use std::hint::black_box;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use pool_advice::Observation;
use pool_core::{Pool, PoolExt};

use crate::cli::error::CliError;
use crate::engine::Spec;
use crate::engines;
use crate::numbers::units;
use crate::system::disturbance::Counters;
use crate::system::os::{self, ExactTimers};
use crate::workload::effort;

/// A load, whatever pool it is for.
pub(super) struct Load {
    /// The share of its time that a job sleeps.
    pub(super) sleep: f64,
    /// Jobs a second.
    pub(super) rate: f64,
    /// The mean length of a job.
    pub(super) job: Duration,
}

/// What was measured while it ran.
pub(super) struct Measured {
    /// By the pool.
    pub(super) observation: Observation,
    /// Of each job that ran, in seconds.
    pub(super) times: Vec<Times>,
    /// Whether other programs have disturbed it.
    pub(super) is_disturbed: bool,
}

/// Of a job, in seconds from the moment when it was to arrive.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) to_start: f64,
    pub(super) to_end: f64,
}

/// In this part of the time a pool has its threads started, its memory touched and its queue filled, and is not observed.
const WARM_UP: f64 = 0.15;

/// A sleep ends so long before a job is to arrive; the rest of the time is polled away.
const POLL: Duration = Duration::from_micros(5);

/// When a job started and ended, in nanoseconds; 0 if it did not.
#[derive(Default)]
struct Moments {
    start: AtomicU64,
    end: AtomicU64,
}

impl Moments {
    /// `None` if the job has not run.
    fn since(&self, due: Duration) -> Option<Times> {
        let since = |nanos: u64| Duration::from_nanos(nanos).saturating_sub(due).as_secs_f64();
        let (start, end) = (self.start.load(Relaxed), self.end.load(Relaxed));
        (end != 0).then(|| Times { to_start: since(start), to_end: since(end) })
    }
}

impl Load {
    /// Runs it on a pool of its own. The same seed makes the same jobs come at the same times.
    pub(super) fn run(&self, spec: &Spec, time: Duration, seed: u64) -> Result<Measured, CliError> {
        let pool = engines::build_pool(spec)?;
        let submit = || {
            os::run_before_others();
            self.play(&*pool, time, seed)
        };
        // On a thread of its own, which stays as it is made.
        let submitter = thread::scope(|threads| threads.spawn(submit).join());
        Ok(submitter.unwrap_or_else(|panic| resume_unwind(panic)))
    }

    /// Submits each job when it is due, and waits until all have ended.
    fn play(&self, pool: &dyn Pool, time: Duration, seed: u64) -> Measured {
        let due = self.arrivals(time, seed);
        let warm = due.partition_point(|due| *due < time.mul_f64(WARM_UP));
        let mut random = Rng::with_seed(seed ^ (u64::MAX / 3));
        let moments: Arc<[Moments]> = due.iter().map(|_| Moments::default()).collect();
        let look = || (Counters::read(), Observation::of(pool));
        let mut before = look();
        let _exact = ExactTimers::start();
        let start = Instant::now();
        for (index, due) in due.iter().enumerate() {
            if index == warm {
                before = look();
            }
            let length = self.job.mul_f64(exponential(&mut random));
            let (asleep, moments) = (length.mul_f64(self.sleep), moments.clone());
            wait_until(start + *due);
            // What the pool does not take is dropped, and has no times.
            let _ = pool.execute(move || {
                let nanos = || start.elapsed().as_nanos() as u64;
                moments[index].start.store(nanos(), Relaxed);
                sleep(asleep);
                work(length.saturating_sub(asleep));
                moments[index].end.store(nanos(), Relaxed);
            });
        }
        pool.wait_idle(None);
        let (counters, before) = before;
        let ended = due.iter().zip(&*moments).skip(warm);
        Measured {
            observation: Observation::of(pool).since(&before),
            times: ended.filter_map(|(due, moments)| moments.since(*due)).collect(),
            is_disturbed: counters.is_disturbed(),
        }
    }

    /// When jobs are due, in order.
    fn arrivals(&self, time: Duration, seed: u64) -> Vec<Duration> {
        let mut random = Rng::with_seed(seed);
        let mut due = 0.0;
        let next = || {
            due += exponential(&mut random) / self.rate;
            (due < time.as_secs_f64()).then(|| Duration::from_secs_f64(due))
        };
        std::iter::from_fn(next).collect()
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let job = units::time(self.job.as_nanos() as f64);
        write!(f, "{:.1} jobs a second of {job}, {:.0} % sleep", self.rate, 100.0 * self.sleep)
    }
}

fn work(time: Duration) {
    if !time.is_zero() {
        black_box(effort::chain(black_box(1), effort::steps_in(time)));
    }
}

/// Exponentially distributed, with mean 1.
fn exponential(random: &mut Rng) -> f64 {
    -(1.0 - random.f64()).ln()
}

fn sleep(time: Duration) {
    if !time.is_zero() {
        let _exact = ExactTimers::start();
        thread::sleep(time);
    }
}

fn wait_until(due: Instant) {
    if let Some(left) = due.checked_duration_since(Instant::now() + POLL) {
        thread::sleep(left);
    }
    while Instant::now() < due {
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use pool_core::Timing;

    use super::*;

    #[test]
    fn jobs_arrive_in_order_at_the_rate_and_alike_for_a_seed() {
        let load = Load { sleep: 0.5, rate: 10_000.0, job: Duration::from_millis(1) };
        let due = load.arrivals(Duration::from_secs(10), 1);
        assert!(due.is_sorted() && due.last().is_some_and(|last| *last < Duration::from_secs(10)));
        assert!((due.len() as f64 / 100_000.0 - 1.0).abs() < 0.02, "{}", due.len());
        assert_eq!(due, load.arrivals(Duration::from_secs(10), 1));
        assert_ne!(due, load.arrivals(Duration::from_secs(10), 2));
    }

    #[test]
    fn what_runs_is_observed_and_what_warms_up_is_not() {
        let load = Load { sleep: 0.5, rate: 2_000.0, job: Duration::from_micros(100) };
        let spec: Spec = "mpsc:2".parse().unwrap();
        let time = Duration::from_millis(100);
        let measured = load.run(&spec.with_timing(Timing::Every), time, 3).unwrap();
        let due = load.arrivals(time, 3);
        let jobs = due.iter().filter(|due| **due >= time.mul_f64(WARM_UP)).count() as u64;
        let observation = &measured.observation;
        assert_eq!((observation.jobs, observation.threads), (jobs, 2));
        // Some that came earlier may have waited or run still.
        assert!((jobs..=due.len() as u64).contains(&observation.ran), "{} of {jobs}", observation.ran);
        assert_eq!(observation.timings.as_ref().unwrap().run_time.count(), observation.ran);
        assert_eq!(measured.times.len() as u64, jobs);
        assert!(measured.times.iter().all(|job| 0.0 < job.to_start && job.to_start < job.to_end));
    }
}
