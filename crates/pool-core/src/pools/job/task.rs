//! A claimable job: the closure in a task that its ticket and its waiter share.
//!
//! ```text
//! queued (closure) --claim--> claimed --complete--> done (result) --take--> gone
//! ```
//!
//! The thread that claims the closure runs it: the worker that pops the ticket, or the waiter. If its attributes say that it
//! is too late to start, that thread drops it instead.
//!
//! [`TaskState`] is the protocol, one atomic word; [`Payload`] holds the closure, and later the result. A job that is done
//! before a thread waits for it costs two changes of the word; a mutex around it all took eight.

mod payload;
mod waiting;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::task::Waker;
use std::thread::{self, Thread};
use std::time::Instant;

use self::payload::Payload;
pub(crate) use self::waiting::Wait;
use crate::job::attributed::{Outcome, RareAttributes, enter_plain};
use crate::job::context::{JobContext, RunContext};
use crate::job::run_counted;
use crate::panic::{Panic, drop_quietly};
use crate::sync::task_ref::Counted;
pub(crate) use crate::sync::task_ref::TaskRef;
use crate::sync::task_state::TaskState;
use crate::{JoinError, Reason};

pub(crate) struct Task<F, T> {
    state: TaskState<Waiter>,
    payload: Payload<F, T>,
    /// What the job asks for, if it is anything rare.
    rare: Option<Box<RareAttributes>>,
}

/// Who is to be woken when a job has ended.
pub(crate) enum Waiter {
    Thread(Thread),
    Waker(Waker),
}

impl Waiter {
    /// Never panics: a waker is foreign code, and the thread that ends the job must survive it.
    pub(crate) fn wake(self) {
        match self {
            Waiter::Thread(thread) => thread.unpark(),
            Waiter::Waker(waker) => {
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                    drop_quietly(payload);
                }
            }
        }
    }
}

impl<F: FnOnce() -> T, T> Task<F, T> {
    /// A job of a pool's, which is counted.
    pub(crate) fn counted(f: F, rare: Option<RareAttributes>) -> Self {
        Task { state: TaskState::counted(), payload: Payload::new(f), rare: rare.map(Box::new) }
    }

    /// Half of a join, which is not.
    pub(crate) fn uncounted(f: F) -> Self {
        Task { state: TaskState::uncounted(), payload: Payload::new(f), rare: None }
    }

    /// Runs the job if it is not claimed. The error is the payload of a panic that no handle will hear of.
    // Inlined without optimisation, too: each level of nested waits has these on its stack.
    #[inline(always)]
    pub(crate) fn run(&self, cx: Option<RunContext<'_>>) -> thread::Result<()> {
        let Some((f, counted)) = self.claim() else { return Ok(()) };
        let outcome = self.run_closure(f, cx.filter(|_| counted));
        let dropped = self.leave(outcome);
        self.complete().and(dropped)
    }

    /// As [`run`](Task::run), for the job's ticket, which counts also when there is nothing left to run but it was
    /// submitted anew.
    pub(crate) fn run_ticket(&self, cx: Option<RunContext<'_>>) -> thread::Result<()> {
        let unheard = match self.take_closure() {
            (Some(f), _) => {
                let outcome = self.run_closure(f, cx);
                let dropped = self.leave(outcome);
                self.complete().and(dropped)
            }
            (None, false) => run_counted(|| (), cx),
            (None, true) => Ok(()),
        };
        self.report(unheard, cx)
    }

    /// A panic that no handle hears of is reported here if the job has a name to report it by, or else returned.
    fn report(&self, unheard: thread::Result<()>, cx: Option<RunContext<'_>>) -> thread::Result<()> {
        match &self.rare {
            None => unheard,
            Some(rare) => rare.report(unheard, cx),
        }
    }

    #[inline(always)]
    fn run_closure(&self, f: F, cx: Option<RunContext<'_>>) -> Outcome<T> {
        match &self.rare {
            None => Outcome::Ran(run_counted(f, cx)),
            Some(rare) => rare.run(f, cx),
        }
    }

    /// The closure has run, or was dropped, and is counted, so that a thread that has the result also finds the job counted.
    /// Stores the result for the handle, which may take it once the job is [`complete`](Task::complete). Returns what a destructor
    /// has panicked with.
    #[inline]
    fn leave(&self, outcome: Outcome<T>) -> thread::Result<()> {
        let (result, dropped) = match outcome {
            Outcome::Ran(Ok(value)) => (Ok(value), Ok(())),
            Outcome::Ran(Err(payload)) => (Err(JoinError::Panicked(Panic::caught(payload))), Ok(())),
            Outcome::Missed(error, dropped) => (Err(error), dropped),
        };
        // SAFETY: only the thread that has claimed gets here, once, before the state is done.
        unsafe { self.payload.put_result(result) };
        dropped
    }

    /// Takes the closure, if no thread has, and says whether it counts. The caller must then run it and
    /// [`complete`](Task::complete) the task, or own the task alone.
    pub(crate) fn claim(&self) -> Option<(F, bool)> {
        let (f, counted) = self.take_closure();
        f.map(|f| (f, counted))
    }

