//! Everything that can go wrong, as types that name what was wrong and hand back what was given.

use std::any::Any;
use std::backtrace::Backtrace;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

use crate::Job;
pub use crate::global::AlreadySet;
use crate::trace::{self, Trace};

/// Why a pool did not run a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The queue was full and the submitter does not wait.
    #[error("the queue is full")]
    Full,
    /// The queue stayed full for as long as the submitter was ready to wait.
    #[error("the queue stayed full until the time-out")]
    TimedOut,
    /// The pool takes no more jobs: it is shutting down or has terminated.
    #[error("the pool is shut down")]
    ShutDown,
    /// A newer job took its place in a full queue, or it was the newest and the policy drops the newest.
    #[error("the job was displaced from a full queue")]
    Displaced,
    /// The moment by which it was to start has passed.
    #[error("the job did not start in time")]
    Expired,
    /// There is more work than the pool can do in the time that its settings allow.
    #[error("the pool is overloaded")]
    Overloaded,
    /// No worker is left to run it, and none could be started.
    #[error("no worker is left to run the job")]
    NoWorkers,
    /// The worker that it was for does not exist.
    #[error("the pool has no worker {0}")]
    NoSuchWorker(usize),
    /// The pool cannot do what was asked for, such as giving work to one given worker.
    #[error("this pool cannot do that")]
    Unsupported,
    /// The pool belongs to the process that this one was forked from; here it has no threads.
    #[error("the pool's threads did not survive the fork")]
    Forked,
    /// Whoever held the job dropped it without running it.
    #[error("the job was dropped unrun")]
    Dropped,
}

/// A job that the pool did not take. It comes back whole, with the reason.
///
/// Running [`Rejected::into_job`] by hand is as good as the pool running it: a job of a handle still completes its
/// handle.
///
/// ```
/// use pool_core::{Job, Reason, Rejected};
/// let rejected = Rejected::new(Job::new(|| println!("run by hand")), Reason::Full);
/// assert_eq!(rejected.to_string(), "job rejected: the queue is full");
/// rejected.into_job().run();
/// ```
#[derive(thiserror::Error)]
#[error("job rejected: {reason}")]
pub struct Rejected {
    job: Job,
    reason: Reason,
}

impl Rejected {
    /// This job, rejected for this reason.
    pub fn new(job: Job, reason: Reason) -> Self {
        Rejected { job, reason }
    }

    /// Why it was rejected.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The job itself.
    pub fn into_job(self) -> Job {
        self.job
    }
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// Why a handle has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The job panicked; the payload is inside.
    #[error("the job panicked: {0}")]
    Panicked(Panic),
    /// [`JobHandle::cancel`](crate::JobHandle::cancel) or the job's [`CancelToken`](crate::CancelToken) came before
    /// any worker did.
    #[error("the job was cancelled before it started")]
    Cancelled,
    /// The pool gave the job up without running it.
    #[error("the job never ran: {0}")]
    Unrun(Reason),
}

impl JoinError {
    /// Goes on with the job's panic on this thread, as if the job had been called.
    ///
    /// # Panics
    ///
    /// Always: with the job's payload, or with this error if the job did not panic.
    pub fn resume(self) -> ! {
        match self {
            JoinError::Panicked(panic) => std::panic::resume_unwind(panic.into_payload()),
            other => panic!("{other}"),
        }
    }
}

/// What a job panicked with.
///
/// It is `Sync`, unlike a bare payload, so that errors that carry one pass through `?` into any error type.
pub struct Panic {
    // The lock is never contended. It is here because a payload is `Send` and not `Sync`.
    payload: Mutex<Box<dyn Any + Send>>,
    trace: Option<Box<Trace>>,
}

