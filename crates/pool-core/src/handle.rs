//! A handle to a spawned job.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use crate::cell::{Cell, Claim};
use crate::current::current;
use crate::job::Task;
use crate::ledger::{Desk, Ledger};
use crate::sync::Arc;
use crate::{Job, JoinError, Reason};

/// Permission to wait for a job, to take its result, or to cancel it.
///
/// From [`PoolExt::spawn`](crate::PoolExt::spawn). Dropping the handle detaches the job, which then runs like any
/// other; its panic, if any, goes to the pool's panic handler.
///
/// A handle is also a [`Future`], for use in an executor of your own. Polling never runs the job.
///
/// # Waiting inside a job
///
/// [`join`](JobHandle::join) never deadlocks within one pool: a worker that joins a job of its own pool which nobody
/// has started runs it in place of itself, and so the depth of nested submit-and-wait is limited by the worker's
/// stack alone. A waiting worker never runs any other job. `join_timeout`, `.await` with a blocking executor,
/// and handles that wait for each other across pools cannot help themselves so; avoid them inside jobs.
#[must_use = "dropping a handle detaches the job; use `execute` for a job that nobody waits for"]
pub struct JobHandle<T> {
    /// `None` once the result is taken.
    task: Option<Arc<dyn Claim<T>>>,
    ledger: Arc<Ledger>,
    /// The only worker that may run the job, if it is for a given one.
    bound_to: Option<usize>,
}

impl<T: Send + 'static> JobHandle<T> {
    /// A claimable job and the handle to it.
    pub(crate) fn new<F>(ledger: &Arc<Ledger>, f: F) -> (Job, Self)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let cell = Arc::new(Cell::job(f));
        let job = Job::from_task(Ticket(cell.clone()));
        (job, JobHandle { task: Some(cell), ledger: ledger.clone(), bound_to: None })
    }
}

impl<T> JobHandle<T> {
    /// No other worker may run the job, not even in place of itself.
    pub(crate) fn bound_to(mut self, worker: usize) -> Self {
        self.bound_to = Some(worker);
        self
    }

    fn may_run_here(&self) -> bool {
        self.bound_to.is_none_or(|worker| current().is_some_and(|here| here.index == worker))
    }

    /// Waits for the job and returns its result.
    ///
    /// A worker of the same pool runs the job in place if nobody has started it. What the job did happens before the
    /// return.
    ///
    /// # Errors
    ///
    /// [`JoinError::Panicked`] with the payload, [`JoinError::Cancelled`], or [`JoinError::Unrun`] when the pool gave
    /// the job up.
    pub fn join(mut self) -> Result<T, JoinError> {
        let task = self.task.take().expect(TAKEN);
        if let Some(desk) = self.ledger.desk_here().filter(|_| self.may_run_here()) {
            task.run_in_place(Some(desk));
        }
        task.wait(None);
        task.take().expect("a wait without a deadline ends with a result")
    }

    /// Waits for the job at most this long. Never runs it.
    ///
    /// # Errors
    ///
    /// The outer error is the handle itself, when the time was over first.
    pub fn join_timeout(self, limit: Duration) -> Result<Result<T, JoinError>, Self> {
        // A limit beyond the end of the clock is no limit.
        self.task.as_ref().expect(TAKEN).wait(Instant::now().checked_add(limit));
        self.try_join()
    }

    /// Takes the result if the job has ended.
    ///
    /// # Errors
    ///
    /// The outer error is the handle itself, when the job has not ended.
    pub fn try_join(mut self) -> Result<Result<T, JoinError>, Self> {
        match self.task.as_ref().expect(TAKEN).take() {
            Some(result) => {
                self.task = None;
                Ok(result)
            }
            None => Err(self),
        }
    }

    /// Whether the job has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(|task| task.is_finished())
    }

    /// Drops the job if it has not started. Returns whether it did; then `join` says [`JoinError::Cancelled`].
    ///
    /// What the job held is dropped here; if that panics, the job is cancelled all the same.
    ///
    /// The job's place in a bounded queue stays taken until a worker comes across it, as in Java.
    pub fn cancel(&self) -> bool {
        self.task.as_ref().is_some_and(|task| task.cancel(&self.ledger))
    }
}

const TAKEN: &str = "the result of this handle was taken already";

impl<T> Drop for JobHandle<T> {
    fn drop(&mut self) {
        let unheard = self.task.take().and_then(|task| task.detach());
        if let Some(payload) = unheard {
            self.ledger.report_quietly(payload);
        }
    }
}

impl<T> Future for JobHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.task.as_ref().expect(TAKEN);
        match task.poll(context.waker()) {
            Some(result) => {
                self.task = None;
                Poll::Ready(result)
            }
            None => Poll::Pending,
        }
    }
}

impl<T> std::fmt::Debug for JobHandle<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobHandle").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}

/// What lies in the queue for a job with a handle.
pub(crate) struct Ticket<F, T>(pub(crate) Arc<Cell<F, T>>);

impl<F: FnOnce() -> T + Send, T: Send> Task for Ticket<F, T> {
    fn run(self, desk: Option<Desk<'_>>) -> thread::Result<Option<Job>> {
        self.0.run_ticket(desk).map(|()| None)
    }

    fn discard(self, reason: Reason, ledger: Option<&Ledger>) {
        self.0.discard(reason, ledger);
    }

    fn release(&self) -> bool {
        self.0.release()
    }
}
