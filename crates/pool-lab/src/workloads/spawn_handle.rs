//! Jobs whose results come back through handles.

use std::sync::Arc;

use crate::engine::Handles;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Counted, Failure, Prepare, Watch, Workload, check};

/// `spawn/handle`.
pub(crate) struct Handle {
    pub(crate) jobs: u64,
}

impl Prepare for Handle {
    const ABOUT: &'static About = &About {
        name: "spawn/handle",
        models: "a thread outside the pool spawns jobs, then waits for the result of each",
        operation: "job",
        parameters: &[Rule::new("jobs", Allowed::COUNT, "10000", "jobs in a batch").quick("200")],
        counted: Some(Counted { path: "spawn and wait", parameter: "jobs", sizes: (1_000, 6_000) }),
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Handle { jobs: parameters.number("jobs") as u64 })
    }

    fn operations(&self) -> u64 {
        self.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.jobs as usize
    }
}

impl<E: Handles> Workload<E> for Handle {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let sum = watch.run(|| {
            let handles: Vec<_> = (0..self.jobs).map(|i| engine.spawn(move || i)).collect();
            handles.into_iter().map(|handle| engine.wait(handle)).sum::<u64>()
        });
        check(sum, self.jobs * (self.jobs - 1) / 2)
    }
}
