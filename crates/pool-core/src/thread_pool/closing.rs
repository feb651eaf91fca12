//! How a pool closes, also where the gate's heavy fence fails.
//!
//! Otherwise closing drops the inlet, and workers learn through the channel that nothing more will come. Where the fence has
//! failed the inlet [stays](crate::gate), and
//!
//! - the workers are told in their word of attention. From then on they wait for a job for at most [`POLL`] at a time. One
//!   that has waited for so long in vain, and had found the gate quiet before it looked, takes the channel for closed.
//! - Those that wait without a limit from before are woken. A nudge wakes some worker, or is taken out of the channel by one
//!   that knows already. So while there is a seat whose worker has not been told, each that knows pushes a nudge before it
//!   pops, or takes out what is queued, and steps back; and none leaves. Whoever takes out what is queued pushes one before that
//!   and one after it, and others while they wait to do the same. (A channel may be locked by a worker that waits for its next
//!   job.)
//! - A submitter whom nobody saw looks, when it leaves, whether the pool has ended, and then gives up what lies in the
//!   channel. Against it, the end is announced, then there is a fence, and then the channel is looked through again: either
//!   the submitter sees the end, or the look sees what it pushed.

use std::sync::atomic::{Ordering::SeqCst, fence};
use std::sync::{MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::attention::Matter;
use super::core::{Core, push_ticket};
use super::lane::Nudge;
use crate::current;
use crate::gate::Late;
use crate::strategy::{Outlet, Strategy, try_lock_patiently};
use crate::{Job, PoolState, Reason, Submit};

/// How long a worker waits for what may still come.
const POLL: Duration = Duration::from_millis(2);

/// How long it leaves a nudge to others.
const STEP: Duration = Duration::from_micros(500);

/// A worker's wait for what may still come, in a pool that was closed without a fence.
#[derive(Clone, Copy)]
pub(super) struct LastWait {
    pub(super) until: Instant,
    was_quiet: bool,
}

impl<S: Strategy> Core<S> {
    pub(super) fn close(&self) {
        // In this order, so that whoever sees the new state also finds the gate closed.
        self.gate.close();
        self.life.attention.put(Matter::UNFENCED, self.gate.unfenced().is_some());
        self.nudge_unfenced();
        self.life.begin_end();
        if self.life.keep_no_more() {
            let _stands_in = current::stand_in(self.ledger().id());
            self.empty_from(0, Reason::ShutDown);
            self.end(Reason::ShutDown);
        }
    }

    /// How long to wait for what may still come, if the channel will not say that it is closed.
    pub(super) fn last_wait(&self, index: usize) -> Option<LastWait> {
        if !self.life.attention.now().has(Matter::UNFENCED) {
            return None;
        }
        self.tell_others(index);
        Some(LastWait { was_quiet: self.gate.is_quiet(), until: Instant::now() + POLL })
    }

    /// A worker knows, and has others know before it touches the channel.
    pub(super) fn tell_others(&self, index: usize) {
        self.seats[index].is_told.store(true, SeqCst);
        if self.nudge_untold() {
            thread::sleep(STEP);
        }
    }

    /// Nudges while there are workers that do not know. Returns whether there are.
    pub(super) fn nudge_untold(&self) -> bool {
        let are_some = !self.are_all_told();
        if are_some {
            self.nudge_unfenced();
        }
        are_some
    }

    /// Whether nothing more will come. To be asked when a pop has timed out, which may also be so for no reason.
    pub(super) fn is_over(&self, wait: LastWait) -> bool {
        wait.was_quiet && self.are_all_told() && Instant::now() >= wait.until
    }

    fn are_all_told(&self) -> bool {
        self.mail.open_seats().all(|seat| self.seats[seat].is_told.load(SeqCst))
    }

    /// Has somebody look up who waits in a channel that is not closed though the gate is.
    pub(super) fn nudge_unfenced(&self) {
        if let Some(inlet) = self.gate.unfenced() {
            // If there is no room, nobody waits.
            drop(push_ticket(inlet, Job::from_task(Nudge), Submit::ticket()));
        }
    }

    /// Locks the outlet that only drains. Another thread may be draining and wait for a worker that waits without a limit; so
    /// this one nudges for as long as it waits itself.
    pub(super) fn lock_spare(&self) -> MutexGuard<'_, S::Outlet> {
        while self.gate.unfenced().is_some() {
            if let Some(spare) = try_lock_patiently(&self.spare) {
                return spare;
            }
            self.nudge_untold();
            thread::sleep(STEP);
        }
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pool has ended, and nobody will look into the channel any more.
    pub(super) fn look_again(&self) {
        if self.gate.unfenced().is_some() {
            fence(SeqCst);
            self.give_up_late();
        }
    }

    fn give_up_late(&self) {
        // Another thread may be at it, or this one further up, which submits in a destructor of what it has drained.
        let Some(mut spare) = try_lock_patiently(&self.spare) else { return };
        let mut late = Vec::new();
        spare.drain(&mut late);
        drop(spare);
        late.into_iter().for_each(|job| self.ledger().discard(job, self.life.why_closed()));
    }
}

impl<S: Strategy> Late for Core<S> {
    /// It may be a job that was pushed after a `shutdown_now` had emptied the queue. The workers would come by it only when they
    /// have finished what they run, and those of a pool that was closed without a fence may be gone.
    fn surfaced(&self) {
        let has_ended = self.state() == PoolState::Terminated;
        if has_ended && self.gate.unfenced().is_some() {
            self.give_up_late();
        } else if !has_ended && self.life.gives_back() {
            self.set_aside_queued();
        }
    }
}
