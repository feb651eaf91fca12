//! A job submits a batch of tiny jobs to its own pool.

use std::sync::Arc;

use crate::engine::Jobs;
use crate::engine::settings::Settings;
use crate::workload::batch::Batch;
use crate::workload::{About, Counted, Failure, Prepare, Watch, Workload};

/// `spawn/nested`.
pub(crate) struct Nested(Batch);

impl Prepare for Nested {
    const ABOUT: &'static About = &About {
        name: "spawn/nested",
        models: "a job on a worker submits a burst of tiny jobs to its own pool",
        operation: "job",
        parameters: Batch::PARAMETERS,
        headline: Some(""),
        counted: Some(Counted { path: "execute, from a job", parameter: "jobs", sizes: (2_000, 22_000) }),
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Nested(Batch::new(parameters)))
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

impl<E: Jobs> Workload<E> for Nested {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.0.begin();
        let jobs = self.0.jobs;
        let inside = Arc::clone(engine);
        let sum = watch.run(|| {
            engine.execute(move || {
                for i in 1..jobs {
                    inside.execute(move || tally.add(i));
                }
                // This job is job 0. It lets go of the engine before it counts as done.
                drop(inside);
                tally.add(0);
            });
            tally.wait()
        });
        self.0.check(sum)
    }
}
