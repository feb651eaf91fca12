//! How jobs and tickets get into the queue, and how a worker runs them.

use std::sync::{Arc, Weak};

use super::core::Core;
use super::intake::Intake;
use super::resizing::Availability;
use super::side_queue::Displaced;
use crate::current::current;
use crate::job::boost::Boost;
use crate::job::context::RunContext;
use crate::job::in_place::InPlace;
use crate::observe::observer::Observed;
use crate::strategy::{Caller, Push, Strategy};
use crate::sync::gate::Inside;
use crate::sync::stripes::{is_own_stripe, outside_stripe};
use crate::{Helping, Job, Priority, Reason, Rejected, Submit};

impl<S: Strategy> Core<S> {
    /// Submits a job from any thread.
    ///
    /// In most pools it is put together where it is pushed: one that is moved in between, however short the way, is loaded
    /// in wider pieces than it was stored in, and a processor waits for the stores to leave its buffer first (3 to 8 ns a
    /// job).
    // Always inlined, as is what calls it, for the same reason.
    #[inline(always)]
    pub(super) fn submit(&self, job: impl FnOnce() -> Job, submit: Submit) -> Result<(), Rejected> {
        // Not `stripe_of` and `is_own_stripe`: a worker's stripe is its own in a pool of ours, and to ask costs it 14 instructions.
        let (stripe, is_own, caller) = match current() {
            Some(worker) if worker.pool == self.context.id() => {
                (self.context.entry_counters().of_slot(worker.index), true, Caller::Worker(worker.index))
            }
            _ => {
                let stripe = outside_stripe();
                (stripe, is_own_stripe(stripe), Caller::Outside)
            }
        };
        let Some(inlet) = self.gate.enter_as(stripe, is_own) else { return Err(self.turn_away(job())) };
        if self.is_careful {
            return self.push_checked(inlet, job(), submit, caller);
        }
        match inlet.push(job(), submit, caller) {
            Push::Queued => Ok(()),
            other => self.settle_push(inlet, other, submit, caller),
        }
    }

    /// Submits a job to a pool that turns some away, grows with its queue, times its jobs or is observed: apart from the other way in,
    /// so that other pools pay for one branch.
    #[cold]
    #[inline(never)]
    pub(super) fn push_checked(
        &self,
        inlet: Inside<'_, Intake<S::Inlet>>,
        mut job: Job,
        submit: Submit,
        caller: Caller,
    ) -> Result<(), Rejected> {
        let _submission = self.context.observer().map(Observed::submission);
        if !submit.goes_on() && self.context.turns_away(|| self.lifecycle.workers.target()) {
            drop(inlet);
            return Err(self.context.reject(job, Reason::Overloaded));
        }
        let available = self.start_workers_for_job().and_then(|()| self.ensure_worker());
        if !matches!(available, Ok(Availability::Worker)) {
            drop(inlet);
            self.handle_availability(available);
            return Err(self.context.reject(job, self.why_no_worker()));
        }
        if self.settings.scales {
            job = self.stamped_for_growth(job);
        }
        let push = inlet.push(self.context.stamped(job), submit, caller);
        let available = self.ensure_worker();
        let settled = self.settle_push(inlet, push, submit, caller);
        self.handle_availability(available);
        settled
    }

    /// The pool takes nothing more.
    #[cold]
    #[inline(never)]
    pub(super) fn turn_away(&self, job: Job) -> Rejected {
        if self.lifecycle.is_forked() {
            return self.context.reject(job, Reason::Forked);
        }
        self.context.reject(job, self.lifecycle.why_closed())
    }

