//! Tiny detached jobs, in batches: what a submit costs.
//!
//! Job number i adds i to the tally, so the answer is n (n - 1) / 2, which a lost or doubled job would change.

use super::failure::{Failure, check};
use super::tally::{Lease, Tally};
use super::watch::Watch;
use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};

/// A batch of jobs that do nothing but count.
pub(crate) struct Batch {
    pub(crate) jobs: u64,
    lease: Lease,
}

impl Batch {
    /// The parameters of a workload that is one batch.
    pub(crate) const PARAMETERS: &[Rule] =
        &[Rule::new("jobs", Allowed::COUNT, "100000", "jobs in a batch").quick("400")];

    /// The batch that these parameters ask for.
    pub(crate) fn new(parameters: &Settings) -> Self {
        Batch::of(parameters.number("jobs") as u64)
    }

    /// A batch of so many jobs.
    pub(crate) fn of(jobs: u64) -> Self {
        Batch { jobs, lease: Lease::take() }
    }

    /// Submits all from the calling thread, and waits.
    pub(crate) fn run<E: Jobs>(&self, engine: &E, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.begin();
        let sum = watch.run(|| {
            for i in 0..self.jobs {
                engine.execute(move || tally.add(i));
            }
            tally.wait()
        });
        self.check(sum)
    }

    /// Makes the tally ready for the jobs.
    pub(crate) fn begin(&self) -> &'static Tally {
        self.lease.tally().begin(self.jobs);
        self.lease.tally()
    }

    /// What the jobs' numbers add up to.
    pub(crate) fn answer(&self) -> u64 {
        self.jobs * (self.jobs - 1) / 2
    }

    /// Whether the jobs' numbers add up to the right sum.
    pub(crate) fn check(&self, sum: Result<u64, Failure>) -> Result<(), Failure> {
        check(sum?, self.answer())
    }
}
