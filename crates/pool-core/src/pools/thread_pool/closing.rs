//! How a pool closes, also where the gate's heavy fence fails.
//!
//! Otherwise closing drops the inlet, and then tells the workers. Where the fence has failed the inlet [stays](crate::sync::gate), and
//!
//! - the workers are told in their word of signals, and woken. From then on they park for at most a short time. One
//!   that has waited for so long in vain, and had found the gate quiet before it looked, takes the channel for closed.
//! - A submitter that none of them saw looks, when it leaves, whether the pool has ended, and then gives up what lies in the
//!   channel. Against it, the end is announced, then there is a fence, and then the channel is looked through again: either
//!   the submitter sees the end, or the look sees what it pushed.

use std::sync::atomic::{Ordering::SeqCst, fence};

use super::core::Core;
use super::signals::Signal;
use crate::current;
use crate::strategy::{Outlet, Strategy, try_lock_spinning};
use crate::sync::gate::Late;
use crate::{PoolState, Reason};

impl<S: Strategy> Core<S> {
    pub(super) fn close(&self) {
        // In this order, so that a thread that sees the new state also finds the gate closed.
        self.gate.close();
        if self.gate.unfenced().is_some() {
            self.lifecycle.signals.put(Signal::UNFENCED, true);
            self.parking.wake_all();
        }
        self.lifecycle.begin_end();
        self.wake_helpers();
        self.going_on.close();
        self.wake_line();
        if self.lifecycle.release_kept_open() {
            let _stands_in = current::stand_in(self.context().id());
            self.drain_from(0, Reason::ShutDown);
            self.end(Reason::ShutDown);
        }
    }

    /// The pool has ended, and no worker will look into the channel any more.
    pub(super) fn recheck_channel(&self) {
        if self.gate.unfenced().is_some() {
            fence(SeqCst);
            self.give_up_late();
        }
    }

    fn give_up_late(&self) {
        // Another thread may be at it, or this one further up, which submits in a destructor of what it has drained.
        let Some(mut spare) = try_lock_spinning(&self.spare) else { return };
        let mut late = Vec::new();
        spare.drain(&mut late);
        drop(spare);
        late.into_iter().for_each(|job| self.context().discard(job, self.lifecycle.why_closed()));
    }
}

impl<S: Strategy> Late for Core<S> {
    /// It may be a job that was pushed after a `shutdown_now` had emptied the queue. The workers would take it only when they
    /// have finished what they run, and those of a pool that was closed without a fence may be gone.
    fn surfaced(&self) {
        let has_ended = self.state() == PoolState::Terminated;
        if has_ended && self.gate.unfenced().is_some() {
            self.give_up_late();
        } else if !has_ended && self.lifecycle.gives_back() {
            self.set_aside_queued();
        }
    }
}
