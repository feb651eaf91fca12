//! Stealing forks: by asking first, then by force; and where that fails, when their owner blocks.

#[cfg(not(loom))]
use pool_core::os::process_fork::refuse_to_wait;
use pool_core::sync::fences::heavy_fence;

use crate::calls;
use crate::channel::Channel;
use crate::demand::Demand;
use crate::header::TakenFrame;
#[cfg(loom)]
use crate::loom_pool::refuse_to_wait;
use crate::split::Taken;
use crate::worker_queues::Owner;

/// A fork that was taken, and whose it is.
pub(crate) struct Fork {
    frame: TakenFrame,
    victim: usize,
}

impl Fork {
    /// Runs it, and unparks its owner if that waits.
    pub(crate) fn run(self, channel: &Channel) {
        let is_awaited = self.frame.run();
        if channel.is_forked() {
            refuse_to_wait("half of a join");
        }
        if is_awaited {
            channel.slots[self.victim].unpark();
        }
    }
}

impl Channel {
    /// Takes the oldest fork of this slot, if it can be had and `still_wanted`, which is asked when a fork was seen.
    pub(crate) fn steal_fork(
        &self,
        victim: usize,
        thief: usize,
        demand: &mut Demand,
        still_wanted: impl FnOnce() -> bool,
    ) -> Option<Fork> {
        let stack = &self.slots[victim].stack;
        if !stack.has_takeable() {
            demand.end_at(victim);
            stack.ask();
            return None;
        }
        let force = !stack.has_public() && {
            stack.ask();
            if !demand.is_overdue_at(victim) {
                return None;
            }
            true
        };
        let fence: &dyn Fn() -> bool = &heavy_fence;
        let taken = self.take_fork(victim, thief, force.then_some(fence), still_wanted);
        if taken.is_some() || force {
            demand.end_at(victim);
        }
        taken
    }

    /// Takes the oldest fork of this slot, if it is [stranded](crate::split) and its owner blocks. The thread is to poll while
    /// there are some.
    #[cold]
    pub(crate) fn steal_stranded(
        &self,
        victim: usize,
        thief: usize,
        still_wanted: impl FnOnce() -> bool,
    ) -> Option<Fork> {
        let slot = &self.slots[victim];
        if !slot.stack.has_stranded() {
            return None;
        }
        self.take_fork(victim, thief, Some(&|| slot.is_off_cpu()), still_wanted)
    }

    /// The oldest fork of the calling worker's own: the second half of a join whose first half waits on this thread. The worker
    /// takes it as a thief would, so the join finds that it was stolen, and done.
    pub(crate) fn take_own_fork(&self, owner: Owner<'_>) -> Option<Fork> {
        let (stack, me) = (owner.stack(), owner.index());
        if !stack.has_forks() || self.is_forked() {
            return None;
        }
        if !stack.has_public() {
            calls::answer(stack, &self.parking);
        }
        self.take_fork(me, me, None, || true)
    }

    fn take_fork(
        &self,
        victim: usize,
        thief: usize,
        fence: Option<&dyn Fn() -> bool>,
        still_wanted: impl FnOnce() -> bool,
    ) -> Option<Fork> {
        let stack = &self.slots[victim].stack;
        let Taken { fork: frame, was_last } = stack.take(fence, |frame| {
            if !still_wanted() {
                return None;
            }
            // SAFETY: only `join` pushes, and only frames; the stack hands this one to us, under its lock.
            unsafe { TakenFrame::new(frame, thief) }
        })?;
        if was_last {
            calls::took_the_last(stack, &self.parking, || self.has_visible_work());
        }
        Some(Fork { frame, victim })
    }
}
