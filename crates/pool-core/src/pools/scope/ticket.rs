//! Queueing the jobs of a scope, and the tickets that lead workers to them.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use super::state::ScopeState;
use super::waiting::TURN;
use crate::job::Runnable;
use crate::job::context::{JobContext, RunContext};
use crate::sync::Arc;
use crate::{Job, Reason};

impl ScopeState {
    /// Queues a job, and returns a ticket for it if more workers could be busy with this scope.
    #[inline(always)]
    pub(super) fn push(self: &Arc<Self>, job: impl FnOnce() -> Job) -> Option<Job> {
        let here = self.context.index_here();
        let stripe = self.context.stripe_of(here);
        self.context.admit_scoped_on(stripe);
        let at_home = Some(stripe) == self.home;
        self.progress.begin(at_home);
        self.jobs.push(job, here);
        let wanted = self.progress.pushed(at_home);
        wanted.then(|| self.ticket())
    }

    fn ticket(self: &Arc<Self>) -> Job {
        Job::from_task(ScopeTicket { state: Some(self.clone()) })
    }

    /// Takes a job for this worker, or for a thread that is none, into the empty slot. Returns whether there was one.
    #[inline(always)]
    pub(super) fn pop(self: &Arc<Self>, here: Option<usize>, slot: &mut Option<Job>) -> bool {
        if self.jobs.pop(here, slot) {
            self.have_more();
        }
        slot.is_some()
    }

    /// This thread has taken jobs for later, which others found nowhere meanwhile: what a push does for them.
    #[cold]
    fn have_more(self: &Arc<Self>) {
        if self.progress.pushed(false) {
            self.queue(self.ticket());
        }
    }

    /// Queues a ticket. One that finds no queue is dropped, and says so to the scope.
    pub(super) fn queue(&self, ticket: Job) {
        if let Some(queue) = self.context.boost().get() {
            queue.queue_ticket(ticket);
        }
    }
}

/// What lies in the pool's queue for a scope.
struct ScopeTicket {
    /// `None` once the ticket has done its work.
    state: Option<Arc<ScopeState>>,
}

impl Runnable for ScopeTicket {
    const IS_JOB: bool = false;

    fn run(mut self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        let Some(state) = self.state.take() else { return Ok(None) };
        let cx = cx.unwrap_or_else(|| state.context.current_cx());
        let here = state.context.index_here();
        state.progress.take_ticket();
        let mut ran = 0;
        while ran < TURN {
            let mut slot = None;
            if !state.pop(here, &mut slot) {
                break;
            }
            if ran == 0 && state.progress.send_next(|| state.has_jobs()) {
                state.queue(state.ticket());
            }
            state.run(&mut slot, cx);
            ran += 1;
        }
        state.progress.end(ran);
        let goes_on = if ran == TURN {
            state.progress.requeue();
            true
        } else {
            state.progress.leave(|| state.has_jobs())
        };
        Ok(goes_on.then(|| Job::from_task(ScopeTicket { state: Some(state) })))
    }

    fn is_spent(&mut self) -> bool {
        self.state.as_ref().is_none_or(|state| state.has_ended.load(Relaxed))
    }

    /// Being dropped is what tells the scope.
    fn discard(self, _: Reason, _: Option<&JobContext>) {}

    fn release(&mut self) -> bool {
        false
    }
}

impl Drop for ScopeTicket {
    /// Dropped unrun: the scope's waiters have to see to the jobs themselves. No thread counts the tickets of one that has ended.
    fn drop(&mut self) {
        if let Some(state) = self.state.take()
            && !state.has_ended.load(Relaxed)
        {
            state.progress.give_up();
        }
    }
}
