//! Submitters that wait for room in the queue without blocking their threads: see
//! [`PoolExt::spawn_async`](crate::PoolExt::spawn_async).
//!
//! A task whose job finds the queue full puts its waker into the [line](super::waiting_line), tries again, and only then waits.
//! A worker that has popped looks at the signals, as after each pop, and if there is a line wakes the first in it. That one tries
//! again, and goes back to its place if another was faster.
//!
//! # No wake-up is lost
//!
//! A task puts its waker into the line, which sets the signal; fence; it tries, and finds the queue full. A worker pops; it reads
//! the signal. If the attempt does not find the room of the pop, the worker finds the signal: the pops of our strategies are
//! sequentially consistent changes, or behind a mutex that the attempt takes as well. Whatever the strategy, a worker looks again
//! when it has found nothing and has announced that it parks, after which there is a fence, and then wakes all.
//!
//! A wake-up may come to one that does not need it any more: its task was dropped, its pool did not take it for another reason, or it
//! had found room before. So when it [leaves](WaitingLine::leave) and its waker is not in the line, it wakes the next.
//!
//! Closing the pool wakes all, once the gate is closed: one that comes later tries after that, and is rejected.
//!
//! While there is no line, all of this costs nothing: the signal is a bit of a word that workers look at anyway.

use std::sync::atomic::{Ordering::SeqCst, fence};
use std::task::Waker;

use super::core::Core;
use super::signals::Signal;
#[cfg(doc)]
use super::waiting_line::WaitingLine;
use crate::current::current;
use crate::job::room::{PlaceId, Room};
use crate::strategy::{Caller, Strategy};
use crate::{Job, QueueId, Rejected, Submit};

impl<S: Strategy> Core<S> {
    /// A pop has made room, or may have.
    #[cold]
    pub(super) fn offer_room(&self) {
        let seen = self.lifecycle.signals.now();
        if seen.has(Signal::SIDE_QUEUE) {
            self.requeue_side_queue();
        }
        if seen.has(Signal::ROOM) {
            self.waiting_line.wake_first(&self.lifecycle.signals);
        }
    }

    /// This worker has announced that it parks. Others may wake it meanwhile.
    pub(super) fn wake_line_before_parking(&self) {
        if self.lifecycle.signals.now().has(Signal::ROOM) {
            self.waiting_line.wake_all(&self.lifecycle.signals);
        }
    }
}

impl<S: Strategy> Room for Core<S> {
    fn submit_waiting(&self, job: Job, submit: Submit, is_first: bool) -> Result<(), Rejected> {
        let context = self.context();
        let stripe = if is_first { context.stripe() } else { context.entry_counters().uncounted() };
        let Some(inlet) = self.gate.enter(stripe) else { return Err(self.turn_away(job)) };
        let caller = current().filter(|worker| worker.pool == context.id());
        let caller = caller.map_or(Caller::Outside, |worker| Caller::Worker(worker.index));
        self.push_checked(inlet, job, submit.waiting_for_room(), caller)
    }

    fn place(&self, queue: QueueId) -> PlaceId {
        self.waiting_line.place(queue)
    }

    fn wait(&self, place: PlaceId, waker: Waker) {
        // Some thread of the parent may have held the lock, and in the child the next attempt ends it all.
        if self.lifecycle.is_forked() {
            return;
        }
        self.waiting_line.enter(place, waker, &self.lifecycle.signals);
        fence(SeqCst);
    }

    fn leave(&self, place: PlaceId) {
        if !self.lifecycle.is_forked() {
            self.waiting_line.leave(place, &self.lifecycle.signals);
        }
    }
}
