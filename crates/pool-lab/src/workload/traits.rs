//! What a workload is: [`Prepare`], and [`Workload`] for every engine that has what it needs.

use std::sync::Arc;
use std::time::Duration;

use super::about::About;
use super::failure::Failure;
use super::watch::Watch;
use crate::engine::Start;
use crate::engine::settings::Settings;

/// An iteration that is longer fills a sample by itself. Where most of it is sleep, a share of it warms the engine up as well as
/// a whole one.
pub(crate) const LONG: Duration = Duration::from_millis(10);

/// What of a long iteration, in jobs or turns, warms the engine up: a quarter.
pub(crate) const WARM_UP: u32 = 4;

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

    /// Told once, before the first iteration, in which block of a measurement it runs: what a workload draws it draws anew in
    /// each block, and alike for all engines of one.
    fn in_block(&mut self, _block: usize) {}

    /// Whether [`Workload::get_to_know`] warms the engine up, and one iteration is longer than a sample has to be. Then no
    /// iteration is spent on that.
    fn is_warm(&self) -> bool {
        false
    }

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
