//! Where jobs leave: a worker's search for the next one.

use std::sync::Arc;
use std::time::Instant;

use pool_core::Job;
use pool_core::strategy::{Look, Outlet, Pop, Search, ShrinkTimer};

use crate::calls;
use crate::channel::Channel;
use crate::current_worker;
use crate::demand::Demand;
use crate::pool::taking::{Place, others};
use crate::split::POLL;
use crate::steal::Fork;
use crate::worker_queues::Owner;

/// How often a worker looks into the injector before its own deque, so that jobs which keep spawning jobs do not
/// lock out jobs from outside.
const FAIRNESS: u32 = 64;

/// Where jobs leave a [`StealingPool`](crate::StealingPool), at one slot.
pub struct StealingOutlet {
    channel: Arc<Channel>,
    /// The number of the slot; one beyond the last for an outlet that has none.
    index: usize,
    pops: u32,
    demand: Demand,
    /// The last pop found nothing.
    in_vain: bool,
    /// A heavy fence failed, or an owner keeps forks that no other thread can take: this worker looks again then.
    look_again: Option<Instant>,
    shrink: ShrinkTimer,
}

impl StealingOutlet {
    pub(crate) fn new(channel: Arc<Channel>, index: usize) -> Self {
        let (demand, shrink) = (Demand::default(), ShrinkTimer::default());
        StealingOutlet { channel, index, pops: 0, demand, in_vain: false, look_again: None, shrink }
    }

    pub(crate) fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }

    #[inline]
    fn owner(&self) -> Option<Owner<'_>> {
        let slot = self.channel.slots.get(self.index)?;
        // SAFETY: the slot is left in `detach` only, which borrows `self` exclusively; the result borrows it shared.
        unsafe { current_worker::owner_of(slot) }
    }

    #[inline]
    fn place(&self) -> Place<'_> {
        Place { channel: &self.channel, index: self.index }
    }

    /// A job of the worker's own, or of the injector.
    #[inline]
    fn near(&mut self, search: &Search<'_>) -> Option<Job> {
        self.pops = self.pops.wrapping_add(1);
        let place = self.place();
        if self.pops.is_multiple_of(FAIRNESS) {
            return place.injected(search).or_else(|| place.own(search));
        }
        let next = self.owner().and_then(Owner::pop_run_queue);
        next.or_else(|| place.own(search)).or_else(|| place.injected(search))
    }

    /// A fork of another worker.
    fn forked(&mut self) -> Option<Fork> {
        let StealingOutlet { channel, index, demand, .. } = self;
        // An owner that waits for the thief of its fork looks for the thief's slot.
        channel.slots.get(*index)?;
        others(*index, channel.slots.len()).find_map(|slot| channel.steal_fork(slot, *index, demand, || true))
    }

    /// Looks further than its own jobs and the injector: for jobs and forks of other workers. Forks it runs at once.
    #[cold]
    fn pop_far(&mut self, search: &mut Search<'_>) -> Option<Job> {
        if !std::mem::replace(&mut self.in_vain, true) {
            // An owner that it asked in vain before it found something else has long answered.
            self.demand = Demand::default();
        }
        if let Some(slot) = self.channel.slots.get(self.index) {
            search.stole_forks(slot.take_stolen_forks());
        }
        if self.look_again.take().is_some_and(|moment| moment <= Instant::now()) {
            self.run_stranded(search);
        }
        loop {
            if let Some(job) = self.place().stolen(search) {
                return Some(job);
            }
            let fork = self.forked()?;
            search.end(|| self.channel.has_visible_work());
            search.run_stolen_fork(|| fork.run(&self.channel));
            self.demand = Demand::default();
            if let Some(job) = self.near(search) {
                return Some(job);
            }
        }
    }

    /// Gives back the room that a burst has left in the deque of this worker, which leaves: no worker may be here later. So jobs
    /// that lie in that room go elsewhere first.
    fn leave_no_room(&self) {
        let Some(owner) = self.owner() else { return };
        // Perhaps nothing was taken yet.
        owner.note_length();
        if owner.needs_room().is_none() {
            return;
        }
        // What is left when the pool ends goes with it.
        if self.channel.parking.is_closed() {
            return;
        }
        if owner.hand_over(&self.channel.injector) {
            self.channel.parking.notify();
        }
        owner.give_room_back();
    }
}

/// What a worker does when it has slept for a while and heavy fences fail.
impl StealingOutlet {
    /// Runs forks whose owner blocks.
    #[cold]
    fn run_stranded(&self, search: &mut Search<'_>) {
        let channel = &*self.channel;
        if self.index < channel.slots.len() {
            let slots = others(self.index, channel.slots.len());
            let forks = slots.filter_map(|slot| channel.steal_stranded(slot, self.index, || true));
            forks.for_each(|fork| {
                search.end(|| channel.has_visible_work());
                search.run_stolen_fork(|| fork.run(channel));
            });
        }
    }
}

impl Outlet for StealingOutlet {
    #[inline]
    fn pop(&mut self, search: &mut Search<'_>) -> Pop {
        let job = match self.near(search) {
            Some(job) => job,
            None => match self.pop_far(search) {
                Some(job) => job,
                None => return Pop::Empty,
            },
        };
        self.in_vain = false;
        Pop::Job(job)
    }

    fn has_work(&self) -> bool {
        self.channel.has_visible_work()
    }

    fn places(&self) -> usize {
        self.channel.slots.len()
    }

    fn prepare_to_park(&mut self, search: &mut Search<'_>) {
        let was_needed = self.owner().and_then(Owner::needs_room);
        let is_due = self.shrink.is_due(was_needed);
        let Some(owner) = self.owner() else { return };
        if is_due {
            // It takes milliseconds, in which others need not wait for this one to find something.
            search.end(|| self.channel.has_visible_work());
            owner.give_room_back();
        }
        // It has nothing there, so no thread need ask, nor issue a heavy fence for it.
        owner.stack().stay_asked();
    }

    /// Asks the others for what only they can give. If an owner may have missed that it was asked, or keeps what no other thread can
    /// take, this worker looks again after a while.
    fn look(&mut self) -> Look {
        let channel = &*self.channel;
        let stacks = others(self.index, channel.slots.len()).map(|slot| &channel.slots[slot].stack);
        let sure = calls::ask_all(stacks);
        if channel.has_work_for_sleeper() {
            return Look::Work;
        }
        self.look_again = (!sure || channel.has_stranded()).then(|| Instant::now() + POLL);
        self.shrink.limit(self.look_again).map_or(Look::Nothing, Look::NothingUntil)
    }

    #[inline(always)]
    fn at_hand(&mut self) -> Option<Job> {
        if self.pops.wrapping_add(1).is_multiple_of(FAIRNESS) {
            return None;
        }
        let job = self.owner()?.pop_run_queue();
        if job.is_some() {
            self.pops = self.pops.wrapping_add(1);
        }
        job
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        self.channel.drain(jobs);
    }

    fn attach(&mut self) {
        if self.index < self.channel.slots.len() {
            current_worker::enter(&self.channel, self.index);
        }
    }

    fn detach(&mut self) {
        self.leave_no_room();
        if let Some(slot) = self.channel.slots.get(self.index) {
            current_worker::leave(slot);
        }
    }
}
