//! What workers do about mail and messages: see `mail` for the protocol.

use std::sync::atomic::Ordering::SeqCst;

use super::attention::{Matter, Seen};
use super::core::Core;
use super::lane::Nudge;
use crate::book::Desk;
use crate::{Idle, Job, Outlet, Reason, Strategy};

impl<S: Strategy> Core<S> {
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
