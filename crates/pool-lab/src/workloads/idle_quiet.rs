//! What a pool costs that has nothing to do.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::system::os;
use crate::workload::{About, Failure, LONG, Lease, NotStarted, Prepare, Watch, Workload, check};

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
        parameters: &[Rule::new("length", Allowed::WAIT, "100ms", "how long nothing happens").quick("2ms")],
        ..About::DEFAULT
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

    // There is nothing to warm up: each iteration starts a pool.
    fn is_warm(&self) -> bool {
        self.length >= LONG
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