    #[inline]
    fn take_closure(&self) -> (Option<F>, bool) {
        match self.state.claim() {
            // SAFETY: it has just been claimed.
            Ok(seen) => (Some(unsafe { self.payload.take_closure() }), seen.is_counted()),
            Err(seen) => (None, seen.is_counted()),
        }
    }

    /// Takes the closure, if no thread has: for its submitter, whom the pool has not taken the job from.
    pub(crate) fn take_back(&self) -> Option<F> {
        let (f, _) = self.claim()?;
        if let Some(rare) = &self.rare {
            rare.disarm_unrun();
        }
        Some(f)
    }

    /// Takes the closure of a job that is the pool's.
    fn claim_counted(&self) -> Option<F> {
        // SAFETY: it has just been claimed.
        self.state.claim_counted().then(|| unsafe { self.payload.take_closure() })
    }

    /// The claimed job has ended, and its result was [left](Task::leave). Returns the payload that no handle will hear of.
    ///
    /// Neither the closure nor the result may be an argument here: what they borrow may end while this function has not
    /// returned, as soon as the waiter knows, and a reference among the arguments promises to be good until then.
    #[inline]
    fn complete(&self) -> thread::Result<()> {
        let (seen, waiter) = self.state.finish();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
        if seen.is_detached() { self.drop_result() } else { Ok(()) }
    }

    /// The result is not wanted. The destructor of a value is the last of the job's code that runs.
    #[cold]
    fn drop_result(&self) -> thread::Result<()> {
        // SAFETY: the job is done and detached, and of those two changes the caller's came second.
        let result = unsafe { self.payload.take_result() };
        self.state.discard();
        match result {
            Ok(value) => catch_unwind(AssertUnwindSafe(|| drop(value))),
            Err(JoinError::Panicked(panic)) => Err(panic.thrown_again()),
            Err(_) => Ok(()),
        }
    }

    /// Ends the job unrun, if it is not claimed. Returns whether it did. `count` is told whether the job counts.
    ///
    /// In this order: what the job holds is dropped, its submitter is [told](crate::Attributes::on_unrun), the job is counted, and
    /// the handle learns of it. So a thread that has the result finds the captures gone, as after a job that ran. Panics at the end
    /// with what a destructor panicked with.
    fn end_unrun(&self, reason: Reason, count: impl FnOnce(bool)) -> bool {
        let Some((f, counted)) = self.claim() else { return false };
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(f)));
        if let Some(rare) = &self.rare {
            rare.tell_unrun(reason);
        }
        count(counted);
        // The error is no panic, so there is nothing else to be heard of.
        let _ = self.leave(Outcome::Missed(JoinError::unrun(reason), Ok(())));
        let _ = self.complete();
        dropped.unwrap_or_else(|payload| resume_unwind(payload));
        true
    }

    /// The ticket is dropped unrun. If the job was the pool's, it is counted there.
    pub(crate) fn discard(&self, reason: Reason, context: Option<&JobContext>) {
        let count = || {
            if let Some(context) = context {
                context.count_discarded();
            }
        };
        // Submitted anew, it counts whatever has become of it. (Only jobs are discarded: the halves of a join never count,
        // and their tickets orphan them.)
        let is_anew = !self.state.look().is_counted();
        let count_if = |counted| {
            if counted || is_anew {
                count();
            }
        };
        if !self.end_unrun(reason, count_if) && is_anew {
            count();
        }
    }

    /// The pool hands the ticket back. Returns whether that is a job's end for the pool.
    pub(crate) fn release(&self) -> bool {
        let seen = self.state.count_no_more();
        seen.is_queued() || !seen.is_counted()
    }

    /// The ticket is gone, unrun; the waiter has to see to the job itself.
    pub(crate) fn orphan(&self) {
        if let Some(waiter) = self.state.orphan() {
            waiter.wake();
        }
    }

    /// Takes the result, if it is there.
    #[inline]
    pub(crate) fn take(&self) -> Option<Result<T, JoinError>> {
        // SAFETY: it has just become the caller's.
        self.state.take().is_ok().then(|| unsafe { self.payload.take_result() })
    }
}

impl<F, T> Drop for Task<F, T> {
    fn drop(&mut self) {
        let seen = self.state.at_last();
        if seen.is_queued() {
            // SAFETY: nobody has claimed, and nobody else is left to do so.
            drop(unsafe { self.payload.take_closure() });
        } else if seen.is_done() {
            // SAFETY: the result was left, nobody has taken it, and nobody else is left to do so.
            drop(unsafe { self.payload.take_result() });
        }
    }
}