impl Panic {
    /// Wraps a payload as `std::panic::catch_unwind` returns it.
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        Panic { payload: Mutex::new(payload), trace: None }
    }

    /// What the calling thread has just caught.
    pub(crate) fn caught(payload: Box<dyn Any + Send>) -> Self {
        Panic { trace: trace::take(), ..Panic::new(payload) }
    }

    /// The payload, for whoever hands it on to be [`caught`](Panic::caught) on this thread, which finds the trace again.
    pub(crate) fn thrown_again(self) -> Box<dyn Any + Send> {
        let (payload, trace) = self.into_parts();
        trace::put_back(trace);
        payload
    }

    /// The payload, for `std::panic::resume_unwind` or for a closer look.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.into_parts().0
    }

    /// The message, when the panic had one (`panic!` with text does).
    pub fn message(&self) -> Option<String> {
        let payload = self.payload.lock().unwrap_or_else(PoisonError::into_inner);
        payload_message(&**payload).map(str::to_owned)
    }

    /// Where the panic began, as `file:line:column`; only with
    /// [`Builder::backtraces`](crate::Builder::backtraces), which says when.
    pub fn location(&self) -> Option<&str> {
        self.trace.as_ref()?.location.as_deref()
    }

    /// How the thread got there; as for [`location`](Panic::location).
    pub fn backtrace(&self) -> Option<&Backtrace> {
        Some(&self.trace.as_ref()?.backtrace)
    }

    pub(crate) fn into_parts(self) -> (Box<dyn Any + Send>, Option<Box<Trace>>) {
        (self.payload.into_inner().unwrap_or_else(PoisonError::into_inner), self.trace)
    }
}

/// Drops what nobody wants. Its destructor may panic, and what it panics with is dropped in the same way. After
/// eight panics in a row the next payload is leaked: destructors that panic again and again would never end.
#[doc(hidden)]
pub fn drop_quietly<T>(value: T) {
    let mut outcome = catch_unwind(AssertUnwindSafe(|| drop(value)));
    for _ in 1..MOST_PANICS {
        let Err(payload) = outcome else { return };
        outcome = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    }
    if let Err(payload) = outcome {
        std::mem::forget(payload);
    }
}

/// How many destructors in a row may panic before [`drop_quietly`] gives up.
const MOST_PANICS: usize = 8;

/// Goes on with a panic when what is left has been dropped: in the course of the unwinding, a destructor that panics would
/// abort.
pub(crate) fn unwind_without<T>(left: T, payload: Box<dyn Any + Send>) -> ! {
    drop_quietly(left);
    resume_unwind(payload)
}

/// The text of a panic payload, when it has one.
pub(crate) fn payload_message(payload: &(dyn Any + Send)) -> Option<&str> {
    match payload.downcast_ref::<&'static str>() {
        Some(text) => Some(text),
        None => payload.downcast_ref::<String>().map(String::as_str),
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().as_deref().unwrap_or("(a payload without text)"))
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

/// Why a pool could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A pool needs at least one worker.
    #[error("a pool needs at least 1 thread, not 0")]
    ZeroThreads,
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
    /// The strategy broke its promise to open one outlet for each seat ([`Strategy::open`](crate::strategy::Strategy::open)).
    #[error("the strategy {strategy:?} opened {opened} outlets for {seats} seats; each seat needs one")]
    Outlets {
        /// The strategy's name.
        strategy: &'static str,
        /// How many outlets there were.
        opened: usize,
        /// How many there should have been.
        seats: usize,
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

/// Why a pool was not resized.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResizeError {
    /// The number is beyond what the pool was built for.
    #[error("{asked} threads are not within this pool's bounds, {least} to {most}; see Builder::max_threads")]
    OutOfBounds {
        /// How many were asked for.
        asked: usize,
        /// The fewest that it can have.
        least: usize,
        /// The most.
        most: usize,
    },
    /// The pool is ending, or has ended.
    #[error("the pool is shut down")]
    ShutDown,
    /// The pool's size is fixed, as that of an adapter of somebody else's pool is.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

/// The pool cannot do what was asked for: it is an adapter of somebody else's pool, which has no such operation.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pool {pool:?} has no operation to {operation}")]
pub struct Unsupported {
    /// The pool's name.
    pub pool: String,
    /// What was asked for.
    pub operation: &'static str,
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Panics when it is dropped, with another of its kind, for ever.
    struct Endless(Arc<()>);

    impl Drop for Endless {
        fn drop(&mut self) {
            resume_unwind(Box::new(Endless(self.0.clone())));
        }
    }

    #[test]
    fn a_destructor_that_panics_for_ever_leaks_one_payload() {
        let held = Arc::new(());
        drop_quietly(Endless(held.clone()));
        assert_eq!(Arc::strong_count(&held), 2, "all but the last are gone");
    }
}
