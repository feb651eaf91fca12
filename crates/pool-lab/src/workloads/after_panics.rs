//! Tiny detached jobs, on a pool on which many have panicked before.

use std::panic;
use std::sync::Arc;

use crate::engine::Survives;
use crate::settings::{Kind, Rule, Settings};
use crate::tally::{Lease, Tally};
use crate::watch::Watch;
use crate::workload::{About, Failure, Prepare, Workload, check};

/// `spawn/after-panics`.
pub(crate) struct AfterPanics {
    jobs: u64,
    /// Jobs that are still to panic, before anything is measured.
    panics: u64,
    lease: Lease,
}

impl AfterPanics {
    fn begin(&self, jobs: u64) -> &'static Tally {
        self.lease.tally().begin(jobs);
        self.lease.tally()
    }

    /// Each counts, and then panics, without a word from std's panic hook.
    fn panic_first(&mut self, engine: &impl Survives) -> Result<(), Failure> {
        let panics = std::mem::take(&mut self.panics);
        let tally = self.begin(panics);
        for i in 0..panics {
            engine.execute(move || {
                tally.add(i);
                panic::resume_unwind(Box::new(()));
            });
        }
        check(tally.wait()?, sum_below(panics))
    }
}

fn sum_below(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

impl Prepare for AfterPanics {
    const ABOUT: &'static About = &About {
        name: "spawn/after-panics",
        models: "a burst of tiny jobs from outside, when so many have panicked in a row before",
        operation: "job",
        needs: "jobs that may panic",
        parameters: &[
            Rule::new(
                "panics",
                Kind::Number { min: 0, max: u32::MAX as u64 },
                "10000",
                "jobs that panicked before",
            )
            .quick("100"),
            Rule::new("jobs", Kind::COUNT, "100000", "jobs in a batch").quick("400"),
        ],
        variants: &["panics=0", "panics=10000"],
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let (jobs, panics) = (parameters.number("jobs") as u64, parameters.number("panics") as u64);
        Ok(AfterPanics { jobs, panics, lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        self.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.jobs.max(self.panics) as usize
    }
}

impl<E: Survives> Workload<E> for AfterPanics {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.panic_first(&**engine)?;
        let tally = self.begin(self.jobs);
        let sum = watch.run(|| {
            for i in 0..self.jobs {
                engine.execute(move || tally.add(i));
            }
            tally.wait()
        });
        check(sum?, sum_below(self.jobs))
    }
}
