//! Tiny detached jobs, on a pool on which many have panicked before.

use std::panic;
use std::sync::Arc;

use crate::engine::Survives;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::batch::Batch;
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// `spawn/after-panics`.
pub(crate) struct AfterPanics {
    batch: Batch,
    /// Jobs that panic, once, before anything is measured.
    panics: Batch,
    have_panicked: bool,
}

/// Each counts, and then panics, without a word from std's panic hook.
fn panic_in_a_row(engine: &impl Survives, panics: &Batch) -> Result<(), Failure> {
    let tally = panics.begin();
    for i in 0..panics.jobs {
        engine.execute(move || {
            tally.add(i);
            panic::resume_unwind(Box::new(()));
        });
    }
    panics.check(tally.wait())
}

impl Prepare for AfterPanics {
    const ABOUT: &'static About = &About {
        name: "spawn/after-panics",
        models: "a burst of tiny jobs from outside, when so many have panicked in a row before",
        operation: "job",
        parameters: &[
            Rule::new(
                "panics",
                Allowed::Number { min: 0, max: 10_000_000 },
                "10000",
                "jobs that panicked before",
            )
            .quick("100"),
            Rule::new("jobs", Allowed::COUNT, "100000", "jobs in a batch").quick("400"),
        ],
        variants: &["panics=0", "panics=10000"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let (jobs, panics) = (parameters.number("jobs") as u64, parameters.number("panics") as u64);
        Ok(AfterPanics { batch: Batch::of(jobs), panics: Batch::of(panics), have_panicked: panics == 0 })
    }

    fn operations(&self) -> u64 {
        self.batch.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.batch.jobs.max(self.panics.jobs) as usize
    }
}

impl<E: Survives> Workload<E> for AfterPanics {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        if !self.have_panicked {
            panic_in_a_row(&**engine, &self.panics)?;
            self.have_panicked = true;
        }
        self.batch.run(&**engine, watch)
    }
}
