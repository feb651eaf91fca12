//! Work that the pool has taken, and that goes on in another job: see [`Reentry`](crate::reentry::Reentry).

use std::task::Waker;

use super::core::Core;
use crate::job::reenter::Reenter;
use crate::strategy::{Caller, Strategy};
use crate::{Job, PoolState, Rejected, Submit};

impl<S: Strategy> Reenter for Core<S> {
    /// As from outside, also on a worker: where that has a queue of its own, which it works off newest first, two futures that wake
    /// each other would keep everything else from it.
    fn reenter(&self, job: Job, submit: Submit) -> Result<(), Rejected> {
        let Some(inlet) = self.gate.enter(self.context().stripe()) else { return Err(self.turn_away(job)) };
        self.push_checked(inlet, job, submit.going_on(), Caller::Outside)
    }

    fn wake_on_close(&self, waker: Waker) -> Option<u64> {
        // In a forked child, some thread of the parent may have held the lock.
        if self.lifecycle.is_forked() { None } else { self.going_on.enter(waker) }
    }

    fn forget(&self, number: u64) {
        if !self.lifecycle.is_forked() {
            self.going_on.leave(number);
        }
    }

    fn is_open(&self) -> bool {
        self.state() == PoolState::Running
    }
}
