//! How a pool ends: a shutdown, or the loss of its last worker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::core::Core;
use super::waiting::{ParkingThread, Waited};
use crate::current::{self, is_member};
use crate::strategy::{Outlet, Pop, Search, Strategy};
use crate::{Job, PoolState, Reason, Shutdown};

impl<S: Strategy> Core<S> {
    /// Without a limit, it waits for as long as it takes.
    pub(super) fn shutdown(&self, limit: Option<Duration>) -> Shutdown {
        if self.lifecycle.is_forked() {
            return Shutdown::Terminated;
        }
        let deadline = deadline_after(limit);
        self.close();
        self.give_up_timed();
        self.wait_for_the_end(deadline)
    }

    pub(super) fn shutdown_now(&self, limit: Option<Duration>) -> (Vec<Job>, Shutdown) {
        if self.lifecycle.is_forked() {
            return (Vec::new(), Shutdown::Terminated);
        }
        let deadline = deadline_after(limit);
        self.lifecycle.give_back();
        self.close();
        self.set_aside_queued();
        self.give_up_timed();
        let shutdown = self.wait_for_the_end(deadline);
        (self.lifecycle.take_returned(), shutdown)
    }

    fn wait_for_the_end(&self, deadline: Option<Instant>) -> Shutdown {
        let is_member = is_member(self.context.id());
        if is_member && self.state() != PoolState::Terminated || !self.lifecycle.wait_terminated(deadline) {
            let counts = self.context.counts();
            return Shutdown::Pending { queued: counts.queued, running: counts.running };
        }
        if !is_member {
            self.join_threads();
        }
        Shutdown::Terminated
    }

    fn join_threads(&self) {
        let _joining = self.joining.lock().unwrap_or_else(PoisonError::into_inner);
        self.retired.join_all();
        for slot in &self.slots {
            if let Some(thread) = slot.take_thread() {
                // A worker catches all panics, its own death included; what is left is a thread-local destructor's.
                let _ = thread.join();
            }
        }
    }

    /// A worker has ended, and has no successor. The last one gives up the jobs that are left, and ends the pool.
    pub(super) fn worker_has_ended(&self) {
        if self.lifecycle.remove_alive() {
            self.end_without_workers(0);
        }
    }

    /// No worker could be started for this slot any more, for want of threads or because its start hook panics.
    pub(super) fn disable_slot(&self, index: usize) {
        self.lifecycle.update_table(|table| table.disable(index));
        // Another slot may be free, and not fail.
        self.start_workers();
        let left = self.mailboxes.abandon(index, &self.lifecycle.signals);
        let has_others = self.lifecycle.has_worker();
        let reason = if has_others { Reason::NoSuchWorker(index) } else { Reason::NoWorkers };
        self.set_aside(left.into(), reason);
        self.give_up_if_no_worker();
        if self.lifecycle.all_slots_disabled() {
            let _ = self.lifecycle.release_kept_open();
        }
        if self.lifecycle.remove_alive() {
            self.end_without_workers(index);
        } else {
            // Others may be asleep that can do without this slot.
            self.parking.notify();
        }
    }

    /// The last worker is gone. If it has not left because the channel is closed and empty, the pool ends for want of
    /// workers; this slot is free then.
    ///
    /// Waits for the threads that are inside the gate, so the caller is not.
    pub(super) fn end_without_workers(&self, free_slot: usize) {
        // It may be a submitter's thread, and run destructors that shut the pool down: these cannot wait for it either.
        let _stands_in = current::stand_in(self.context.id());
        let reason = if self.lifecycle.is_draining() { Reason::ShutDown } else { Reason::NoWorkers };
        if reason == Reason::NoWorkers {
            if !self.gate.is_closed() {
                self.lifecycle.set_out_of_workers();
            }
            self.close();
            self.give_up_timed();
            self.drain_from(free_slot, reason);
        }
        self.end(reason);
    }

    /// Takes out what comes through the channel until the last submitter has left it: some may be waiting for room,
    /// which only an outlet makes. For the thread of the last worker, which is no worker any more.
    pub(super) fn drain_from(&self, index: usize, reason: Reason) {
        let _worker = current::enter(self.context.id(), index);
        // A strategy that panics here has lost its workers by panics as well.
        let Ok(mut guard) = catch_unwind(AssertUnwindSafe(|| self.slots[index].occupy())) else { return };
        let (outlet, mut search) = (guard.outlet(), Search::detached());
        loop {
            match outlet.pop(&mut search) {
                Pop::Job(job) | Pop::Shed(job, _) => self.set_aside(vec![job], reason),
                Pop::Empty
                    if self.park(index, outlet, &mut search, ParkingThread::StandIn) == Waited::Closed =>
                {
                    break;
                }
                Pop::Empty => {}
            }
        }
    }

    pub(super) fn end(&self, reason: Reason) {
        self.set_aside(self.mailboxes.take_all(&self.lifecycle.signals), reason);
        self.give_up_queued(reason);
        self.context.settle();
        self.lifecycle.terminate();
        self.recheck_channel();
    }
}

/// `None` is no limit; so is one beyond the end of the clock.
fn deadline_after(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}
