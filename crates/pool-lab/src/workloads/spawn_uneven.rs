//! Detached jobs of very uneven length: who balances the load?
//!
//! Lengths follow a Pareto distribution (shape 1.2, so that the variance is infinite), cut off at 2,000 times the
//! least length; a job of length n takes n steps, each of which needs the one before. Of jobs that are least 50 steps long, most
//! are hardly longer than it takes to submit them; of those of 1,000 or more, the work is all that counts.

use std::sync::Arc;

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::effort::chain;
use crate::workload::{About, Failure, Lease, Prepare, Watch, Workload, check};

const SHAPE: f64 = 1.2;
/// The longest possible job, in shortest ones.
const MOST: f64 = 2_000.0;

/// `spawn/uneven`.
pub(crate) struct Uneven {
    lengths: Vec<u32>,
    expected: u64,
    lease: Lease,
}

impl Uneven {
    /// The steps of each job, in the order of submission.
    pub(crate) fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    /// What this job computes.
    pub(crate) fn run(&self, job: u32) -> u64 {
        chain(job, self.lengths[job as usize])
    }

    /// Whether the jobs' results add up to the right sum.
    pub(crate) fn check(&self, sum: u64) -> Result<(), Failure> {
        check(sum, self.expected)
    }
}

impl Prepare for Uneven {
    const ABOUT: &'static About = &About {
        name: "spawn/uneven",
        models: "many short jobs and a few very long ones, as requests to a server are",
        operation: "job",
        parameters: &[
            Rule::new("jobs", Allowed::COUNT, "20000", "jobs in a batch").quick("200"),
            Rule::new("least", Allowed::Number { min: 1, max: 100_000 }, "50", "steps of the shortest jobs"),
            Rule::new("seed", Allowed::SEED, "1", "draws the lengths"),
        ],
        variants: &["least=50", "jobs=2000:least=1000"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let mut random = fastrand::Rng::with_seed(parameters.number("seed") as u64);
        let least = parameters.number("least") as f64;
        let lengths: Vec<u32> =
            (0..parameters.number("jobs")).map(|_| (least * pareto(&mut random)) as u32).collect();
        let expected =
            (0..).zip(&lengths).fold(0, |sum: u64, (i, length)| sum.wrapping_add(chain(i, *length)));
        Ok(Uneven { lengths, expected, lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        self.lengths.len() as u64
    }

    fn jobs_in_flight(&self) -> usize {
        self.lengths.len()
    }
}

impl<E: Jobs> Workload<E> for Uneven {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.lease.tally();
        tally.begin(self.operations());
        let sum = watch.run(|| {
            for (i, &length) in (0..).zip(&self.lengths) {
                engine.execute(move || tally.add(chain(i, length)));
            }
            tally.wait()
        });
        self.check(sum?)
    }
}

/// Draws a length, in shortest ones, by inverting the distribution function.
fn pareto(random: &mut fastrand::Rng) -> f64 {
    let tail = 1.0 - random.f64();
    tail.powf(-1.0 / SHAPE).min(MOST)
}
