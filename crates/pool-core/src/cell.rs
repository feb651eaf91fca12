//! A claimable job: the closure in a cell that its ticket and its waiter share.
//!
//! ```text
//! Queued(closure) --claim--> Running --complete--> Done(result) --take--> Gone
//!        \---------------cancel, discard------------^
//! ```
//!
//! Whoever claims the closure runs it: the worker that pops the ticket, or the waiter in place of
//! itself. A closure that it is too late to start, as its attributes say, is dropped instead, by whoever claims it.
//! Every change is made under the cell's lock, which is never held while anything of the user's runs or is
//! dropped (wakers included), so there is no protocol here beyond that of a mutex.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::{self, Thread};
use std::time::Instant;

use crate::attributed::{Outcome, Rare, enter_plain};
use crate::error::{Panic, drop_quietly};
use crate::job::run_counted;
use crate::ledger::{Desk, Ledger};
use crate::raise::Raised;
use crate::sync::Arc;
use crate::{Job, JoinError, Reason};

pub(crate) struct Cell<F, T> {
    inner: Mutex<Inner<F, T>>,
    /// What the job asks for, if it is anything rare.
    rare: Option<Box<Rare>>,
}

struct Inner<F, T> {
    state: State<F, T>,
    waiter: Option<Waiter>,
    /// The job is one of the pool's: it counts where it ends. Not so once the pool has handed it back; if it is then
    /// submitted anew, its ticket counts, whatever has become of the job.
    counted: bool,
    /// Nobody will ask for the result.
    detached: bool,
    /// The ticket was dropped: no worker will claim the job any more.
    orphaned: bool,
}

impl<F, T> Inner<F, T> {
    fn take_closure(&mut self) -> Option<F> {
        match mem::replace(&mut self.state, State::Running) {
            State::Queued(f) => Some(f),
            other => {
                self.state = other;
                None
            }
        }
    }
}

enum State<F, T> {
    Queued(F),
    Running,
    Done(Result<T, JoinError>),
    Gone,
}

enum Waiter {
    Thread(Thread),
    Task(Waker),
}

impl Waiter {
    /// Never panics: a waker is somebody else's code, and the thread that ends a job has no part in it.
    fn wake(self) {
        match self {
            Waiter::Thread(thread) => thread.unpark(),
            Waiter::Task(waker) => {
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                    drop_quietly(payload);
                }
            }
        }
    }
}

/// What a waiter finds.
pub(crate) enum Wait {
    Done,
    /// Nobody but the waiter can run the job.
    Orphaned,
    TimedOut,
}

impl<F: FnOnce() -> T, T> Cell<F, T> {
    /// A job of a pool's, which is counted.
    pub(crate) fn job(f: F, rare: Option<Rare>) -> Self {
        Self::new(f, true, rare.map(Box::new))
    }

    /// Half of a join, which is not.
    pub(crate) fn fork(f: F) -> Self {
        Self::new(f, false, None)
    }

    fn new(f: F, counted: bool, rare: Option<Box<Rare>>) -> Self {
        let state = State::Queued(f);
        let inner = Inner { state, waiter: None, counted, detached: false, orphaned: false };
        Cell { inner: Mutex::new(inner), rare }
    }

    /// Runs the job if nobody has claimed it. The error is the payload of a panic that no handle will hear of.
    pub(crate) fn run(&self, desk: Option<Desk<'_>>) -> thread::Result<()> {
        let Some((f, counted)) = self.claim() else { return Ok(()) };
        let outcome = self.run_closure(f, desk.filter(|_| counted));
        self.finish(outcome)
    }

    /// As [`run`](Cell::run), for the job's ticket, which counts also when there is nothing left to run but it was
    /// submitted anew.
    pub(crate) fn run_ticket(&self, desk: Option<Desk<'_>>) -> thread::Result<()> {
        let unheard = match self.take_closure() {
            (Some(f), _) => {
                let outcome = self.run_closure(f, desk);
                self.finish(outcome)
            }
            (None, false) => run_counted(|| (), desk),
            (None, true) => Ok(()),
        };
        self.report(unheard, desk)
    }

    /// As [`run_ticket`](Cell::run_ticket), for a second ticket, which is no job by itself: it leaves alone what the pool
    /// has handed back.
    pub(crate) fn run_raised(&self, desk: Option<Desk<'_>>) -> thread::Result<()> {
        let Some(f) = self.claim_counted() else { return Ok(()) };
        let outcome = self.run_closure(f, desk);
        let unheard = self.finish(outcome);
        self.report(unheard, desk)
    }

