//! An engine for workloads that start it themselves.

use std::marker::PhantomData;

use super::failure::Failure;
use crate::engine::{Spec, SpecError, Start};

/// An engine that the workload starts.
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