    /// Does what is left to do when a job was not simply queued.
    #[cold]
    fn settle_push(
        &self,
        inlet: Inside<'_, Intake<S::Inlet>>,
        mut push: Push,
        submit: Submit,
        caller: Caller,
    ) -> Result<(), Rejected> {
        let mut displaced = Vec::new();
        while let Push::MadeRoom { old, new } = push {
            displaced.extend(self.displace(old));
            push = inlet.push(new, submit, caller);
        }
        if let Push::Displaced(job) = push {
            displaced.push(job);
            push = Push::Queued;
        }
        if submit.goes_on() {
            push = match push {
                Push::Refused(job, _) | Push::RunHere(job) => {
                    self.put_in_side_queue(job);
                    Push::Queued
                }
                other => other,
            };
        }
        let level = InPlace::enter();
        if level.is_none() {
            displaced.drain(..).for_each(|job| self.put_in_side_queue(Job::from_task(Displaced(job))));
            if let Push::RunHere(job) = push {
                self.put_in_side_queue(job);
                push = Push::Queued;
            }
        }
        // What follows may take long or shut the pool down, and a shutdown waits for the threads inside the gate.
        drop(inlet);
        displaced.into_iter().for_each(|job| self.context.discard(job, Reason::Displaced));
        match push {
            Push::RunHere(job) => {
                let ticket = self.context.run_in_passing(job, self.context.current_cx());
                debug_assert!(ticket.is_none(), "tickets are not submitted as jobs");
                Ok(())
            }
            // Its submitter keeps it for another attempt, and for the pool it is still queued.
            Push::Refused(job, Reason::Full) if submit.waits_for_room() => {
                Err(Rejected::new(job, Reason::Full))
            }
            Push::Refused(job, reason) => Err(self.context.reject(job, reason)),
            Push::Queued | Push::MadeRoom { .. } | Push::Displaced(_) => Ok(()),
        }
    }

    /// Returns a job that a policy took out of the queue, to be given up. It may be a ticket, which policies are not for:
    /// that goes to the side queue, and a worker takes it from there, since the submitter that made room fills it.
    fn displace(&self, old: Job) -> Option<Job> {
        if old.is_job() {
            return Some(old);
        }
        self.side_queue.put(old, &self.lifecycle.signals);
        None
    }

    /// As [`queue_ticket`](Core::queue_ticket), where work comes into the pool.
    pub(super) fn submit_ticket(&self, ticket: Job, submit: Submit) -> Result<(), Rejected> {
        let Some(inlet) = self.gate.enter(self.context.entry_counters().uncounted()) else {
            return Err(Rejected::new(ticket, Reason::ShutDown));
        };
        if self.is_careful {
            return self.submit_ticket_checked(inlet, ticket, submit);
        }
        self.push_ticket(&inlet, ticket, submit);
        Ok(())
    }

    /// Submits a ticket to a pool that may grow for it, or have no worker.
    #[cold]
    #[inline(never)]
    fn submit_ticket_checked(
        &self,
        inlet: Inside<'_, Intake<S::Inlet>>,
        ticket: Job,
        submit: Submit,
    ) -> Result<(), Rejected> {
        // Inside the gate: not in a pool that ends, nor in a forked child.
        let grown = if self.settings.scales { self.grow_if_none_idle() } else { Ok(()) };
        let available = grown.and_then(|()| self.ensure_worker());
        if !matches!(available, Ok(Availability::Worker)) {
            drop(inlet);
            self.handle_availability(available);
            return Err(Rejected::new(ticket, self.why_no_worker()));
        }
        self.push_ticket(&inlet, ticket, submit);
        let available = self.ensure_worker();
        drop(inlet);
        self.handle_availability(available);
        Ok(())
    }

    /// Queues a ticket, which is no job: it is not counted, and no limit keeps it out.
    pub(super) fn queue_ticket(&self, ticket: Job) -> Result<(), Rejected> {
        let Some(inlet) = self.gate.enter(self.context.entry_counters().uncounted()) else {
            return Err(Rejected::new(ticket, Reason::ShutDown));
        };
        self.push_ticket(&inlet, ticket, Submit::ticket());
        Ok(())
    }

