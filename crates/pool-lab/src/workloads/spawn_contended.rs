//! Four threads submit a batch of tiny jobs at the same time.

use std::sync::{Arc, Barrier};
use std::thread;

use crate::engine::Jobs;
use crate::engine::settings::Settings;
use crate::workload::batch::Batch;
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// Threads that submit.
const PRODUCERS: u64 = 4;

/// `spawn/contended`.
pub(crate) struct Contended(Batch);

impl Prepare for Contended {
    const ABOUT: &'static About = &About {
        name: "spawn/contended",
        models: "four threads outside the pool submit tiny jobs at the same time",
        operation: "job",
        parameters: Batch::PARAMETERS,
        headline: Some(""),
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Contended(Batch::new(parameters)))
    }

    fn operations(&self) -> u64 {
        self.0.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.0.jobs as usize
    }
}

impl<E: Jobs> Workload<E> for Contended {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.0.begin();
        let jobs = self.0.jobs;
        // The producers are started before the watch is, and wait for it.
        let start = Barrier::new(PRODUCERS as usize + 1);
        let sum = thread::scope(|scope| {
            for p in 0..PRODUCERS {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    for i in (p..jobs).step_by(PRODUCERS as usize) {
                        engine.execute(move || tally.add(i));
                    }
                });
            }
            watch.run(|| {
                start.wait();
                tally.wait()
            })
        });
        self.0.check(sum)
    }
}