    /// A panic that no handle hears of is reported here if the job has a name to report it by, or else returned.
    fn report(&self, unheard: thread::Result<()>, desk: Option<Desk<'_>>) -> thread::Result<()> {
        match &self.rare {
            None => unheard,
            Some(rare) => rare.report(unheard, desk),
        }
    }

    fn run_closure(&self, f: F, desk: Option<Desk<'_>>) -> Outcome<T> {
        match &self.rare {
            None => Outcome::Ran(run_counted(f, desk)),
            Some(rare) => rare.run(f, desk),
        }
    }

    /// The closure has run, or was dropped, and is counted, so that whoever has the result also finds the job counted.
    /// It must not be an argument here: what it borrows may end while this function has not returned, as soon as the
    /// waiter knows.
    fn finish(&self, outcome: Outcome<T>) -> thread::Result<()> {
        match outcome {
            Outcome::Ran(outcome) => self.complete(outcome),
            Outcome::Missed(error, dropped) => {
                self.end(error);
                dropped
            }
        }
    }

    /// Takes the closure, if nobody has, and says whether it counts. Whoever does must run it and
    /// [`complete`](Cell::complete) the cell, or own the cell alone.
    pub(crate) fn claim(&self) -> Option<(F, bool)> {
        let (f, counted) = self.take_closure();
        f.map(|f| (f, counted))
    }

    fn take_closure(&self) -> (Option<F>, bool) {
        let mut inner = self.lock();
        (inner.take_closure(), inner.counted)
    }

    /// Takes the closure of a job that is the pool's.
    fn claim_counted(&self) -> Option<F> {
        let mut inner = self.lock();
        if inner.counted { inner.take_closure() } else { None }
    }

    fn complete(&self, outcome: thread::Result<T>) -> thread::Result<()> {
        let mut inner = self.lock();
        if inner.detached {
            inner.state = State::Gone;
            drop(inner);
            // Nobody wants the value. Its destructor is the last of the job's code that runs here.
            return outcome.and_then(|value| catch_unwind(AssertUnwindSafe(|| drop(value))));
        }
        inner.state = State::Done(outcome.map_err(|payload| JoinError::Panicked(Panic::new(payload))));
        Self::unlock_and_wake(inner);
        Ok(())
    }

    /// Ends the job unrun, if nobody has claimed it. Returns whether it did. If the job counts, `count` is called
    /// first: before anybody hears of the end, and before a destructor gets the chance to panic.
    fn end_unrun(&self, error: JoinError, count: impl FnOnce()) -> bool {
        let Some((f, counted)) = self.claim() else { return false };
        if counted {
            count();
        }
        self.end(error);
        drop(f);
        true
    }

    /// The claimed job ends without a result.
    fn end(&self, error: JoinError) {
        let mut inner = self.lock();
        inner.state = State::Done(Err(error));
        Self::unlock_and_wake(inner);
    }

    /// The ticket is dropped unrun. If the job was a ledger's, it is counted there.
    pub(crate) fn discard(&self, reason: Reason, ledger: Option<&Ledger>) {
        let count = || {
            if let Some(ledger) = ledger {
                ledger.count_discarded();
            }
        };
        if self.is_handed_back() {
            count();
        }
        self.end_unrun(JoinError::Unrun(reason), count);
    }

    /// The pool hands the ticket back. Returns whether that is a job's end for the pool.
    pub(crate) fn release(&self) -> bool {
        let mut inner = self.lock();
        let live = matches!(inner.state, State::Queued(_));
        let handed_back_before = !mem::take(&mut inner.counted);
        live || handed_back_before
    }

    /// Whether the ticket was handed back. Only for jobs: the halves of a join never count.
    fn is_handed_back(&self) -> bool {
        !self.lock().counted
    }

    /// The ticket is gone, unrun; the waiter has to see to the job itself.
    pub(crate) fn orphan(&self) {
        let mut inner = self.lock();
        inner.orphaned = true;
        Self::unlock_and_wake(inner);
    }