    /// Pushes a ticket, from inside the gate. It goes to the side queue if there is no room for it.
    fn push_ticket(&self, inlet: &Intake<S::Inlet>, ticket: Job, submit: Submit) {
        if let Some(ticket) = inlet.push_ticket(ticket, submit) {
            self.put_in_side_queue(ticket);
        }
    }

    /// Keeps a ticket that the queue has no room for, or that an overflow policy took for a job; or a job, if the
    /// submitter cannot run it. This happens inside the gate, so that the workers, which leave when the inlet is gone, see it.
    #[cold]
    fn put_in_side_queue(&self, ticket: Job) {
        self.side_queue.put(ticket, &self.lifecycle.signals);
        self.parking.notify();
    }

    /// Tries once more to queue what found no room. When the pool takes nothing more, it stays in the side queue.
    #[cold]
    pub(super) fn requeue_side_queue(&self) {
        if self.gate.is_closed() {
            return;
        }
        let signals = &self.lifecycle.signals;
        // One pop makes room for one; moving all each time would take quadratic time when the side queue is long.
        let Some(oldest) = self.side_queue.take_one(signals) else { return };
        let Some(inlet) = self.gate.enter(self.context.entry_counters().uncounted()) else {
            // The caller looks into the side queue before it leaves.
            return self.side_queue.put_back(oldest, signals);
        };
        if let Some(oldest) = inlet.push_ticket(oldest, Submit::ticket()) {
            self.side_queue.put_back(oldest, signals);
            // A worker that looked meanwhile saw it nowhere.
            self.parking.notify();
        }
    }

    /// Runs the job in this slot on the calling thread, and queues the ticket that it may leave. Panics with what the panic
    /// handler or a hook panics with, which the worker is to die of; the job is settled by then.
    #[inline(always)]
    pub(super) fn run(&self, place: &mut Option<Job>, cx: RunContext<'_>) {
        if let Some(ticket) = self.context.run_at(place, cx) {
            // A refused ticket is dropped, and a thread that waits behind it learns so.
            drop(self.queue_ticket(ticket));
        }
        cx.rethrow_hook_panic();
    }

    /// Why a job is rejected that finds no worker.
    fn why_no_worker(&self) -> Reason {
        if self.gate.is_closed() { self.lifecycle.why_closed() } else { Reason::NoWorkers }
    }

    /// Lets handles, timers and submitters that wait find the way to the queue.
    pub(super) fn link_to_context(self: &Arc<Self>) {
        let queue: Weak<Self> = Arc::downgrade(self);
        self.context.timers().queue().set(queue.clone());
        self.context.boost().set(queue.clone());
        self.context.room().set(queue.clone());
        self.context.reenter().set(queue);
        if self.settings.helping == Helping::Own {
            self.context.nest_scopes();
        }
    }
}

impl<S: Strategy> Boost for Core<S> {
    fn boost(&self, ticket: Job, to: Priority) -> bool {
        let Some(inlet) = self.gate.enter(self.context.entry_counters().uncounted()) else { return false };
        // Not as a ticket, which would pass every limit. Without the second ticket the first is still there.
        let submit = Submit::default().priority(to).no_wait();
        match inlet.push(ticket, submit, Caller::Outside) {
            Push::Queued => true,
            Push::Displaced(_) | Push::RunHere(_) | Push::Refused(..) => false,
            Push::MadeRoom { .. } => {
                unreachable!("a strategy displaces nothing for a submitter that does not wait")
            }
        }
    }

    fn submit_job(&self, job: Job) -> Result<(), Rejected> {
        self.submit(|| job, Submit::default())
    }

    fn queue_ticket(&self, ticket: Job) {
        drop(self.submit_ticket(ticket, Submit::ticket()));
    }

    fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    fn take_back_spent(&self, worker: usize, most: usize) {
        let Some(helper) = self.helper.as_ref().filter(|_| !self.lifecycle.is_forked()) else { return };
        let spent = (0..most).map_while(|_| helper.take_newest(worker, Job::is_spent));
        spent.for_each(drop);
    }
}
