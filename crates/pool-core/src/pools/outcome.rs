//! Why a job did not run, or has no result.

use crate::Panic;

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
    /// The system refuses the thread that waits for the time of timed jobs.
    #[error("no thread could be started to wait for the job's time")]
    NoTimer,
    /// The job was dropped without being run.
    #[error("the job was dropped unrun")]
    Dropped,
    /// It was cancelled, or its token was set, before any worker came. For [`on_unrun`](crate::Attributes::on_unrun); a handle says
    /// [`JoinError::Cancelled`].
    #[error("the job was cancelled before it started")]
    Cancelled,
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
    /// What the handle says of a job that did not run.
    pub(crate) fn unrun(reason: Reason) -> Self {
        if reason == Reason::Cancelled { JoinError::Cancelled } else { JoinError::Unrun(reason) }
    }

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
