//! A handle to a spawned job.

mod member;
pub(crate) mod returnable;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use crate::current::{current, enter_named};
use crate::job::Runnable;
use crate::job::attributed::RareAttributes;
use crate::job::boosted::Boosted;
use crate::job::context::{JobContext, RunContext};
use crate::job::pool_context::PoolContext;
use crate::job::task::{Claim, Task, TaskRef, Wait};
use crate::sync::Arc;
use crate::{Job, JoinError, Panic, Priority, Reason, Submit};

/// Permission to wait for a job, to take its result, or to cancel it.
///
/// From [`PoolExt::spawn`](crate::PoolExt::spawn). Dropping the handle detaches the job, which then runs like any
/// other; its panic, if any, goes to the pool's panic handler.
///
/// A handle is also a [`Future`], for use in an executor of your own. Polling never runs the job.
///
/// A job with a [deadline](crate::Attributes::start_by) that has not started when it comes is given up by a thread that waits
/// for it. A future that is not polled at that moment learns of it later, when a worker takes the job.
///
/// # Waiting inside a job
///
/// [`join`](JobHandle::join) never deadlocks within one pool: a worker that joins a job of its own pool which no thread
/// has started runs it in place of itself, and so the depth of nested submit-and-wait is limited by the worker's
/// stack alone. A waiting worker never runs any other job. `join_timeout`, `.await` with a blocking executor,
/// and handles that wait for each other across pools cannot help themselves so; avoid them inside jobs.
#[must_use = "dropping a handle detaches the job; use `execute` for a job that nobody waits for"]
pub struct JobHandle<T> {
    /// `None` once the result is taken.
    task: Option<TaskRef<dyn Claim<T>>>,
    context: Arc<PoolContext>,
    priority: Priority,
    boosted: bool,
    /// The only worker that may run the job, if it is for a given one.
    bound_to: Option<usize>,
}

impl<T: Send + 'static> JobHandle<T> {
    /// A claimable job and the handle to it.
    pub(crate) fn new<F>(
        context: &Arc<PoolContext>,
        f: F,
        submit: Submit,
        rare: Option<RareAttributes>,
    ) -> (Job, Self)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        if is_large::<F>() {
            return JobHandle::of_closure(context, Box::new(f), submit, rare);
        }
        JobHandle::of_closure(context, f, submit, rare)
    }

    fn of_closure<F>(
        context: &Arc<PoolContext>,
        f: F,
        submit: Submit,
        rare: Option<RareAttributes>,
    ) -> (Job, Self)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let (ticket, handle) = JobHandle::with_ticket(context, f, submit, rare);
        (Job::from_task(ticket), handle)
    }

    /// The same, of which the job is still to be made of its ticket. A ticket that gets lost before that tells no handle, so the
    /// handle must not outlive it then. A [large](is_large) closure is to be boxed by the caller.
    pub(crate) fn with_ticket<F>(
        context: &Arc<PoolContext>,
        f: F,
        submit: Submit,
        rare: Option<RareAttributes>,
    ) -> (Ticket<F, T>, Self)
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let (ours, theirs) = TaskRef::pair(Task::counted(f, rare));
        let (task, context, priority) = (Some(ours.erased()), context.clone(), submit.urgency());
        (Ticket(theirs), JobHandle { task, context, priority, boosted: false, bound_to: None })
    }
}

