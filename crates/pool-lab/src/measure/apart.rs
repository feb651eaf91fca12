//! The engines of a block, on a thread of their own: there they are built, run and stopped.
//!
//! One that never returns from its own code keeps that thread, which is left behind with all pools of the block.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::lane::{Runner, Taken};
use super::sample::Sample;
use crate::engine::Spec;
use crate::plan::Pace;
use crate::system::apart::{self, Gone};
use crate::workload::{CaseError, Failure, Task};

/// The engines that are built, by their places in the group.
type Runners = BTreeMap<usize, Runner>;

/// The thread.
pub(super) struct Apart(apart::Apart<Runners>);

impl Apart {
    /// Starts the thread. No part of a block takes longer than `patience`, unless the engine hangs.
    pub(super) fn start(patience: Duration) -> io::Result<Self> {
        apart::Apart::start("measure", patience).map(Apart)
    }

    /// Builds an engine for the block with this number and warms it up. The answer is a sample where that was all that there will be of this block: the
    /// engine takes longer than [`Pace::slow`] for a repeat, and has been stopped.
    pub(super) fn build(
        &self,
        at: usize,
        (spec, slowdown): (Spec, f64),
        (task, block): (Task, usize),
        pace: Pace,
    ) -> Result<Result<Option<Sample>, CaseError>, Gone> {
        self.0.ask(move |runners| {
            let runner = Runner::new((&spec, slowdown), &task, block, &pace)?;
            if runner.is_slower_than(pace.slow) {
                return Ok(Some(runner.finish_early()));
            }
            runners.insert(at, runner);
            Ok(None)
        })
    }

    /// Takes a sample of an engine that was built. One that fails is not to be asked again.
    pub(super) fn sample(&self, at: usize) -> Result<Result<Taken, Failure>, Gone> {
        self.0
            .ask(move |runners| runners.get_mut(&at).map_or(Err(Failure::FailedBefore), Runner::take_sample))
    }

    /// Stops an engine that was built.
    pub(super) fn stop(&self, at: usize) -> Result<(), Gone> {
        self.0.ask(move |runners| drop(runners.remove(&at)))
    }

    /// Stops all that are left, and ends the thread.
    pub(super) fn end(self) {
        self.0.end();
    }

    /// Leaves the thread behind, with all threads that have come since it was started.
    pub(super) fn leave_behind(self) {
        self.0.leave_behind();
    }
}
