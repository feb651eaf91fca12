//! Jobs that block, as jobs do that wait for a disk or a network.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Lease, Prepare, Watch, Workload, check};

/// `io/sleep`.
pub(crate) struct Sleep {
    jobs: u64,
    length: Duration,
    lease: Lease,
}

impl Prepare for Sleep {
    const ABOUT: &'static About = &About {
        name: "io/sleep",
        models: "jobs that block for a while; the best that N threads can do is length / N",
        operation: "job",
        parameters: &[
            Rule::new("jobs", Allowed::COUNT, "40", "jobs in a batch").quick("8"),
            Rule::new("length", Allowed::WAIT, "1ms", "how long each blocks").quick("100us"),
        ],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let (jobs, length) = (parameters.number("jobs") as u64, parameters.duration("length"));
        Ok(Sleep { jobs, length, lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        self.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.jobs as usize
    }
}

impl<E: Jobs> Workload<E> for Sleep {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.lease.tally();
        let length = self.length;
        tally.begin(self.jobs);
        let sum = watch.run(|| {
            for i in 0..self.jobs {
                engine.execute(move || {
                    thread::sleep(length);
                    tally.add(i);
                });
            }
            tally.wait()
        });
        check(sum?, self.jobs * (self.jobs - 1) / 2)
    }
}
