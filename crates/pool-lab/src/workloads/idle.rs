//! What a pool costs that has little or nothing to do.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::lifecycle::NotStarted;
use crate::engine::Jobs;
use crate::settings::{Kind, Rule, Settings};
use crate::system::os::{self, ExactTimers};
use crate::tally::Lease;
use crate::watch::Watch;
use crate::workload::{About, Failure, Prepare, Workload, check};

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
        needs: "detached jobs",
        parameters: &[Rule::new("jobs", Kind::COUNT, "100", "jobs in an iteration").quick("5")],
        variants: &[],
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

/// `idle/quiet`.
pub(crate) struct Quiet {
    length: Duration,
    lease: Lease,
}

impl Prepare for Quiet {
    const ABOUT: &'static About = &About {
        name: "idle/quiet",
        models: "a pool that has done its work: what its threads use while nothing happens (see CPU and switches)",
        operation: "millisecond",
        needs: "detached jobs",
        parameters: &[Rule::new("length", Kind::WAIT, "100ms", "how long nothing happens").quick("2ms")],
        variants: &[],
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Quiet { length: parameters.duration("length"), lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        (self.length.as_millis() as u64).max(1)
    }

    fn jobs_in_flight(&self) -> usize {
        JOBS as usize
    }
}

/// Jobs that a pool runs before it is left alone, so that all of its threads have been awake.
const JOBS: u64 = 100;

/// The pool is started for the purpose: those of other engines, asleep or not, are not to be seen.
impl<E: Jobs> Workload<NotStarted<E>> for Quiet {
    fn iterate(&mut self, engine: &Arc<NotStarted<E>>, watch: &mut Watch) -> Result<(), Failure> {
        let pool = engine.start_it()?;
        let tally = self.lease.tally();
        tally.begin(JOBS);
        for i in 0..JOBS {
            pool.execute(move || tally.add(i));
        }
        check(tally.wait()?, JOBS * (JOBS - 1) / 2)?;
        os::rest();
        watch.sit_still(self.length);
        pool.stop();
        Ok(())
    }
}
