//! The textbook's thread pool on a crossbeam channel, which needs no mutex.
//!
//! With a capacity, a thread that submits waits for room; but a worker that finds no room runs the job itself, since all
//! workers might wait for room, and then none would make any.

use std::cell::Cell;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, TrySendError, bounded, unbounded};

use super::row::Row;
use crate::engine::settings::{Allowed, MOST_PLACES, Rule};
use crate::engine::{Jobs, MadeOf, Spec, SpecError, Start};

const OPTIONS: &[Rule] = &[Rule::new(
    "capacity",
    Allowed::Number { min: 0, max: MOST_PLACES },
    "0",
    "places in the queue; 0: it has no bound",
)];

pub(super) fn row() -> Row {
    Row::baseline("channel-naive", MadeOf::Package("crossbeam-channel"), "textbook: a crossbeam channel")
        .options(OPTIONS)
        .variants(&["capacity=1"])
        .jobs::<ChannelNaive>()
        .fifo()
        .adapted::<ChannelNaive>()
}

type Job = Box<dyn FnOnce() + Send>;

/// Why sending does not fail.
const ALIVE: &str = "workers live as long as the sender";

thread_local! {
    /// Whether this thread is a worker of some pool of this kind.
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

pub(crate) struct ChannelNaive {
    sender: Sender<Job>,
    is_bounded: bool,
    threads: Vec<JoinHandle<()>>,
}

impl Start for ChannelNaive {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let (sender, receiver) = match spec.options().number("capacity") {
            0 => unbounded::<Job>(),
            capacity => bounded(capacity),
        };
        let is_bounded = sender.capacity().is_some();
        let worker = |_| {
            let receiver = receiver.clone();
            thread::Builder::new().spawn(move || {
                IS_WORKER.set(true);
                receiver.into_iter().for_each(|job| job());
            })
        };
        let threads: Result<_, _> = (0..spec.threads()).map(worker).collect();
        Ok(ChannelNaive { sender, is_bounded, threads: threads.map_err(|error| spec.build_error(error))? })
    }

    fn stop(self) {
        drop(self.sender);
        for thread in self.threads {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

impl Jobs for ChannelNaive {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        let job: Job = Box::new(job);
        if !self.is_bounded || !IS_WORKER.get() {
            return self.sender.send(job).expect(ALIVE);
        }
        match self.sender.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => job(),
            Err(TrySendError::Disconnected(_)) => panic!("{ALIVE}"),
        }
    }
}
