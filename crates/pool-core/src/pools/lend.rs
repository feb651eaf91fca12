//! A closure that is lent to a pool: the second half of a join, the whole of an `install`, a part of a broadcast. It may borrow,
//! since its owner waits for its end.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use crate::job::Runnable;
use crate::job::abort_on_unwind::AbortOnUnwind;
use crate::job::context::{JobContext, RunContext};
use crate::job::task::{Claim, Task, TaskRef, Wait};
use crate::os::process_fork::refuse_to_wait;
use crate::panic::{drop_quietly, unwind_without};
use crate::{Job, JoinError, Reason, Submit};

/// A pool, as far as it borrows closures.
pub(crate) trait Borrower: Sync {
    fn job_context(&self) -> &JobContext;

    /// Takes a ticket, or drops it.
    fn submit_ticket(&self, ticket: Job, submit: Submit);
}

/// See [`join_claimable`](crate::strategy::join_claimable).
pub(crate) fn join<P, A, B, RA, RB>(pool: &P, a: A, b: B) -> (RA, RB)
where
    P: Borrower + ?Sized,
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    // Not a join again: if the pool takes nothing more, this runs here, on a thread that is no worker.
    install(pool, || join_on_worker(pool, a, b))
}

fn join_on_worker<P, A, B, RA, RB>(pool: &P, a: A, b: B) -> (RA, RB)
where
    P: Borrower + ?Sized,
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    let lent = offer(pool, b, Submit::ticket());
    let a = catch_unwind(AssertUnwindSafe(a));
    let b = lent.settle(pool.job_context());
    match (a, b) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(payload), second) => unwind_without(second, payload),
        (first, Err(payload)) => unwind_without(first, payload),
    }
}

/// See [`install`](crate::strategy::install).
pub(crate) fn install<P, F, R>(pool: &P, f: F) -> R
where
    P: Borrower + ?Sized,
    F: FnOnce() -> R + Send,
    R: Send,
{
    if pool.job_context().is_current() {
        return f();
    }
    offer(pool, f, Submit::awaited_ticket())
        .wait_outside(pool.job_context())
        .unwrap_or_else(|payload| resume_unwind(payload))
}

/// Offers a closure to any worker of the pool. A refused ticket is dropped: that orphans the task, and its owner runs it.
fn offer<P, F, R>(pool: &P, f: F, submit: Submit) -> BorrowingTask<F, R>
where
    P: Borrower + ?Sized,
    F: FnOnce() -> R + Send,
    R: Send,
{
    let (lent, offered) = BorrowingTask::lend(f, (), |ticket| pool.submit_ticket(ticket, submit));
    if let Err(payload) = offered {
        // Its outcome is lost.
        unwind_without(lent.settle(pool.job_context()), payload)
    }
    lent
}

/// A closure that is lent to the pool while its owner does something else.
///
/// It borrows from its owner's stack, so the owner must settle it, always; dropped unsettled, it would leave a worker
/// with a dangling closure. The owners here and in `broadcast` settle it on every path, as what runs in between is caught;
/// should a panic come from elsewhere, the process ends.
pub(crate) struct BorrowingTask<F, R> {
    task: TaskRef<Task<F, R>>,
    unsettled: AbortOnUnwind,
}

impl<F: FnOnce() -> R + Send, R: Send> BorrowingTask<F, R> {
    /// Has `send` send a ticket for the closure. Returns what that panics with as well: a pool that panics may have queued the
    /// ticket before; or it hands back another job, whose destructor panics.
    pub(crate) fn lend<N: Notice>(f: F, notice: N, send: impl FnOnce(Job)) -> (Self, thread::Result<()>) {
        let (task, theirs) = TaskRef::pair(Task::uncounted(f));
        // SAFETY: the owner settles the fork before anything that `f` borrows ends. Then the cell is empty, and a
        // ticket that is still queued reaches nothing.
        let ticket = unsafe { Job::from_borrowing_task(BorrowingTicket(theirs, notice)) };
        let lent = BorrowingTask { task, unsettled: AbortOnUnwind::arm("a join or a broadcast") };
        (lent, catch_unwind(AssertUnwindSafe(|| send(ticket))))
    }

    /// Waits until a worker has run the closure, and does other work meanwhile as long as there is some. If no worker will
    /// come for it, it is dropped unrun, and there is no result.
    pub(crate) fn wait_meanwhile(self, works: impl FnMut() -> bool) -> Option<thread::Result<R>> {
        match self.task.wait_meanwhile(works) {
            Wait::Orphaned => self.revoke(|| false),
            Wait::Done | Wait::TimedOut => Some(self.result()),
        }
    }

    /// Drops the closure unrun, unless a worker has it; then it waits for that.
    pub(crate) fn revoke(self, works: impl FnMut() -> bool) -> Option<thread::Result<R>> {
        if let Some((f, _)) = self.task.claim() {
            self.unsettled.disarm();
            drop_quietly(f);
            return None;
        }
        self.task.wait_meanwhile(works);
        Some(self.result())
    }

    /// Runs the closure here if no worker has it, or waits for the one that has.
    fn settle(self, context: &JobContext) -> thread::Result<R> {
        if let Some((f, _)) = self.task.claim() {
            self.unsettled.disarm();
            return catch_unwind(AssertUnwindSafe(f));
        }
        if context.is_forked() {
            refuse_to_wait("a join");
        }
        self.task.wait();
        self.result()
    }

    /// Leaves the closure to the workers, unless none will come for it.
    fn wait_outside(self, context: &JobContext) -> thread::Result<R> {
        match self.task.wait() {
            Wait::Orphaned => self.settle(context),
            Wait::Done | Wait::TimedOut => self.result(),
        }
    }

    fn result(self) -> thread::Result<R> {
        let result = self.task.take();
        self.unsettled.disarm();
        match result {
            Some(Ok(value)) => Ok(value),
            Some(Err(JoinError::Panicked(panic))) => Err(panic.into_payload()),
            Some(Err(JoinError::Cancelled | JoinError::Unrun(_))) | None => {
                unreachable!("a fork is never cancelled, discarded or taken twice")
            }
        }
    }
}

/// Is told why no worker has run the closure by a ticket, before its owner is woken.
pub(crate) trait Notice: Send {
    fn give(&self, reason: Reason);
}

/// The owner does without.
impl Notice for () {
    fn give(&self, _: Reason) {}
}

struct BorrowingTicket<F, R, N>(TaskRef<Task<F, R>>, N);

impl<F: FnOnce() -> R + Send, R: Send, N: Notice> Runnable for BorrowingTicket<F, R, N> {
    const IS_JOB: bool = false;

    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        // Most often the owner has run it by now, and there is no need for a fence.
        if let Some(cx) = cx.filter(|_| self.0.is_queued()) {
            // It is no job: whoever waits for the pool to be at rest does not wait for its end.
            cx.context().settle();
        }
        self.0.run(cx).map(|()| None)
    }

    fn discard(self, reason: Reason, _: Option<&JobContext>) {
        self.1.give(reason);
        self.0.orphan();
    }

    fn release(&mut self) -> bool {
        false
    }
}
