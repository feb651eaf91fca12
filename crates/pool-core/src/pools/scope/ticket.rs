//! Queueing the jobs of a scope, and the tickets that lead workers to them.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use super::nesting::TurnLeft;
use super::state::{ScopeState, Turn, is_in_turn};
use crate::job::Runnable;
use crate::job::context::{JobContext, RunContext};
use crate::sync::Arc;
use crate::{Job, Reason};

impl ScopeState {
    /// Queues a job. Returns a ticket for the pool's queue, if more workers could be busy with this scope.
    #[inline(always)]
    pub(super) fn push(self: &Arc<Self>, job: impl FnOnce() -> Job) -> Option<Job> {
        let here = self.context.index_here();
        let stripe = self.context.stripe_of(here);
        self.context.admit_scoped_on(stripe);
        // Open: the owner calls this, or a job that has not ended.
        if self.put(stripe, || self.jobs.push(job, here)) { self.send_ticket() } else { None }
    }

    /// Puts the ticket of a nested scope into the queue. Returns whether a ticket of this scope is to be sent.
    pub(super) fn put_ticket(&self, ticket: Job) -> bool {
        let here = self.context.index_here();
        let wanted = self.put(self.context.stripe_of(here), || self.jobs.push_ticket(ticket, here));
        self.drop_tickets_if_refused();
        wanted
    }

    /// Drops the tickets of nested scopes, if no worker will come for them. To be called after each push of one, and after the scope was
    /// refused; one of both sees what the other has done, since both take the lock of the lane.
    fn drop_tickets_if_refused(&self) {
        if self.progress.is_refused() {
            for ticket in self.jobs.take_tickets() {
                self.progress.take_back(false);
                drop(ticket);
            }
        }
    }

    /// Counts what this pushes. Returns whether a ticket is to be sent.
    #[inline(always)]
    fn put(&self, stripe: usize, push: impl FnOnce()) -> bool {
        let at_home = self.is_home(stripe);
        self.progress.begin(at_home);
        push();
        self.progress.pushed(at_home)
    }

    fn ticket(self: &Arc<Self>) -> Job {
        Job::from_task(ScopeTicket { state: Some(self.clone()) })
    }

    /// Sends a ticket to the scope around this one, which may then be in need of one itself. Returns a ticket of the outermost scope, if
    /// that is: it is for the pool's queue. To be called while this scope is open.
    fn send_ticket(self: &Arc<Self>) -> Option<Job> {
        let mut scope = self;
        // SAFETY: this scope is open, and so are those around it.
        while let Some(parent) = unsafe { scope.parent.get() } {
            if !parent.put_ticket(scope.ticket()) {
                return None;
            }
            scope = parent;
        }
        Some(scope.ticket())
    }

    /// Sends a ticket. To be called while this scope is open.
    pub(super) fn send_and_queue_ticket(self: &Arc<Self>) {
        if let Some(ticket) = self.send_ticket() {
            self.queue(ticket);
        }
    }

    /// The scope has ended. What is left of its tickets leads nowhere, and is taken back where that can be done.
    pub(super) fn take_tickets_back(&self) {
        let tickets = self.progress.tickets();
        if tickets != 0
            && let Some(worker) = self.context.index_here()
            && !self.context.is_forked()
        {
            self.has_ended.store(true, Relaxed);
            // SAFETY: the owner has not gone on.
            match unsafe { self.parent.get() } {
                Some(parent) => parent.drop_spent(worker, tickets),
                None => {
                    self.context.boost().get().inspect(|queue| queue.take_back_spent(worker, tickets));
                }
            }
        }
    }

    /// Drops the newest of what this worker has put into the queue, as long as that leads nowhere; at most so many.
    fn drop_spent(&self, worker: usize, most: usize) {
        let at_home = self.is_at_home(Some(worker));
        for spent in (0..most).map_while(|_| self.jobs.pop_newest_if(worker, Job::is_spent)) {
            self.progress.take_back(at_home);
            drop(spent);
        }
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
            self.send_and_queue_ticket();
        }
        self.drop_tickets_if_refused();
    }

    /// Queues a ticket. One that finds no queue is dropped, and says so to the scope.
    pub(super) fn queue(&self, ticket: Job) {
        if let Some(queue) = self.context.boost().get() {
            queue.queue_ticket(ticket);
        }
    }
}

/// What lies for a scope in the queue of the scope around it, or in the pool's.
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
        let mut left = TurnLeft::of_ticket();
        // A worker that helps in the midst of a scope's job may have a ticket of this scope already, and counts once.
        let is_on_top = !left.is_lent() && is_in_turn();
        if is_on_top {
            state.progress.count_out();
        }
        let mut ran = 0;
        let turn = Turn::of(&state);
        while !left.is_over() {
            let mut slot = None;
            if !state.pop(here, &mut slot) {
                break;
            }
            if ran == 0 && state.progress.send_next(|| state.has_jobs()) {
                state.send_and_queue_ticket();
            }
            state.run(&mut slot, cx, &mut left);
            ran += 1;
        }
        drop(turn);
        state.progress.end(ran, state.is_at_home(here));
        if is_on_top {
            state.progress.count_in();
        }
        let goes_on = if left.is_over() {
            state.progress.requeue();
            true
        } else {
            state.progress.leave(|| state.has_jobs())
        };
        left.give_back();
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
            state.progress.refuse();
            state.drop_tickets_if_refused();
            state.progress.give_up();
        }
    }
}