impl<C> TaskRef<C> {
    /// The same owner, that knows no more of the task than that it is a job with this result.
    pub(crate) fn erased<'a, T>(self) -> TaskRef<dyn Claim<T> + 'a>
    where
        C: Claim<T> + 'a,
    {
        // SAFETY: the pointer is coerced and nothing else.
        unsafe { self.cast(|place: NonNull<Counted<C>>| -> NonNull<Counted<dyn Claim<T> + 'a>> { place }) }
    }
}

/// A claimable job as its handle sees it: only the result has a type.
pub(crate) trait Claim<T>: Send + Sync {
    /// Runs the job in place of the waiter, if it is not claimed.
    fn run_in_place(&self, cx: Option<RunContext<'_>>);
    /// Until the job has ended or the deadline has passed, a worker of a pool whose workers [help](crate::Helping) does so. Any
    /// other thread does not wait here.
    fn wait_helping(&self, deadline: Option<Instant>);
    /// Blocks until the job is done, or orphaned, or the deadline has passed.
    fn wait_until(&self, deadline: Option<Instant>) -> Wait;
    fn take(&self) -> Option<Result<T, JoinError>>;
    /// Takes the result, or leaves the waker to be called when it is there.
    fn poll(&self, waker: &Waker) -> Option<Result<T, JoinError>>;
    fn is_finished(&self) -> bool;
    /// Has this one woken when the job is done, instead of any before. Returns whether it is done by now.
    fn wake_when_done(&self, waiter: Waiter) -> bool;
    /// The only one who waits does not any more.
    fn clear_waker(&self);
    /// Ends the job if it has not started, counting it here if it counts. Returns whether it did. If it runs, its token
    /// is set.
    fn cancel(&self, context: &JobContext) -> bool;
    /// As `cancel`, of a job whose time to start has passed.
    fn expire(&self, context: &JobContext) -> bool;
    /// What the job asks for, if it is anything rare.
    fn rare(&self) -> Option<&RareAttributes>;
    /// Whether it is not claimed.
    fn is_queued(&self) -> bool;
    /// As [`run_ticket`](Task::run_ticket), for a second ticket, which is no job by itself: it leaves alone what the pool
    /// has handed back.
    fn run_boosted(&self, cx: Option<RunContext<'_>>) -> thread::Result<()>;
    /// The result will not be asked for any more. Returns the panic, if the job has ended with one already.
    fn detach(&self) -> Option<Panic>;
}

impl<F: FnOnce() -> T + Send, T: Send> Claim<T> for Task<F, T> {
    fn run_in_place(&self, cx: Option<RunContext<'_>>) {
        let _plain = enter_plain();
        // The caller has the handle, so what is left to be heard of is a destructor, of a closure that was dropped
        // because it was too late to start.
        // The thread is in the midst of another job, which is not to die of it.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.report(self.run(cx), cx))).flatten();
        if let Err(payload) = outcome {
            drop_quietly(payload);
        }
    }

    fn wait_helping(&self, deadline: Option<Instant>) {
        Task::wait_helping(self, deadline);
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Wait {
        Task::wait_until(self, deadline)
    }

    fn take(&self) -> Option<Result<T, JoinError>> {
        Task::take(self)
    }

    fn poll(&self, waker: &Waker) -> Option<Result<T, JoinError>> {
        if let Some(result) = Task::take(self) {
            return Some(result);
        }
        let seen = self.announce(Waiter::Waker(waker.clone()));
        assert!(!seen.has_ended() || seen.is_done(), "a job handle was polled after it had completed");
        if seen.is_done() { Task::take(self) } else { None }
    }

    fn is_finished(&self) -> bool {
        self.state.look().has_ended()
    }

    fn wake_when_done(&self, waiter: Waiter) -> bool {
        self.announce(waiter).has_ended()
    }

    fn clear_waker(&self) {
        drop(self.state.try_take_waiter());
    }

    fn cancel(&self, context: &JobContext) -> bool {
        if self.end_unrun(Reason::Cancelled, |counted| {
            if counted {
                context.count_cancelled()
            }
        }) {
            return true;
        }
        let token = self.rare.as_ref().and_then(|rare| rare.token.as_ref());
        if let Some(token) = token.filter(|_| self.state.look().is_running()) {
            token.cancel();
        }
        false
    }

    fn expire(&self, context: &JobContext) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.has_expired())
            && self.end_unrun(Reason::Expired, |counted| {
                if counted {
                    context.count_expired()
                }
            })
    }

    fn rare(&self) -> Option<&RareAttributes> {
        self.rare.as_deref()
    }

    fn is_queued(&self) -> bool {
        self.state.look().is_queued()
    }

    fn run_boosted(&self, cx: Option<RunContext<'_>>) -> thread::Result<()> {
        let Some(f) = self.claim_counted() else { return Ok(()) };
        let outcome = self.run_closure(f, cx);
        let dropped = self.leave(outcome);
        self.report(self.complete().and(dropped), cx)
    }

    fn detach(&self) -> Option<Panic> {
        let seen = self.state.detach();
        drop(self.state.try_take_waiter());
        if !seen.is_done() {
            return None;
        }
        // SAFETY: the job is done, and was so before it was detached, which the handle does once and at its end.
        let result = unsafe { self.payload.take_result() };
        self.state.discard();
        match result {
            Err(JoinError::Panicked(panic)) => Some(panic),
            _ => None,
        }
    }
}
