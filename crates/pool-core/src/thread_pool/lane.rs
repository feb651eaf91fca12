//! Tickets that found the queue full.
//!
//! A ticket leads a worker to work that is kept elsewhere, and losing one could leave that work undone, so a
//! bounded queue's limit cannot be for tickets. One that is refused goes to this side lane, which workers look at
//! after every pop.
//!
//! No ticket is forgotten: whoever puts one here then pushes a no-op job. If that is queued, a worker pops it and
//! looks. If it is refused, the queue was full after the ticket was put, so a pop is still to come, and whoever makes it
//! looks. (Count and queue positions are sequentially consistent, so "after" has one meaning.)

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::job::Task;
use crate::ledger::Desk;
use crate::{Job, Ledger, Reason};

#[derive(Default)]
pub(super) struct Lane {
    count: AtomicUsize,
    tickets: Mutex<VecDeque<Job>>,
}

impl Lane {
    pub(super) fn put(&self, ticket: Job) {
        let mut tickets = self.lock();
        tickets.push_back(ticket);
        self.count.store(tickets.len(), SeqCst);
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(SeqCst) == 0
    }

    /// Takes what is there now.
    #[cold]
    pub(super) fn take(&self) -> VecDeque<Job> {
        let mut tickets = self.lock();
        // Tickets are counted under the lock, so this forgets none.
        self.count.store(0, SeqCst);
        std::mem::take(&mut *tickets)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that does nothing, so that a worker looks up.
pub(super) struct Nudge;

impl Task for Nudge {
    const IS_JOB: bool = false;

    fn run(self, _: Option<Desk<'_>>) -> thread::Result<Option<Job>> {
        Ok(None)
    }

    fn discard(self, _: Reason, _: Option<&Ledger>) {}

    fn release(&self) -> bool {
        false
    }
}
