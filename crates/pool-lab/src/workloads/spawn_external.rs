//! One thread submits a batch of tiny jobs.

use std::sync::Arc;

use crate::engine::Jobs;
use crate::engine::settings::Settings;
use crate::workload::batch::Batch;
use crate::workload::{About, Counted, Failure, Prepare, Watch, Workload};

/// `spawn/external`.
pub(crate) struct External(Batch);

impl Prepare for External {
    const ABOUT: &'static About = &About {
        name: "spawn/external",
        models: "one thread outside the pool submits a burst of tiny jobs",
        operation: "job",
        parameters: Batch::PARAMETERS,
        headline: Some(""),
        counted: Some(Counted { path: "execute, from outside", parameter: "jobs", sizes: (2_000, 22_000) }),
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(External(Batch::new(parameters)))
    }

    fn operations(&self) -> u64 {
        self.0.jobs
    }

    fn answer(&self) -> Option<u64> {
        Some(self.0.answer())
    }

    fn jobs_in_flight(&self) -> usize {
        self.0.jobs as usize
    }
}

impl<E: Jobs> Workload<E> for External {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.0.run(&**engine, watch)
    }
}
