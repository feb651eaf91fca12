//! How the owner of a stolen fork waits for its thief.

#[cfg(not(loom))]
use std::cell::Cell;

#[cfg(not(loom))]
use pool_core::strategy::{Awaited, wait_helping};

use crate::calls;
use crate::channel::Channel;
use crate::current_worker;
use crate::demand::Demand;
use crate::header::Stolen;
use crate::split::POLL;
use crate::sync::{park, park_at_most, spin_loop};
use crate::worker_queues::Owner;

/// How often an owner that waits for a thief looks again before it parks, and how long it pauses in between: a few
/// microseconds in all.
const LOOKS: usize = if cfg!(loom) { 0 } else { 16 };
const PAUSE: usize = if cfg!(loom) { 1 } else { 16 };

/// Waits until a stolen fork is done. Meanwhile the thread runs what the thief has forked, and nothing else, since only
/// that brings the end nearer ("leapfrogging", Wagner and Calder, 1993).
///
/// Whatever lies on the thief's stack while the latch is not set comes from the stolen fork: a thief's own stack is
/// empty when it steals, or all that is on it is stolen.
///
/// In a pool whose workers [help](pool_core::Helping) it runs whatever it finds, that first.
#[cold]
#[inline(never)]
pub(crate) fn wait_for(owner: Owner<'_>, stolen: Stolen<'_>) {
    // SAFETY: the frame that this thread waits for is settled later, so it leaves its slot later.
    let Some(channel) = (unsafe { current_worker::channel() }) else { unreachable!("an owner is in a slot") };
    let (me, thief) = (owner.index(), stolen.thief());
    #[cfg(not(loom))]
    if !stolen.is_done() && wait_helping(&Waiting { owner, channel, stolen, demand: Cell::default() }) {
        return;
    }
    let mut demand = Demand::default();
    let mut looks = 0;
    let mut parked = false;
    while !stolen.is_done() {
        // A fork that was seen while the latch was not set is a descendant of ours, so the latch is read last.
        if let Some(fork) = channel.steal_fork(thief, me, &mut demand, || !stolen.is_done()) {
            owner.count_stolen_fork();
            fork.run(channel);
            looks = 0;
        } else if looks < LOOKS || channel.slots[thief].stack.has_takeable() {
            (0..PAUSE).for_each(|_| spin_loop());
            looks += 1;
        } else {
            parked = true;
            if let Some(fork) = channel.steal_stranded(thief, me, || !stolen.is_done()) {
                owner.count_stolen_fork();
                fork.run(channel);
            } else {
                park_until_done(channel, stolen, me);
            }
        }
    }
    if parked {
        channel.slots[thief].stack.stop_waiting(me);
    }
}

/// Parks until the fork is done or its thief has forked something that can be taken, or for no reason.
fn park_until_done(channel: &Channel, stolen: Stolen<'_>, me: usize) {
    let stack = &channel.slots[stolen.thief()].stack;
    if !stack.wait(me) {
        // There is a public fork, which its owner may just be taking back.
        return spin_loop();
    }
    let sure = calls::ask_all(std::iter::once(stack));
    stolen.await_done();
    if stack.has_takeable() || stolen.is_done() {
        return;
    }
    if sure && !stack.has_stranded() { park() } else { park_at_most(POLL) }
}

/// A stolen fork, as a worker waits for it that helps.
#[cfg(not(loom))]
struct Waiting<'a> {
    owner: Owner<'a>,
    channel: &'a Channel,
    stolen: Stolen<'a>,
    demand: Cell<Demand>,
}

#[cfg(not(loom))]
impl Awaited for Waiting<'_> {
    fn is_over(&self) -> bool {
        self.stolen.is_done()
    }

    /// The thief's forks need no announcement: a worker that publishes some calls, as for any sleeper.
    fn announce(&self) {
        self.stolen.await_done();
    }

    fn run_own(&self, found: &mut dyn FnMut()) -> bool {
        let mut demand = self.demand.take();
        let (thief, me) = (self.stolen.thief(), self.owner.index());
        let fork = self.channel.steal_fork(thief, me, &mut demand, || !self.stolen.is_done());
        self.demand.set(demand);
        let Some(fork) = fork else { return false };
        found();
        self.owner.count_stolen_fork();
        fork.run(self.channel);
        true
    }
}
