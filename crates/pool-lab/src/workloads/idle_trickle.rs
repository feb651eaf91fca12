//! What a pool costs that has little to do.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::system::os::ExactTimers;
use crate::workload::{About, Failure, Lease, Prepare, Watch, Workload, check};

/// `idle/trickle`.
pub(crate) struct Trickle {
    jobs: u64,
    lease: Lease,
}

/// A thousand jobs a second.
const GAP: Duration = Duration::from_millis(1);

impl Prepare for Trickle {
    const ABOUT: &'static About = &About {
        name: "idle/trickle",
        models: "a thousand empty jobs a second; the time is the processor time of the whole process",
        operation: "job, in processor time",
        parameters: &[Rule::new("jobs", Allowed::COUNT, "100", "jobs in an iteration").quick("5")],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Trickle { jobs: parameters.number("jobs") as u64, lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        self.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.jobs as usize
    }
}

impl<E: Jobs> Workload<E> for Trickle {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.lease.tally();
        tally.begin(self.jobs);
        watch.time_is_cpu();
        watch.run(|| {
            let _exact = ExactTimers::start();
            let start = Instant::now();
            for (i, due) in (0..self.jobs).zip(1..) {
                thread::sleep((GAP * due).saturating_sub(start.elapsed()));
                engine.execute(move || tally.add(i));
            }
        });
        // Not a part of what is measured, and soon over: the jobs are empty.
        check(tally.wait()?, self.jobs * (self.jobs - 1) / 2)
    }
}
