//! Tickets that found the queue full.
//!
//! A ticket leads a worker to work that is kept elsewhere, and losing one could leave that work undone, so a
//! bounded queue's limit cannot be for tickets. One that is refused goes to this side lane, which workers look at
//! after every pop: before they run what they popped, they try to queue the lane's tickets in the room that the pop
//! made, so that others can take them; afterwards they run what is still there, so that none waits for ever.
//!
//! No ticket is forgotten: whoever puts one here then pushes a no-op job. If that is queued, a worker pops it and
//! looks. If it is refused, the queue was full after the ticket was put, so a pop is still to come, and whoever makes it
//! looks. (The flag and queue positions are sequentially consistent, so "after" has one meaning.)

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::attention::{Attention, Matter};
use crate::book::Desk;
use crate::job::Task;
use crate::{Job, Ledger, Reason};

#[derive(Default)]
pub(super) struct Lane {
    tickets: Mutex<VecDeque<Job>>,
}

impl Lane {
    pub(super) fn put(&self, ticket: Job, attention: &Attention) {
        let mut tickets = self.lock();
        tickets.push_back(ticket);
        attention.put(Matter::LANE, true);
    }

    /// Takes the oldest ticket.
    #[inline]
    pub(super) fn take_one(&self, attention: &Attention) -> Option<Job> {
        if attention.now().has(Matter::LANE) { self.take(attention, VecDeque::pop_front) } else { None }
    }

    /// Takes what is there now.
    pub(super) fn take_all(&self, attention: &Attention) -> VecDeque<Job> {
        self.take(attention, std::mem::take)
    }

    #[cold]
    fn take<T>(&self, attention: &Attention, what: impl FnOnce(&mut VecDeque<Job>) -> T) -> T {
        let mut tickets = self.lock();
        let taken = what(&mut tickets);
        attention.put(Matter::LANE, !tickets.is_empty());
        taken
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

    fn release(&mut self) -> bool {
        false
    }
}
