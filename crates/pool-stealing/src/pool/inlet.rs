//! Where jobs enter: a worker's own deque, or the injector.

use std::sync::Arc;

use pool_core::strategy::{Caller, Inlet, Push};
use pool_core::{Job, Submit};

use crate::calls;
use crate::channel::Channel;
use crate::current_worker;

/// Where jobs enter a [`StealingPool`](crate::StealingPool).
pub struct StealingInlet(Arc<Channel>);

impl StealingInlet {
    pub(crate) fn new(channel: Arc<Channel>) -> Self {
        StealingInlet(channel)
    }
}

impl Inlet for StealingInlet {
    /// What a worker pushes needs no fence: see `calls`.
    const WAKES: bool = true;

    /// Never refuses, waits or displaces. A thread that is in one of the slots pushes into its own deque, whatever
    /// it pushes, unless that goes on with work that makes way; any other thread into the injector.
    // Always, so that the job is not moved once more.
    #[inline(always)]
    fn push(&self, job: Job, submit: Submit, _: Caller) -> Push {
        // SAFETY: nothing that is called here leaves a slot.
        match unsafe { current_worker::owner_in(&self.0) } {
            Some(owner) if !submit.goes_on() => {
                owner.push(job);
                if owner.stack().is_asked() {
                    calls::call(owner.stack(), &self.0.parking);
                }
            }
            _ => {
                self.0.injector.push(job);
                if submit.is_awaited() { self.0.parking.notify_and_wait() } else { self.0.parking.notify() }
            }
        }
        Push::Queued
    }
}