/// Whether a closure is to lie in a box of its own.
///
/// Otherwise it lies in the task that the ticket and the handle share. The task stays until both are gone, and the ticket
/// of a cancelled job stays in the queue until a worker comes across it: the memory of what such a job has captured would
/// be kept until then.
#[inline(always)]
pub(crate) const fn is_large<F>() -> bool {
    size_of::<F>() > 256
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
    /// A worker of the same pool runs the job in place if it has not started. What the job did happens before the
    /// return.
    ///
    /// # Errors
    ///
    /// [`JoinError::Panicked`] with the payload, [`JoinError::Cancelled`], or [`JoinError::Unrun`] when the pool gave
    /// the job up or it did not start in time; and in a forked child when it had not ended before the fork.
    pub fn join(mut self) -> Result<T, JoinError> {
        let task = self.task.take().expect(TAKEN);
        // Most often it is done, where many are spawned and then joined.
        if let Some(result) = task.take() {
            return result;
        }
        if self.context.is_forked() {
            return Err(FORKED);
        }
        if let Some(cx) = self.context.current_worker_cx().filter(|_| self.may_run_here()) {
            task.run_in_place(Some(cx));
        }
        wait(&*task, None, &self.context);
        task.take().expect("a wait without a deadline ends with a result")
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
    /// What the job held is dropped here, and its memory given back; if that panics, the job is cancelled all the same. What
    /// stays until a worker comes across the job's place is that place, room for the result, and half a kilobyte at
    /// most: 96 jobs that have captured 1 MiB each keep 14 to 19 KiB of 96 MiB when they are cancelled, depending on the
    /// strategy (measured).
    ///
    /// A job that runs goes on, and the result is `false`; but if it was given a
    /// [token](crate::Attributes::token) or a run limit, its own token is set, and it may heed it. Other jobs that were given
    /// the same token are not told: that takes [`CancelToken::cancel`](crate::CancelToken::cancel).
    ///
    /// The job's place in a bounded queue stays taken until a worker comes across it, as in Java.
    pub fn cancel(&self) -> bool {
        self.task.as_ref().is_some_and(|task| task.cancel(&self.context))
    }
}

/// Waits that a job's urgency follows.
impl<T: 'static> JobHandle<T> {
    /// Makes the job more urgent, once. Returns whether it did.
    ///
    /// For a thread that is about to wait and cannot run the job itself. It does nothing when the pool has no levels of
    /// urgency, when this priority is of no more urgent level than the job's own, when the job was boosted before or is for a
    /// given worker, or when it has started. The job's first place in the queue stays taken until a worker comes across it.
    ///
    /// ```
    /// # use pool_core::{JoinError, Pool, PoolExt, Priority};
    /// # use std::sync::Arc;
    /// # fn demo(pool: &Arc<dyn Pool>) -> Result<(), Box<dyn std::error::Error>> {
    /// let report = pool.spawn_with(Priority::IDLE, || "the nightly report")?;
    /// // The user wants to see it now.
    /// println!("{}", report.join_with(Priority::URGENT)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn boost(&mut self, to: Priority) -> bool {
        let urgency = self.context.urgency();
        if self.boosted || self.bound_to.is_some() || urgency.level_of(to) >= urgency.level_of(self.priority)
        {
            return false;
        }
        let Some(queue) = self.context.boost().get() else { return false };
        let Some(task) = self.task.as_ref().filter(|task| task.is_queued()) else { return false };
        self.boosted = true;
        queue.boost(Job::from_task(Boosted(task.clone())), to)
    }

    /// As [`join`](JobHandle::join), by a waiter of this priority: if the caller cannot run the job itself, the job is
    /// [raised](JobHandle::boost) to it.
    ///
    /// # Errors
    ///
    /// As for `join`.
    pub fn join_with(mut self, priority: Priority) -> Result<T, JoinError> {
        if self.context.current_worker_cx().is_none() {
            self.boost(priority);
        }
        self.join()
    }

    /// Waits for the job at most this long. Never runs it, and so boosts it to [`Priority::NORMAL`] if it was below: see
    /// [`boost`](JobHandle::boost).
    ///
    /// # Errors
    ///
    /// The outer error is the handle itself, when the time was over first.
    pub fn join_timeout(mut self, limit: Duration) -> Result<Result<T, JoinError>, Self> {
        if self.context.is_forked() {
            return Ok(self.try_join().unwrap_or(Err(FORKED)));
        }
        self.boost(Priority::NORMAL);
        // A limit beyond the end of the clock is no limit.
        let deadline = Instant::now().checked_add(limit);
        wait(&**self.task.as_ref().expect(TAKEN), deadline, &self.context);
        self.try_join()
    }
}

/// Waits for the job, and gives it up when its time to start comes and it has not started. Without a deadline, a worker of a pool
/// whose workers help does so.
fn wait<T>(task: &dyn Claim<T>, deadline: Option<Instant>, context: &JobContext) {
    let start_by = task.rare().and_then(|rare| rare.start_by);
    let first = start_by.filter(|start_by| deadline.is_none_or(|deadline| *start_by <= deadline));
    let wait_until = |moment| {
        if deadline.is_none() {
            task.wait_helping(moment);
        }
        task.wait_until(moment)
    };
    if first.is_some() && matches!(wait_until(first), Wait::TimedOut) {
        expire(task, context);
    }
    wait_until(deadline);
}

/// Gives the job up if its time to start has passed and it has not started. A destructor's panic is the job's.
fn expire<T>(task: &dyn Claim<T>, context: &JobContext) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task.expire(context))) {
        context.report_quietly(Panic::caught(payload));
    }
}

/// What a handle from before a fork says in the child, if its job had not ended by then.
const FORKED: JoinError = JoinError::Unrun(Reason::Forked);

const TAKEN: &str = "the result of this handle was taken already";

impl<T> Drop for JobHandle<T> {
    fn drop(&mut self) {
        let Some(task) = self.task.take() else { return };
        if let Some(panic) = task.detach() {
            let _named = enter_named(task.rare().and_then(|rare| rare.name.clone()));
            self.context.report_quietly(panic);
        }
    }
}

impl<T: 'static> Future for JobHandle<T> {
    type Output = Result<T, JoinError>;

    /// The first poll boosts the job to [`Priority::NORMAL`] if it was below: see [`boost`](JobHandle::boost).
    ///
    /// # Panics
    ///
    /// If polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.boost(Priority::NORMAL);
        let task = self.task.as_ref().expect(TAKEN);
        if self.context.is_forked() {
            let result = task.take().unwrap_or(Err(FORKED));
            self.task = None;
            return Poll::Ready(result);
        }
        expire(&**task, &self.context);
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
pub(crate) struct Ticket<F, T>(pub(crate) TaskRef<Task<F, T>>);

impl<F: FnOnce() -> T + Send, T: Send> Runnable for Ticket<F, T> {
    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        self.0.run_ticket(cx).map(|()| None)
    }

    fn discard(self, reason: Reason, context: Option<&JobContext>) {
        self.0.discard(reason, context);
    }

    fn release(&mut self) -> bool {
        self.0.release()
    }
}
