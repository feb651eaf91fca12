//! What a workload is: [`Prepare`], and [`Workload`] for every engine that has what it needs.

use std::sync::Arc;

use super::about::About;
use super::failure::Failure;
use super::watch::Watch;
use crate::engine::Start;
use crate::engine::settings::Settings;

/// The part of a workload that does not depend on the engine.
pub trait Prepare: Sized + 'static {
    /// What is known of it.
    const ABOUT: &'static About;

    /// Makes the input, and computes the right answer where there is no closed form.
    ///
    /// # Errors
    ///
    /// [`Failure::Io`] when files cannot be read or written.
    fn prepare(parameters: &Settings) -> Result<Self, Failure>;

    /// The number of operations in one iteration.
    fn operations(&self) -> u64;

    /// The right answer as a number. Workloads that have one can be run by programs of other languages, which give it by the
    /// rules of `external/README.md`.
    fn answer(&self) -> Option<u64> {
        None
    }

    /// Told once, before the first iteration, how many threads the engine has.
    fn on_threads(&mut self, _threads: usize) {}

    /// The greatest number of jobs in the pool's queue at a time.
    fn jobs_in_flight(&self) -> usize {
        0
    }
}

/// What is known of an iteration before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// See [`Prepare::operations`].
    pub operations: u64,
    /// See [`Prepare::answer`].
    pub answer: u64,
}

impl Outline {
    /// That of a workload with these parameters; `None` where its answer is no number.
    ///
    /// # Errors
    ///
    /// As [`Prepare::prepare`].
    pub fn of<W: Prepare>(parameters: &Settings) -> Result<Option<Outline>, Failure> {
        let workload = W::prepare(parameters)?;
        Ok(workload.answer().map(|answer| Outline { operations: workload.operations(), answer }))
    }
}

/// A workload, on an engine that can do it.
pub trait Workload<E: Start>: Prepare {
    /// Called once, before the first iteration and outside of any measurement: finds out what the workload has to know of
    /// this engine.
    ///
    /// # Errors
    ///
    /// As [`Workload::iterate`].
    fn get_to_know(&mut self, _engine: &Arc<E>) -> Result<(), Failure> {
        Ok(())
    }

    /// Runs it once; the watch runs during the part that is measured.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the answer is wrong, or jobs are missing.
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure>;
}
