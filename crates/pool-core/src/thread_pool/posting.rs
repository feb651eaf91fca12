//! How mail comes in, and what workers do about it and about messages: see `mail` for the protocol.

use super::attention::{Matter, Seen};
use super::core::Core;
use crate::book::Desk;
use crate::current::current;
use crate::strategy::{Caller, Outlet, Search, Strategy};
use crate::{Job, Reason, Rejected, Submit};

impl<S: Strategy> Core<S> {
    /// Puts a job, or a message, into a worker's mailbox.
    pub(super) fn submit_to(&self, worker: usize, job: Job) -> Result<(), Rejected> {
        let (ledger, is_job) = (self.ledger(), job.is_job());
        let passage = if is_job { ledger.stripe() } else { ledger.passages().uncounted() };
        // Inside the gate, so that the workers, who leave when the inlet is gone, find it.
        let Some(inlet) = self.gate.enter(passage) else {
            return Err(self.turn_away(job));
        };
        let posted = self.post(worker, if is_job { ledger.stamped(job) } else { job });
        drop(inlet);
        posted.map_err(|job| ledger.reject(job, Reason::NoSuchWorker(worker)))
    }

    /// Puts a job into the mailbox of the worker that is for this key.
    pub(super) fn submit_keyed(&self, key: u64, job: Job) -> Result<(), Rejected> {
        let Some(inlet) = self.gate.enter(self.ledger().stripe()) else {
            return Err(self.turn_away(job));
        };
        let mut job = self.ledger().stamped(job);
        while let Some(worker) = self.worker_for(key) {
            // It may have left meanwhile.
            match self.post(worker, job) {
                Ok(()) => return Ok(()),
                Err(back) => job = back,
            }
        }
        let caller = current().filter(|worker| worker.pool == self.ledger().id());
        let caller = caller.map_or(Caller::Outside, |worker| Caller::Worker(worker.index));
        self.push_with_care(inlet, job, Submit::default(), caller)
    }

    /// The worker that the jobs of a key go to, if there is any worker.
    fn worker_for(&self, key: u64) -> Option<usize> {
        let of = |count: usize| usize::try_from(key % count as u64).expect("less than a usize");
        let wanted = self.life.target();
        if wanted > 0 && self.mail.is_open(of(wanted)) {
            return Some(of(wanted));
        }
        let open: Vec<usize> = self.mail.open_seats().collect();
        if open.is_empty() { None } else { Some(open[of(open.len())]) }
    }

    /// Returns the job if no worker sits there. The caller is inside the gate.
    fn post(&self, worker: usize, job: Job) -> Result<(), Job> {
        self.mail.put(worker, job, &self.life.attention)?;
        self.parking.wake(worker);
        Ok(())
    }

    /// Runs what a worker came by, when something is or was the matter.
    #[cold]
    pub(super) fn run_attentively(&self, job: Job, desk: Desk<'_>, search: &Search<'_>, before: Seen) {
        self.hold(search);
        let seen = self.life.attention.now();
        if before.has(Matter::GIVES_BACK) || seen.has(Matter::GIVES_BACK_HELD) {
            return self.set_aside(vec![job], Reason::ShutDown);
        }
        if self.settings.scales {
            self.see_to_the_rest(job.is_job());
        }
        self.run(&mut Some(job), desk);
        if seen.has(Matter::ADAPTS) {
            self.follow_cpu_limit();
        }
    }

    /// Waits for the end of a pause, with something in hand that has not started, and so does not start now.
    fn hold(&self, search: &Search<'_>) {
        if self.life.attention.now().has(Matter::PAUSED) {
            search.begin_wait();
            self.life.hold();
            search.end_wait();
        }
    }

    /// Runs what lies in the lane by now, or whatever comes there if the channel is closed.
    #[cold]
    pub(super) fn serve_lane(
        &self,
        index: usize,
        outlet: &mut S::Outlet,
        search: &Search<'_>,
        is_closed: bool,
    ) {
        let desk = self.ledger().worker_desk(index);
        let mut left = if is_closed { usize::MAX } else { self.lane.len() };
        while left > 0
            && let Some(kept) = self.lane.take_one(&self.life.attention)
        {
            left -= 1;
            // This one may take long, and the others need not wait for it.
            self.requeue_lane();
            outlet.turn_away();
            self.hold(search);
            if kept.is_job() && self.life.gives_back() {
                self.set_aside(vec![kept], Reason::ShutDown);
            } else {
                self.run(&mut Some(kept), desk);
            }
        }
    }

    /// Runs what lies in a worker's own mailbox.
    #[cold]
    pub(super) fn read_mail(&self, index: usize) {
        let desk = self.ledger().worker_desk(index);
        while let Some(job) = self.mail.take(index, &self.life.attention) {
            if self.settings.scales {
                self.see_to_the_rest(job.is_job());
            }
            if self.life.attention.now().has(Matter::PAUSED) {
                self.life.hold();
            }
            if self.life.gives_back() {
                self.set_aside(vec![job], Reason::ShutDown);
            } else {
                self.run(&mut Some(job), desk);
            }
        }
    }
}
