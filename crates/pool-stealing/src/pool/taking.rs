//! Where a worker finds jobs: with itself, in the injector, with the others.

use pool_core::Job;
use pool_core::strategy::Search;

use crate::channel::Channel;
use crate::current_worker;
use crate::worker_queues::{Owner, retry};

/// A slot of a channel, or the place beyond the last for a thread that has none.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) channel: &'a Channel,
    pub(crate) index: usize,
}

impl<'a> Place<'a> {
    /// Means something for as long as the thread does not leave the slot, which none of the methods here outlives.
    #[inline]
    pub(crate) fn owner(self) -> Option<Owner<'a>> {
        let slot = self.channel.slots.get(self.index)?;
        // SAFETY: the slot is left in `detach` only, which borrows the outlet exclusively; the users of this hold it shared, or
        // run inside a job.
        unsafe { current_worker::owner_of(slot) }
    }

    #[inline(never)]
    pub(crate) fn own(self, search: &Search<'_>) -> Option<Job> {
        match self.owner() {
            Some(owner) => {
                owner.pop().or_else(|| self.filling_run_queue(owner, search, || owner.pop_batch()))
            }
            None => self.channel.slots.get(self.index)?.steal(),
        }
    }

    pub(crate) fn injected(self, search: &Search<'_>) -> Option<Job> {
        let injector = &self.channel.injector;
        if injector.is_empty() {
            return None;
        }
        match self.owner() {
            Some(owner) => self.filling_run_queue(owner, search, || owner.take_injected(injector)),
            None => retry(|| injector.steal()),
        }
    }

    /// A job out of another worker's deques, and more of them for later.
    pub(crate) fn stolen(self, search: &Search<'_>) -> Option<Job> {
        let job = self.steal(search)?;
        // Its own deques were empty. What others have stolen back by now is left out.
        let more = self.owner().map_or(0, |owner| owner.run_queue_len());
        search.stole(1 + more);
        Some(job)
    }

    fn steal(self, search: &Search<'_>) -> Option<Job> {
        let slots = &self.channel.slots;
        others(self.index, slots.len()).find_map(|slot| match self.owner() {
            Some(owner) => self.filling_run_queue(owner, search, || slots[slot].steal_batch(owner)),
            None => slots[slot].steal(),
        })
    }

    /// Takes a job in a way that may fill the worker's run queue, and calls for those left there as a push does: while they
    /// were on their way no other thread could see them, and a worker that looked at that moment may sleep by now. A searcher
    /// calls when it ends its search.
    #[inline]
    fn filling_run_queue(
        self,
        owner: Owner<'_>,
        search: &Search<'_>,
        take: impl FnOnce() -> Option<Job>,
    ) -> Option<Job> {
        let job = take();
        if job.is_some() && !search.is_searcher() && owner.has_run_queue() {
            self.channel.parking.notify();
        }
        job
    }
}

/// All slots but this one, those after it first.
pub(crate) fn others(index: usize, slots: usize) -> impl Iterator<Item = usize> + Clone {
    (index + 1..slots).chain(0..index.min(slots))
}
