//! Several threads submit as fast as they are served: is each served alike, by all workers alike?
//!
//! Each producer keeps a number of jobs queued, and submits another when it sees one of them ended. All stop at the same number of
//! jobs in all, so that a producer which is served faster has more of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::metrics::fairness::{PRODUCERS, STARVED, WORKERS};
use crate::system::os::ExactTimers;
use crate::workload::{About, Failure, Lease, Prepare, Tally, Watch, Workload, check, effort};

/// How long a producer sleeps that has all its jobs queued.
const PAUSE: Duration = Duration::from_micros(50);

/// `fair/producers`.
pub(crate) struct Producers {
    producers: usize,
    jobs: u64,
    queued: u64,
    steps: u32,
    result: u64,
    threads: usize,
    lease: Lease,
}

impl Prepare for Producers {
    const ABOUT: &'static About = &About {
        name: "fair/producers",
        models: "threads that each keep some jobs queued: how alike are they served, and how alike do workers work?",
        operation: "job",
        parameters: &[
            Rule::new("producers", Allowed::Number { min: 1, max: 64 }, "4", "threads that submit"),
            Rule::new("jobs", Allowed::COUNT, "4000", "jobs in an iteration").quick("100"),
            Rule::new(
                "queued",
                Allowed::Number { min: 1, max: 100_000 },
                "64",
                "jobs that each keeps queued",
            ),
            Rule::new("length", Allowed::EFFORT, "10us", "how long each job computes").quick("2us"),
        ],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let steps = effort::steps_in(parameters.duration("length"));
        Ok(Producers {
            producers: parameters.number("producers"),
            jobs: parameters.number("jobs") as u64,
            queued: parameters.number("queued") as u64,
            steps,
            result: effort::chain(0, steps),
            threads: 1,
            lease: Lease::take(),
        })
    }

    fn on_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    fn operations(&self) -> u64 {
        self.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.producers * self.queued as usize
    }
}

/// What a producer's jobs leave behind, each on a cache line of its own.
#[derive(Default)]
struct Served {
    submitted: AtomicU64,
    ended: AtomicU64,
    /// Nanoseconds from the start until the last of them ended, and the longest time without one.
    last: AtomicU64,
    longest: AtomicU64,
}

/// What all share.
struct Shared {
    start: Instant,
    /// Jobs that may yet be submitted.
    left: AtomicU64,
    served: Vec<CachePadded<Served>>,
    tally: &'static Tally,
}

impl Shared {
    fn job(&self, producer: usize, steps: u32) {
        let result = effort::chain(0, steps);
        let (now, served) = (self.start.elapsed().as_nanos() as u64, &self.served[producer]);
        let before = served.last.swap(now, Ordering::Relaxed);
        served.longest.fetch_max(now.saturating_sub(before), Ordering::Relaxed);
        served.ended.fetch_add(1, Ordering::Relaxed);
        self.tally.add(result);
    }

    /// Whether there is one more job to be submitted.
    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Submits until there are no more.
    fn produce<E: Jobs>(self: &Arc<Self>, engine: &E, producer: usize, queued: u64, steps: u32) {
        let _exact = ExactTimers::start();
        let served = &self.served[producer];
        loop {
            let submitted = served.submitted.load(Ordering::Relaxed);
            if submitted >= served.ended.load(Ordering::Relaxed) + queued {
                thread::sleep(PAUSE);
                continue;
            }
            if !self.take() {
                return;
            }
            served.submitted.store(submitted + 1, Ordering::Relaxed);
            let shared = Arc::clone(self);
            engine.execute(move || shared.job(producer, steps));
        }
    }
}

impl<E: Jobs> Workload<E> for Producers {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (tally, queued, steps) = (self.lease.tally(), self.queued, self.steps);
        tally.begin(self.jobs);
        let served = (0..self.producers).map(|_| CachePadded::default()).collect();
        let shared =
            Arc::new(Shared { start: Instant::now(), left: AtomicU64::new(self.jobs), served, tally });
        let sum = watch.run(|| {
            thread::scope(|scope| {
                for producer in 0..self.producers {
                    let (shared, engine) = (&shared, &**engine);
                    scope.spawn(move || shared.produce(engine, producer, queued, steps));
                }
            });
            tally.wait()
        });
        check(sum?, self.result.wrapping_mul(self.jobs))?;
        let ended = shared.served.iter().map(|served| served.submitted.load(Ordering::Relaxed) as f64);
        watch.add(PRODUCERS, jain(&ended.collect::<Vec<_>>()));
        watch.add(WORKERS, jain(&by_worker(tally, self.threads)));
        let longest = shared.served.iter().map(|served| served.longest.load(Ordering::Relaxed)).max();
        watch.add(STARVED, longest.unwrap_or_default() as f64);
        Ok(())
    }
}

/// How many jobs each worker ran. Workers that ran none count, too.
fn by_worker(tally: &Tally, threads: usize) -> Vec<f64> {
    let mut jobs: Vec<f64> = tally.by_thread().map(|jobs| jobs as f64).collect();
    jobs.resize(jobs.len().max(threads), 0.0);
    jobs
}

/// Jain's index: the square of the sum by the sum of squares, for each of them (R. Jain, D. Chiu and W. Hawe, "A Quantitative
/// Measure of Fairness", 1984).
fn jain(shares: &[f64]) -> f64 {
    let (sum, squares): (f64, f64) = (shares.iter().sum(), shares.iter().map(|share| share * share).sum());
    sum * sum / (shares.len() as f64 * squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jain_s_index_is_1_for_equals_and_1_of_n_for_one_that_has_all() {
        assert_eq!(jain(&[3.0, 3.0, 3.0]), 1.0);
        assert_eq!(jain(&[0.0, 5.0, 0.0, 0.0]), 0.25);
        assert!((jain(&[1.0, 2.0, 3.0]) - 36.0 / 42.0).abs() < 1e-12);
    }
}
