//! How mail comes in, and what workers do about it and about messages: see `mail` for the protocol.

use std::sync::atomic::Ordering::SeqCst;

use super::attention::{Matter, Seen};
use super::core::Core;
use super::lane::Nudge;
use crate::book::Desk;
use crate::current::current;
use crate::strategy::{Caller, Idle, Outlet, Strategy};
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
        let posted = self.post(&inlet, worker, if is_job { ledger.stamped(job) } else { job });
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
            match self.post(&inlet, worker, job) {
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

    /// Has a given worker look up, if there is one: a letter with nothing in it, which is no job and not counted.
    pub(super) fn write_to(&self, worker: usize) {
        if let Some(inlet) = self.gate.enter(self.ledger().passages().uncounted()) {
            drop(self.post(&inlet, worker, Job::from_task(Nudge)));
        }
    }

    /// Returns the job if no worker sits there. Enters the gate no second time: whoever leaves it may run destructors of jobs.
    fn post(&self, inlet: &S::Inlet, worker: usize, job: Job) -> Result<(), Job> {
        self.mail.put(worker, job, &self.life.attention)?;
        // Not dropped when the queue is full: see `mail`. It goes to the lane then.
        self.push_ticket(inlet, Job::from_task(Nudge), Submit::ticket());
        Ok(())
    }

    /// Runs what a worker came by, when something is or was the matter.
    #[cold]
    pub(super) fn run_attentively(
        &self,
        job: Job,
        index: usize,
        desk: Desk<'_>,
        idle: &mut Idle<'_>,
        before: Seen,
    ) {
        self.hold(idle);
        let seen = self.life.attention.now();
        if before.has(Matter::GIVES_BACK) || seen.has(Matter::GIVES_BACK_HELD) {
            return self.set_aside(vec![job], Reason::ShutDown);
        }
        if self.settings.scales {
            self.see_to_the_rest(job.is_job());
        }
        self.run_message(job, index, desk);
        if seen.has(Matter::ADAPTS) {
            self.follow_cpu_limit();
        }
    }

    /// Waits for the end of a pause, with something in hand that has not started, and so does not start now.
    pub(super) fn hold(&self, idle: &mut Idle<'_>) {
        if self.life.attention.now().has(Matter::PAUSED) {
            // What is in the mailbox does not start either.
            let _ = idle.begin();
            self.life.hold();
            idle.end();
        }
    }

    /// Runs a job or a ticket. Behind what is no job, somebody else may be meant.
    pub(super) fn run_message(&self, job: Job, index: usize, desk: Desk<'_>) {
        let passes_on = !job.is_job() && self.life.attention.now().has(Matter::MAIL);
        self.run(&mut Some(job), desk);
        if passes_on {
            self.pass_on(index);
        }
    }

    /// Nudges a worker that waits and has mail, and lets it go first.
    #[cold]
    fn pass_on(&self, index: usize) {
        let awaited = self.ledger().waiting(self.mail.others(index)).next();
        if let Some(awaited) = awaited {
            // If the pool takes nothing more, its worker wakes for that.
            let is_pushed = self.queue_ticket(Job::from_task(Nudge)).is_ok();
            if is_pushed && self.mail.count(index).load(SeqCst) == 0 {
                self.mail.step_back(awaited);
            }
        }
    }

    /// Runs what lies in the lane by now, or whatever comes there if the channel is closed.
    #[cold]
    pub(super) fn serve_lane(
        &self,
        index: usize,
        outlet: &mut S::Outlet,
        idle: &mut Idle<'_>,
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
            self.hold(idle);
            if kept.is_job() && self.life.gives_back() {
                self.set_aside(vec![kept], Reason::ShutDown);
            } else {
                self.run_message(kept, index, desk);
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
