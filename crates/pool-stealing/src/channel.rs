//! What the ends of the channel share.

use std::sync::Arc;

use crossbeam_deque::Injector;
use pool_core::os::process_fork::forks;
use pool_core::strategy::Parking;
use pool_core::{Job, JobOrder};

use crate::worker_queues::{WorkerQueues, retry};

pub(crate) struct Channel {
    /// Jobs from threads that have no slot here.
    pub(crate) injector: Injector<Job>,
    pub(crate) slots: Box<[WorkerQueues]>,
    pub(crate) parking: Arc<Parking>,
    forks: usize,
}

impl Channel {
    pub(crate) fn new(slots: usize, parking: &Arc<Parking>, order: JobOrder) -> Self {
        Channel {
            injector: Injector::new(),
            slots: (0..slots).map(|index| WorkerQueues::new(index, order)).collect(),
            parking: parking.clone(),
            forks: forks(),
        }
    }

    /// Whether this process is a fork of the one that this was made in. Then its locks may be held for ever, and no other
    /// worker is there.
    pub(crate) fn is_forked(&self) -> bool {
        forks() != self.forks
    }

    /// Whether there is anything that a worker could take, or might be.
    ///
    /// Forks first: an owner without its mark pushes a job and then takes back its last public fork. A thread that
    /// finds the fork gone (an acquire of `top`) finds the job; in the other order it could miss both.
    pub(crate) fn has_visible_work(&self) -> bool {
        self.slots.iter().any(|slot| slot.stack.has_forks() || slot.stack.may_hide()) || self.has_jobs()
    }

    fn has_jobs(&self) -> bool {
        !self.injector.is_empty() || self.slots.iter().any(WorkerQueues::has_jobs)
    }

    /// Whether there is something for a worker that is about to park: what can be had at once; and unless there is a searcher,
    /// what only an owner or force can give.
    pub(crate) fn has_work_for_sleeper(&self) -> bool {
        self.has_jobs()
            || self.slots.iter().any(|slot| slot.stack.has_public())
            || !self.parking.is_searched() && self.slots.iter().any(|slot| slot.stack.has_takeable())
    }

    /// Whether a worker that finds nothing is to look again after a while: see [`split`](crate::split).
    pub(crate) fn has_stranded(&self) -> bool {
        self.slots.iter().any(|slot| slot.stack.has_stranded())
    }

    /// Takes every job that there is.
    pub(crate) fn drain(&self, jobs: &mut Vec<Job>) {
        jobs.extend(std::iter::from_fn(|| retry(|| self.injector.steal())));
        for slot in &self.slots {
            jobs.extend(std::iter::from_fn(|| slot.steal()));
        }
    }
}
