//! Two tenants: one has a burst of jobs queued when the other comes with a quarter as many. Does the second get its share?
//!
//! All jobs are alike, and both tenants have the same weight. A pool that knows tenants serves both in turn until the second has none
//! left; any other runs the burst first. The share goes by counts: how many jobs of each had ended when the second's last did.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::metrics::fairness::PRODUCERS;
use crate::workload::{About, Failure, Lease, Prepare, Watch, Workload, check, effort};

/// The burst, in relation to the jobs of the other tenant.
const BURST: u64 = 4;

/// `load/tenants`.
pub(crate) struct Tenants {
    jobs: u64,
    steps: u32,
    result: u64,
    lease: Lease,
}

impl Prepare for Tenants {
    const ABOUT: &'static About = &About {
        name: "load/tenants",
        models: "one tenant's burst is queued when another comes with a quarter as many jobs: their shares until the second is served, \
                 and how long each of its jobs takes from its submission",
        operation: "job",
        parameters: &[
            Rule::new(
                "jobs",
                Allowed::COUNT,
                "200",
                "jobs of the second tenant; the burst is four times as many",
            )
            .quick("10"),
            Rule::new("length", Allowed::EFFORT, "100us", "how long each job computes").quick("2us"),
        ],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let steps = effort::steps_in(parameters.duration("length"));
        Ok(Tenants {
            jobs: parameters.number("jobs") as u64,
            steps,
            result: effort::chain(0, steps),
            lease: Lease::take(),
        })
    }

    fn operations(&self) -> u64 {
        self.jobs * (BURST + 1)
    }

    fn jobs_in_flight(&self) -> usize {
        self.operations() as usize
    }
}

/// What the jobs leave behind.
struct Ended {
    start: Instant,
    /// Jobs of the burst.
    burst: AtomicU64,
    /// How many of these had ended when the other tenant's job did that ended last.
    beside: AtomicU64,
    /// When each of the other tenant's jobs ended, in nanoseconds.
    at: Vec<AtomicU64>,
}

impl Ended {
    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }
}

impl<E: Jobs> Workload<E> for Tenants {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (jobs, steps, tally) = (self.jobs, self.steps, self.lease.tally());
        let all = jobs * (BURST + 1);
        tally.begin(all);
        let ended = Arc::new(Ended {
            start: Instant::now(),
            burst: AtomicU64::new(0),
            beside: AtomicU64::new(0),
            at: (0..jobs).map(|_| AtomicU64::new(0)).collect(),
        });
        let mut submitted = Vec::with_capacity(jobs as usize);
        let sum = watch.run(|| {
            for _ in 0..jobs * BURST {
                let ended = Arc::clone(&ended);
                engine.execute_of(0, move || {
                    let result = effort::chain(0, steps);
                    ended.burst.fetch_add(1, Ordering::Relaxed);
                    drop(ended);
                    tally.add(result);
                });
            }
            for i in 0..jobs as usize {
                submitted.push(ended.now());
                let ended = Arc::clone(&ended);
                engine.execute_of(1, move || {
                    let result = effort::chain(0, steps);
                    ended.beside.fetch_max(ended.burst.load(Ordering::Relaxed), Ordering::Relaxed);
                    ended.at[i].store(ended.now(), Ordering::Relaxed);
                    drop(ended);
                    tally.add(result);
                });
            }
            tally.wait()
        });
        check(sum?, self.result.wrapping_mul(all))?;
        watch.add(PRODUCERS, jain(ended.beside.load(Ordering::Relaxed) as f64, jobs as f64));
        for (at, submitted) in ended.at.iter().zip(submitted) {
            let took = at.load(Ordering::Relaxed).saturating_sub(submitted);
            watch.latency(std::time::Duration::from_nanos(took));
        }
        Ok(())
    }
}

/// Jain's index of two shares.
fn jain(a: f64, b: f64) -> f64 {
    (a + b) * (a + b) / (2.0 * (a * a + b * b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_shares_are_1_and_a_burst_that_goes_first_is_less() {
        assert_eq!(jain(200.0, 200.0), 1.0);
        assert!((jain(800.0, 200.0) - 0.735).abs() < 0.001);
    }
}
