//! What can go wrong with a pool, as types that name what was wrong.

pub use crate::{
    global::AlreadySet,
    job::rejected::Rejected,
    outcome::{JoinError, Reason},
    panic::Panic,
    spawn_error::SpawnError,
    unsupported::{ResizeError, Unsupported},
};

/// Why a pool could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A pool needs at least one worker.
    #[error("a pool needs at least 1 thread, not 0")]
    ZeroThreads,
    /// The thread that was to be [enrolled](crate::Builder::enroll_caller) is a worker already.
    #[error("the calling thread is worker {index} of a pool, and cannot be enrolled in another")]
    IsWorker {
        /// Its number there.
        index: usize,
    },
    /// More workers than a pool can number.
    #[error("{asked} threads are more than the {most} that a pool can have")]
    TooManyThreads {
        /// How many were asked for.
        asked: usize,
        /// How many there can be.
        most: usize,
    },
    /// A number is larger than the pool can make use of, or the memory for it too large to ask for.
    #[error("a {what} of {asked} is more than the largest possible, {most}")]
    TooLarge {
        /// What the number says.
        what: &'static str,
        /// What was asked for.
        asked: usize,
        /// The largest that is possible.
        most: usize,
    },
    /// The system does not give the memory that a setting needs.
    #[error("a {what} of {asked} needs {bytes} bytes of memory, which the system does not give")]
    OutOfMemory {
        /// What the number says.
        what: &'static str,
        /// What was asked for.
        asked: usize,
        /// How much memory it takes.
        bytes: usize,
    },
    /// A pool that scales needs at least 1 worker at most, and no more at least than at most.
    #[error("a pool cannot scale between {min} and {max} threads; min <= max and 1 <= max are needed")]
    Scaling {
        /// The fewest workers that were asked for.
        min: usize,
        /// The most.
        max: usize,
    },
    /// More workers than the pool was told to have at most.
    #[error("{threads} threads are more than max_threads, {max}")]
    BeyondMax {
        /// How many were asked for.
        threads: usize,
        /// How many there can be.
        max: usize,
    },
    /// A worker was to stay on a CPU that the process cannot use.
    #[error("CPU {0} is not among those that this process may use")]
    Cpu(usize),
    /// The name cannot be a thread's name.
    #[error("a pool's name must not contain a zero byte: {0:?}")]
    Name(String),
    /// The strategy cannot work with its settings; the text says which and what would be right.
    #[error("{0}")]
    Strategy(String),
    /// The strategy broke its promise to open one outlet for each slot ([`Strategy::open`](crate::strategy::Strategy::open)).
    #[error("the strategy {strategy:?} opened {opened} outlets for {slots} slots; each slot needs one")]
    Outlets {
        /// The strategy's name.
        strategy: &'static str,
        /// How many outlets there were.
        opened: usize,
        /// How many there should have been.
        slots: usize,
    },
    /// The operating system refused a thread. The workers that had started are stopped and joined.
    #[error("worker {index} could not be started: {source}")]
    Spawn {
        /// Which worker, from 0.
        index: usize,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A worker panicked before it was ready (its `on_start` hook did). The others are stopped and joined.
    #[error("a worker panicked while starting: {0}")]
    Start(Panic),
}

/// A broadcast has no results: some worker did not run its part.
///
/// By then no part runs any more, nor will one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the broadcast did not reach every worker: {reason}")]
pub struct BroadcastError {
    reason: Reason,
}

impl BroadcastError {
    pub(crate) fn new(reason: Reason) -> Self {
        BroadcastError { reason }
    }

    /// Why a part did not run.
    pub fn reason(&self) -> Reason {
        self.reason
    }
}
