//! Starting a pool, running one job on it, and stopping it.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::engine::{Jobs, Start};
use crate::settings::{Kind, Rule, Settings};
use crate::spec::{Spec, SpecError};
use crate::tally::{Lease, Tally};
use crate::watch::Watch;
use crate::workload::{About, Failure, Prepare, Workload, check};

/// An engine that is yet to be started: the workload is the starting.
pub(crate) struct NotStarted<E> {
    spec: Spec,
    engine: PhantomData<fn() -> E>,
}

impl<E: Start> NotStarted<E> {
    /// Starts it, for the caller to stop.
    pub(crate) fn start_it(&self) -> Result<E, Failure> {
        E::start(&self.spec).map_err(Failure::Start)
    }
}

impl<E: Start> Start for NotStarted<E> {
    fn check(spec: &Spec) -> Result<(), SpecError> {
        E::check(spec)
    }

    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(NotStarted { spec: spec.clone(), engine: PhantomData })
    }

    fn stop(self) {}
}

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
        needs: "detached jobs",
        parameters: &[Rule::new(
            "cycles",
            Kind::Number { min: 1, max: 100_000 },
            "20",
            "pools, one after the other",
        )
        .quick("3")],
        variants: &[],
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(StartStop { cycles: parameters.number("cycles") as u64, lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        self.cycles
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
