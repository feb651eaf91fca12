//! A claimable job: the closure in a cell that its ticket and its waiter share.
//!
//! ```text
//! Queued(closure) --claim--> Running --complete--> Done(result) --take--> Gone
//!        \---------------cancel, discard------------^
//! ```
//!
//! Whoever claims the closure runs it: the worker that pops the ticket, or the waiter in place of
//! itself. Every change is made under the cell's lock, which is never held while anything of the user's runs or is
//! dropped (wakers included), so there is no protocol here beyond that of a mutex.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::{self, Thread};
use std::time::Instant;

use crate::book::Desk;
use crate::error::{Panic, drop_quietly};
use crate::job::run_counted;
use crate::ledger::Ledger;
use crate::{JoinError, Reason};

pub(crate) struct Cell<F, T>(Mutex<Inner<F, T>>);

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
    pub(crate) fn job(f: F) -> Self {
        Self::new(f, true)
    }

    /// Half of a join, which is not.
    pub(crate) fn fork(f: F) -> Self {
        Self::new(f, false)
    }

    fn new(f: F, counted: bool) -> Self {
        Cell(Mutex::new(Inner {
            state: State::Queued(f),
            waiter: None,
            counted,
            detached: false,
            orphaned: false,
        }))
    }

    /// Runs the job if nobody has claimed it. The error is the payload of a panic that no handle will hear of.
    pub(crate) fn run(&self, desk: Option<Desk<'_>>) -> thread::Result<()> {
        let Some((f, counted)) = self.claim() else { return Ok(()) };
        self.complete(run_counted(f, desk.filter(|_| counted)))
    }

    /// As [`run`](Cell::run), for the job's ticket, which counts also when there is nothing left to run but it was
    /// submitted anew.
    pub(crate) fn run_ticket(&self, desk: Option<Desk<'_>>) -> thread::Result<()> {
        match self.take_closure() {
            // The cell is told when the job is counted, so whoever has the result also finds it counted.
            (Some(f), _) => self.complete(run_counted(f, desk)),
            (None, false) => run_counted(|| (), desk),
            (None, true) => Ok(()),
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
        let counted = inner.counted;
        match mem::replace(&mut inner.state, State::Running) {
            State::Queued(f) => (Some(f), counted),
            other => {
                inner.state = other;
                (None, counted)
            }
        }
    }

    /// The closure has run. It must not be an argument here: what it borrows may end while this function has not
    /// returned, as soon as the waiter knows.
    fn complete(&self, outcome: thread::Result<T>) -> thread::Result<()> {
        let mut inner = self.lock();
        if inner.detached {
            inner.state = State::Gone;
            drop(inner);
            // Nobody wants the value. Its destructor is the last of the job's code that runs here.
            return outcome.and_then(|value| catch_unwind(AssertUnwindSafe(|| drop(value))));
        }
        inner.state = State::Done(outcome.map_err(|payload| JoinError::Panicked(Panic::caught(payload))));
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
        let mut inner = self.lock();
        inner.state = State::Done(Err(error));
        Self::unlock_and_wake(inner);
        drop(f);
        true
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// Ends the job if it has not started, counting it here if it counts. Returns whether it did.
    fn cancel(&self, ledger: &Ledger) -> bool;
    /// Nobody will ask for the result any more. Returns the panic, if the job has ended with one already.
    fn detach(&self) -> Option<Panic>;
}

impl<F: FnOnce() -> T + Send, T: Send> Claim<T> for Cell<F, T> {
    fn run_in_place(&self, desk: Option<Desk<'_>>) {
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
        self.end_unrun(JoinError::Cancelled, || ledger.count_cancelled())
    }

    fn detach(&self) -> Option<Panic> {
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
            State::Done(Err(JoinError::Panicked(panic))) => Some(panic),
            _ => None,
        }
    }
}
