//! A few jobs at once to a pool at rest. Are as many workers woken as there is work for?
//!
//! A pool that is careful about wake-ups may leave the second or third of a handful of jobs to a worker that is busy
//! with the first. Each burst is held against the least that it can take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::metrics::to_ideal::RATIOS;
use crate::system::os;
use crate::workload::{About, Failure, Lease, Prepare, Watch, Workload, check, effort};

/// The jobs in the bursts of one iteration.
const BURSTS: [u32; 5] = [3, 4, 5, 6, MOST];
const MOST: u32 = 7;

/// `burst/few`.
pub(crate) struct Few {
    length: Duration,
    steps: u32,
    /// What each job computes.
    results: Vec<u64>,
    threads: usize,
    lease: Lease,
}

impl Prepare for Few {
    const ABOUT: &'static About = &About {
        name: "burst/few",
        models: "bursts of 3 to 7 jobs to a pool at rest; two threads need 2, 2, 3, 3 and 4 lengths",
        operation: "burst",
        parameters: &[Rule::new("length", Allowed::EFFORT, "2ms", "how long each job computes").quick("50us")],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let length = parameters.duration("length");
        let steps = effort::steps_in(length);
        let results = (0..MOST).map(|i| effort::chain(i, steps)).collect();
        Ok(Few { length, steps, results, threads: 1, lease: Lease::take() })
    }

    fn on_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    fn operations(&self) -> u64 {
        BURSTS.len() as u64
    }

    fn jobs_in_flight(&self) -> usize {
        MOST as usize
    }
}

impl<E: Jobs> Workload<E> for Few {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (steps, tally) = (self.steps, self.lease.tally());
        for jobs in BURSTS {
            os::rest();
            tally.begin(u64::from(jobs));
            let (sum, took) = watch.run(|| {
                let start = Instant::now();
                for i in 0..jobs {
                    engine.execute(move || tally.add(effort::chain(i, steps)));
                }
                (tally.wait(), start.elapsed())
            });
            check(sum?, self.results[..jobs as usize].iter().copied().fold(0, u64::wrapping_add))?;
            let ideal = self.length.mul_f64(rounds(jobs, self.threads, num_cpus::get()));
            watch.add(RATIOS, took.as_secs_f64() / ideal.as_secs_f64());
        }
        Ok(())
    }
}

/// The least number of lengths that so many jobs take: whole ones while every thread has a core. With more threads than
/// cores the threads share the cores.
fn rounds(jobs: u32, threads: usize, cores: usize) -> f64 {
    match threads <= cores {
        true => (jobs as usize).div_ceil(threads) as f64,
        false => (f64::from(jobs) / cores as f64).max(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_time_of_a_burst() {
        assert_eq!(BURSTS.map(|jobs| rounds(jobs, 1, 2)), [3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(BURSTS.map(|jobs| rounds(jobs, 2, 2)), [2.0, 2.0, 3.0, 3.0, 4.0]);
        assert_eq!(BURSTS.map(|jobs| rounds(jobs, 8, 2)), [1.5, 2.0, 2.5, 3.0, 3.5]);
        assert_eq!(rounds(3, 16, 8), 1.0);
    }
}