    fn unlock_and_wake(mut inner: MutexGuard<'_, Inner<F, T>>) {
        let waiter = inner.waiter.take();
        drop(inner);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// Blocks until the job is done, or orphaned, or the deadline has passed.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Wait {
        loop {
            let before = {
                let mut inner = self.lock();
                match inner.state {
                    State::Done(_) | State::Gone => return Wait::Done,
                    State::Queued(_) if inner.orphaned => return Wait::Orphaned,
                    _ => inner.waiter.replace(Waiter::Thread(thread::current())),
                }
            };
            // It may be a waker, whose destructor is somebody else's code.
            drop(before);
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(left) if left.is_zero() => return Wait::TimedOut,
                Some(left) => thread::park_timeout(left),
            }
        }
    }

    /// Takes the result, if it is there.
    pub(crate) fn take(&self) -> Option<Result<T, JoinError>> {
        let mut inner = self.lock();
        match mem::replace(&mut inner.state, State::Gone) {
            State::Done(result) => Some(result),
            other => {
                inner.state = other;
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<F, T>> {
        // Nothing that can panic runs under the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A claimable job as its handle sees it: only the result has a type.
pub(crate) trait Claim<T>: Send + Sync {
    /// Runs the job in place of the waiter, if nobody has claimed it.
    fn run_in_place(&self, desk: Option<Desk<'_>>);
    fn wait(&self, deadline: Option<Instant>) -> Wait;
    fn take(&self) -> Option<Result<T, JoinError>>;
    /// Takes the result, or leaves the waker to be called when it is there.
    fn poll(&self, waker: &Waker) -> Option<Result<T, JoinError>>;
    fn is_finished(&self) -> bool;
    /// Ends the job if it has not started, counting it here if it counts. Returns whether it did. If it runs, its token
    /// is set.
    fn cancel(&self, ledger: &Ledger) -> bool;
    /// As `cancel`, of a job whose time to start has passed.
    fn expire(&self, ledger: &Ledger) -> bool;
    /// What the job asks for, if it is anything rare.
    fn rare(&self) -> Option<&Rare>;
    /// A second ticket, if nobody has claimed the job.
    fn raised(self: Arc<Self>) -> Option<Job>
    where
        Self: 'static;
    /// Nobody will ask for the result any more. Returns the payload, if the job has panicked already.
    fn detach(&self) -> Option<Box<dyn Any + Send>>;
}

impl<F: FnOnce() -> T + Send, T: Send> Claim<T> for Cell<F, T> {
    fn run_in_place(&self, desk: Option<Desk<'_>>) {
        let _plain = enter_plain();
        // Only a detached job returns a payload, and this one has a handle: the caller's.
        let _ = self.run(desk);
    }

    fn wait(&self, deadline: Option<Instant>) -> Wait {
        Cell::wait(self, deadline)
    }

    fn take(&self) -> Option<Result<T, JoinError>> {
        Cell::take(self)
    }

    fn poll(&self, waker: &Waker) -> Option<Result<T, JoinError>> {
        let waker = waker.clone();
        let mut inner = self.lock();
        match mem::replace(&mut inner.state, State::Gone) {
            State::Done(result) => Some(result),
            State::Gone => panic!("a job handle was polled after it had completed"),
            other => {
                inner.state = other;
                let before = inner.waiter.replace(Waiter::Task(waker));
                drop(inner);
                drop(before);
                None
            }
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self.lock().state, State::Done(_) | State::Gone)
    }

    fn cancel(&self, ledger: &Ledger) -> bool {
        if self.end_unrun(JoinError::Cancelled, || ledger.count_cancelled()) {
            return true;
        }
        let token = self.rare.as_ref().and_then(|rare| rare.token.as_ref());
        if let Some(token) = token.filter(|_| matches!(self.lock().state, State::Running)) {
            token.cancel();
        }
        false
    }

    fn expire(&self, ledger: &Ledger) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.has_expired())
            && self.end_unrun(JoinError::Unrun(Reason::Expired), || ledger.count_expired())
    }

    fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    fn raised(self: Arc<Self>) -> Option<Job>
    where
        Self: 'static,
    {
        let queued = matches!(self.lock().state, State::Queued(_));
        queued.then(|| Job::from_task(Raised(self)))
    }

    fn detach(&self) -> Option<Box<dyn Any + Send>> {
        let mut inner = self.lock();
        inner.detached = true;
        let waiter = inner.waiter.take();
        let state = match inner.state {
            State::Done(_) => mem::replace(&mut inner.state, State::Gone),
            _ => State::Gone,
        };
        drop(inner);
        drop(waiter);
        match state {
            State::Done(Err(JoinError::Panicked(panic))) => Some(panic.into_payload()),
            _ => None,
        }
    }
}
