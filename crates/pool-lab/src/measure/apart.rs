//! The engines of a block, on a thread of their own.
//!
//! There they are built, run and stopped. One that never returns from its own code keeps that thread, which is left behind
//! with all pools of the block, since no thread can be ended from outside. The thread that measures only waits, and goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::lane::{Runner, Taken};
use super::sample::Sample;
use crate::engine::Spec;
use crate::plan::Pace;
use crate::system::os;
use crate::workload::{CaseError, Failure, Task};

/// As much as a main thread has on most systems: engines without threads recurse on this one.
const STACK: usize = 8 << 20;

/// The engines that are built, by their places in the group.
type Runners = BTreeMap<usize, Runner>;

/// Something to do with them.
type Part = Box<dyn FnOnce(&mut Runners) + Send>;

/// The thread.
pub(super) struct Apart {
    parts: Sender<Part>,
    thread: JoinHandle<()>,
    /// The threads that there were before.
    before: BTreeSet<u32>,
    patience: Duration,
}

/// Why there is no answer from the thread, nor will there be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// There was none for so long.
    Hung(Duration),
    /// It has panicked in what no engine or workload catches.
    Panicked,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gone::Hung(time) => write!(f, "hung after {} s", time.as_secs()),
            Gone::Panicked => f.write_str("panicked while it was prepared"),
        }
    }
}

impl Apart {
    /// Starts the thread. No part of a block takes longer than `patience`, unless the engine hangs.
    pub(super) fn start(patience: Duration) -> io::Result<Self> {
        let (parts, received) = mpsc::channel::<Part>();
        let before = os::threads();
        let work = move || {
            let mut runners = Runners::new();
            received.iter().for_each(|part| part(&mut runners));
        };
        let thread = thread::Builder::new().name("measure".to_owned()).stack_size(STACK).spawn(work)?;
        Ok(Apart { parts, thread, before, patience })
    }

    /// Builds an engine and warms it up. The answer is a sample where that was all that there will be of this block: the
    /// engine takes longer than [`Pace::slow`] for a repeat, and has been stopped.
    pub(super) fn build(
        &self,
        at: usize,
        (spec, slowdown): (Spec, f64),
        task: Task,
        pace: Pace,
    ) -> Result<Result<Option<Sample>, CaseError>, Gone> {
        self.ask(move |runners| {
            let runner = Runner::new(&spec, slowdown, &task, &pace)?;
            if runner.is_slower_than(pace.slow) {
                return Ok(Some(runner.finish_early()));
            }
            runners.insert(at, runner);
            Ok(None)
        })
    }

    /// Takes a sample of an engine that was built. One that fails is not to be asked again.
    pub(super) fn sample(&self, at: usize) -> Result<Result<Taken, Failure>, Gone> {
        self.ask(move |runners| runners.get_mut(&at).map_or(Err(Failure::FailedBefore), Runner::take_sample))
    }

    /// Stops an engine that was built.
    pub(super) fn stop(&self, at: usize) -> Result<(), Gone> {
        self.ask(move |runners| drop(runners.remove(&at)))
    }

    /// Stops all that are left, and ends the thread.
    pub(super) fn end(self) {
        if self.ask(Runners::clear).is_err() {
            return self.leave_behind();
        }
        drop(self.parts);
        // It has nothing left to do that could panic.
        let _ = self.thread.join();
    }

    /// Leaves the thread behind, with all threads that have come since it was started.
    pub(super) fn leave_behind(self) {
        os::leave_behind(os::threads().difference(&self.before).copied());
    }

    fn ask<T: Send + 'static>(
        &self,
        part: impl FnOnce(&mut Runners) -> T + Send + 'static,
    ) -> Result<T, Gone> {
        let (answer, answered) = mpsc::sync_channel(1);
        // Whoever asks may have lost patience.
        let part = move |runners: &mut Runners| drop(answer.send(part(runners)));
        self.parts.send(Box::new(part)).map_err(|_| Gone::Panicked)?;
        answered.recv_timeout(self.patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => Gone::Hung(self.patience),
            RecvTimeoutError::Disconnected => Gone::Panicked,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_returns_is_left_behind_and_what_panics_is_told() {
        let apart = Apart::start(Duration::from_millis(1)).unwrap();
        let (hold, held) = mpsc::channel::<()>();
        assert_eq!(apart.ask(move |_| held.recv()), Err(Gone::Hung(Duration::from_millis(1))));
        drop((apart, hold));
        let apart = Apart::start(Duration::from_secs(100)).unwrap();
        assert_eq!(apart.ask(|runners| runners.len()), Ok(0));
        assert_eq!(apart.ask(|_| -> () { panic!("as it should") }), Err(Gone::Panicked));
        apart.end();
    }
}
