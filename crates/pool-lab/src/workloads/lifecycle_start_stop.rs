//! Starting a pool, running one job on it, and stopping it.

use std::sync::Arc;

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Lease, NotStarted, Prepare, Tally, Watch, Workload, check};

/// `lifecycle/start-stop`.
pub(crate) struct StartStop {
    cycles: u64,
    lease: Lease,
}

impl StartStop {
    /// Pools in an iteration.
    pub(crate) fn cycles(&self) -> u64 {
        self.cycles
    }

    /// Counts the one job of a pool.
    pub(crate) fn tally(&self) -> &'static Tally {
        self.lease.tally()
    }
}

impl Prepare for StartStop {
    const ABOUT: &'static About = &About {
        name: "lifecycle/start-stop",
        models: "start a pool, run one job on it, stop it",
        operation: "cycle",
        parameters: &[Rule::new(
            "cycles",
            Allowed::Number { min: 1, max: 100_000 },
            "20",
            "pools, one after the other",
        )
        .quick("3")],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(StartStop { cycles: parameters.number("cycles") as u64, lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        self.cycles
    }

    fn answer(&self) -> Option<u64> {
        Some(self.cycles * self.cycles.saturating_sub(1) / 2)
    }

    fn jobs_in_flight(&self) -> usize {
        1
    }
}

impl<E: Jobs> Workload<NotStarted<E>> for StartStop {
    fn iterate(&mut self, engine: &Arc<NotStarted<E>>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.lease.tally();
        watch.run(|| {
            for cycle in 0..self.cycles {
                tally.begin(1);
                let pool = engine.start_it()?;
                pool.execute(move || tally.add(cycle));
                check(tally.wait()?, cycle)?;
                pool.stop();
            }
            Ok(())
        })
    }
}
