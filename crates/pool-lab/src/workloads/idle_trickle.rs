//! What a pool costs that has little to do.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::system::os::ExactTimers;
use crate::workload::{About, Failure, LONG, Lease, Prepare, WARM_UP, Watch, Workload, check};

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

    fn is_warm(&self) -> bool {
        GAP.saturating_mul(u32::try_from(self.jobs).unwrap_or(u32::MAX)) >= LONG
    }
}

impl Trickle {
    fn run<E: Jobs>(&self, engine: &E, jobs: u64, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.lease.tally();
        tally.begin(jobs);
        watch.time_is_cpu();
        watch.run(|| {
            let _exact = ExactTimers::start();
            let start = Instant::now();
            for (i, due) in (0..jobs).zip(1..) {
                thread::sleep((GAP * due).saturating_sub(start.elapsed()));
                engine.execute(move || tally.add(i));
            }
        });
        // Not a part of what is measured, and soon over: the jobs are empty.
        check(tally.wait()?, jobs * (jobs - 1) / 2)
    }
}

impl<E: Jobs> Workload<E> for Trickle {
    fn get_to_know(&mut self, engine: &Arc<E>) -> Result<(), Failure> {
        if !self.is_warm() {
            return Ok(());
        }
        self.run(&**engine, self.jobs.div_ceil(u64::from(WARM_UP)), &mut Watch::new())
    }

    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.run(&**engine, self.jobs, watch)
    }
}
