//! Submitters that wait for room in the queue without blocking their threads: see
//! [`PoolExt::spawn_async`](crate::PoolExt::spawn_async), and [`waiting_line`](crate::sync::waiting_line) for the protocol.
//!
//! The bit that tells of the line is a signal, which workers look at after each pop anyway. So all of this costs nothing while there
//! is no line.
//!
//! The protocol asks for a pop that is ordered before the look at the signals. A strategy may have another: so a worker also wakes all in
//! the line when it has found nothing and has announced that it parks, after which there is a fence.
//!
//! Closing the pool wakes all, once the gate is closed: one that comes later tries after that, and is rejected.

use std::task::Waker;

use super::core::Core;
use super::signals::Signal;
use crate::job::room::{PlaceId, Room};
use crate::job::task::Waiter;
use crate::strategy::{Caller, Strategy};
use crate::sync::waiting_line::Left;
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
            wake(self.line.take_first(self.note_line()));
        }
    }

    /// This worker has announced that it parks. Others may wake it meanwhile.
    pub(super) fn wake_line_before_parking(&self) {
        if self.lifecycle.signals.now().has(Signal::ROOM) {
            self.wake_line();
        }
    }

    pub(super) fn wake_line(&self) {
        wake(self.line.take_all(self.note_line()));
    }

    fn note_line(&self) -> impl Fn(bool) {
        |is_there| self.lifecycle.signals.put(Signal::ROOM, is_there)
    }
}

/// A waker is foreign code, which may panic.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(|waker| Waiter::Waker(waker).wake());
}

impl<S: Strategy> Room for Core<S> {
    fn submit_waiting(&self, job: Job, submit: Submit, is_first: bool) -> Result<(), Rejected> {
        let context = self.context();
        let stripe = if is_first { context.stripe() } else { context.entry_counters().uncounted() };
        let Some(inlet) = self.gate.enter(stripe) else { return Err(self.turn_away(job)) };
        let caller = context.index_here().map_or(Caller::Outside, Caller::Worker);
        self.push_checked(inlet, job, submit.waiting_for_room(), caller)
    }

    fn place(&self, queue: QueueId) -> PlaceId {
        self.line.place(queue)
    }

    fn wait(&self, place: PlaceId, waker: Waker) {
        // Some thread of the parent may have held the lock, and in the child the next attempt ends it all.
        if !self.lifecycle.is_forked() {
            drop(self.line.enter(place, waker, self.note_line()));
        }
    }

    fn leave(&self, place: PlaceId) {
        if self.lifecycle.is_forked() {
            return;
        }
        match self.line.leave(place, self.note_line()) {
            Left::Was(waker) => drop(waker),
            Left::Next(next) => wake(next),
        }
    }
}
