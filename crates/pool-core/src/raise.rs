//! Raising a job that somebody waits for: a second ticket, at a more urgent level.
//!
//! A job with a handle is claimed once, by whoever comes first: the worker that pops either ticket, or a waiter.
//! The ticket that is left behind finds nothing to do. Neither ticket is counted as a job; each takes a place in a queue that
//! has a limit. A job that the pool has handed back is not the pool's any more, so a second ticket leaves it alone.

use std::sync::{OnceLock, Weak};
use std::thread;

use crate::book::Desk;
use crate::cell::{Claim, Shared};
use crate::job::Task;
use crate::ledger::Ledger;
use crate::sync::Arc;
use crate::{Job, Priority, Reason};

/// Who can queue a second ticket.
pub(crate) trait Raise: Send + Sync {
    /// Queues it, if there is room and the pool takes tickets; else the job keeps its place. Returns whether it did.
    fn raise(&self, ticket: Job, to: Priority) -> bool;
}

/// The way from the books of a pool to its queue; empty under an adapter.
#[derive(Default)]
pub(crate) struct RaiseSlot(OnceLock<Weak<dyn Raise>>);

impl RaiseSlot {
    pub(crate) fn set(&self, queue: Weak<dyn Raise>) {
        // A second one changes nothing.
        let _ = self.0.set(queue);
    }

    /// `None` also when the pool is gone.
    pub(crate) fn get(&self) -> Option<Arc<dyn Raise>> {
        self.0.get()?.upgrade()
    }
}

/// The second ticket.
pub(crate) struct Raised<T>(pub(crate) Shared<dyn Claim<T>>);

impl<T> Task for Raised<T> {
    const IS_JOB: bool = false;

    fn run(self, desk: Option<Desk<'_>>) -> thread::Result<Option<Job>> {
        self.0.run_raised(desk).map(|()| None)
    }

    /// The first ticket is still there.
    fn discard(self, _: Reason, _: Option<&Ledger>) {}

    fn release(&mut self) -> bool {
        false
    }
}
