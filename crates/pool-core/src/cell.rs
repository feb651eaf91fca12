//! A claimable job: the closure in a cell that its ticket and its waiter share.
//!
//! ```text
//! Queued(closure) --claim--> Running --complete--> Done(result) --take--> Gone
//!        \---------------cancel, discard------------^
//! ```
//!
//! Whoever claims the closure runs it: the worker that pops the ticket, or the waiter in place of
//! itself. Every change is made under the cell's lock, which is never held while anything of the user's runs or is
//! dropped, so there is no protocol here beyond that of a mutex.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::{self, Thread};
use std::time::Instant;

use crate::error::Panic;
use crate::ledger::Desk;
use crate::{JoinError, Reason};

pub(crate) struct Cell<F, T>(Mutex<Inner<F, T>>);

struct Inner<F, T> {
    state: State<F, T>,
    waiter: Option<Waiter>,
    /// The job is one of the pool's: it counts where it ends.
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
    fn wake(self) {
        match self {
            Waiter::Thread(thread) => thread.unpark(),
            Waiter::Task(waker) => waker.wake(),
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
        let count = desk.filter(|_| counted).map(Desk::start);
        let outcome = catch_unwind(AssertUnwindSafe(f));
        // Counted first, so that whoever has the result also finds the job counted.
        if let Some(count) = count {
            count.finish(outcome.is_err());
        }
        self.complete(outcome)
    }

    /// Takes the closure, if nobody has. Whoever does must run it and [`complete`](Cell::complete) the cell, or own
    /// the cell alone.
    pub(crate) fn claim(&self) -> Option<(F, bool)> {
        let mut inner = self.lock();
        match mem::replace(&mut inner.state, State::Running) {
            State::Queued(f) => Some((f, inner.counted)),
            other => {
                inner.state = other;
                None
            }
        }
    }

    fn complete(&self, outcome: Result<T, Box<dyn Any + Send>>) -> thread::Result<()> {
        let mut inner = self.lock();
        let (result, unheard) = match outcome {
            Err(payload) if inner.detached => (None, Err(payload)),
            Err(payload) => (Some(Err(JoinError::Panicked(Panic::new(payload)))), Ok(())),
            Ok(value) => (Some(Ok(value)), Ok(())),
        };
        inner.state = result.map_or(State::Gone, State::Done);
        let waiter = inner.waiter.take();
        drop(inner);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
        unheard
    }

    /// Drops the closure unrun, if nobody has claimed it. Returns whether it did and the job counted.
    fn drop_unrun(&self, error: JoinError) -> Option<bool> {
        let mut inner = self.lock();
        let State::Queued(_) = inner.state else { return None };
        let State::Queued(f) = mem::replace(&mut inner.state, State::Done(Err(error))) else {
            unreachable!("checked under the same lock")
        };
        let waiter = inner.waiter.take();
        let counted = inner.counted;
        drop(inner);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
        drop(f);
        Some(counted)
    }

    pub(crate) fn discard(&self, reason: Reason) -> bool {
        self.drop_unrun(JoinError::Unrun(reason)).unwrap_or(false)
    }

    /// The pool gives the job back. Returns whether it was still to be run.
    pub(crate) fn release(&self) -> bool {
        let mut inner = self.lock();
        let live = matches!(inner.state, State::Queued(_));
        mem::take(&mut inner.counted) && live
    }

    /// The ticket is gone, unrun; the waiter has to see to the job itself.
    pub(crate) fn orphan(&self) {
        let mut inner = self.lock();
        inner.orphaned = true;
        let waiter = inner.waiter.take();
        drop(inner);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// Blocks until the job is done, or orphaned, or the deadline has passed.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Wait {
        loop {
            {
                let mut inner = self.lock();
                match inner.state {
                    State::Done(_) | State::Gone => return Wait::Done,
                    State::Queued(_) if inner.orphaned => return Wait::Orphaned,
                    _ => inner.waiter = Some(Waiter::Thread(thread::current())),
                }
            }
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
    /// `Some` if this call ended the job: whether the job counted.
    fn cancel(&self) -> Option<bool>;
    /// Nobody will ask for the result any more. Returns the payload, if the job has panicked already.
    fn detach(&self) -> Option<Box<dyn Any + Send>>;
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
        let mut inner = self.lock();
        match mem::replace(&mut inner.state, State::Gone) {
            State::Done(result) => Some(result),
            State::Gone => panic!("a job handle was polled after it had completed"),
            other => {
                inner.state = other;
                let before = inner.waiter.replace(Waiter::Task(waker.clone()));
                drop(inner);
                drop(before);
                None
            }
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self.lock().state, State::Done(_) | State::Gone)
    }

    fn cancel(&self) -> Option<bool> {
        self.drop_unrun(JoinError::Cancelled)
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
