//! What a worker takes while it waits in the midst of a job, and helps.

use std::sync::Arc;
use std::time::Instant;

use pool_core::Job;
use pool_core::strategy::{Helper, Look, Pop, Reach, Search, Taken};

use crate::calls;
use crate::channel::Channel;
use crate::pool::taking::{Place, others};
use crate::split::POLL;
use crate::steal::Fork;
use crate::worker_queues::Owner;

pub(crate) struct StealingHelper(pub(crate) Arc<Channel>);

impl Helper for StealingHelper {
    fn take(&self, slot: usize, reach: Reach, search: &mut Search<'_>) -> Taken {
        let channel = &*self.0;
        let place = Place { channel, index: slot };
        let Some(owner) = place.owner() else { return Taken::Popped(Pop::Empty) };
        search.stole_forks(owner.slot().take_stolen_forks());
        let (fork, job) = match reach {
            Reach::Own => {
                let fork = channel.take_own_fork(owner);
                let job = if fork.is_none() { place.own(search) } else { None };
                (fork, job)
            }
            Reach::Any => {
                let fork = self.forked(owner);
                let job = if fork.is_none() { place.injected(search) } else { None };
                (fork, job.or_else(|| place.stolen(search)))
            }
        };
        match (fork, job) {
            (Some(fork), _) => {
                search.end(|| channel.has_visible_work());
                match reach {
                    Reach::Own => fork.run(channel),
                    Reach::Any => search.run_stolen_fork(|| fork.run(channel)),
                }
                Taken::Ran
            }
            (None, Some(job)) => Taken::Popped(Pop::Job(job)),
            (None, None) => Taken::Popped(Pop::Empty),
        }
    }

    fn has_work(&self) -> bool {
        self.0.has_visible_work()
    }

    /// As the outlet's: asks the others for what only they can give.
    fn look(&self, slot: usize) -> Look {
        let channel = &*self.0;
        // This worker answers no one while it sleeps, and has nothing: its own forks are taken before it sleeps.
        channel.slots[slot].stack.stay_asked();
        let stacks = others(slot, channel.slots.len()).map(|other| &channel.slots[other].stack);
        let sure = calls::ask_all(stacks);
        if channel.has_work_for_sleeper() {
            return Look::Work;
        }
        let looks_again = !sure || channel.has_stranded();
        if looks_again { Look::NothingUntil(Instant::now() + POLL) } else { Look::Nothing }
    }

    fn take_newest(&self, slot: usize, is_such: fn(&mut Job) -> bool) -> Option<Job> {
        let place = Place { channel: &self.0, index: slot };
        place.owner()?.pop_newest_if(is_such)
    }
}

impl StealingHelper {
    /// A fork of another worker.
    fn forked(&self, owner: Owner<'_>) -> Option<Fork> {
        let (channel, me) = (&*self.0, owner.index());
        let mut demand = owner.take_demand();
        let mut slots = others(me, channel.slots.len());
        let fork = slots.find_map(|slot| channel.steal_fork(slot, me, &mut demand, || true));
        owner.keep_demand(demand);
        let mut slots = others(me, channel.slots.len());
        fork.or_else(|| slots.find_map(|slot| channel.steal_stranded(slot, me, || true)))
    }
}
