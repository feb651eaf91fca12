//! What submitters and workers share, and how a job gets in and a pool ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::intake::Intake;
use super::lifecycle::Lifecycle;
use super::mailbox::Mailboxes;
use super::resizing::Prospect;
use super::settings::Settings;
use super::side_queue::{Displaced, SideQueue};
use super::signals::Signal;
use super::slot::WorkerSlot;
use super::waiting::{Waited, Waiter};
use super::worker_table::WorkerTable;
use crate::adapter::PoolContext;
use crate::current::{self, current, is_member};
use crate::job::boost::Boost;
use crate::job::context::RunContext;
use crate::job::in_place::InPlace;
use crate::os::process_fork::AtFork;
use crate::strategy::Ends;
use crate::strategy::{Caller, Outlet, Pop, Push, Search, Strategy};
use crate::sync::gate::{Gate, Inside};
use crate::sync::parking::Parking;
use crate::sync::stripes::outside_stripe;
use crate::{Job, PoolState, Priority, Reason, Rejected, Shutdown, Submit};

pub(super) struct Core<S: Strategy> {
    /// For those who start a worker, which holds the core itself.
    pub(super) me: Weak<Core<S>>,
    context: Arc<PoolContext>,
    pub(super) gate: Gate<Intake<S::Inlet>>,
    pub(super) parking: Arc<Parking>,
    pub(super) side_queue: SideQueue,
    pub(super) mailboxes: Mailboxes,
    pub(super) lifecycle: Lifecycle,
    pub(super) slots: Box<[WorkerSlot<S::Outlet>]>,
    /// Whether whoever is there serves every job.
    serves_all: Box<[bool]>,
    pub(super) spare: Mutex<S::Outlet>,
    /// Held by whoever joins the threads, so that a second shutdown returns no sooner than the first.
    joining: Mutex<()>,
    pub(super) settings: Settings,
    /// A submission takes more than a push.
    is_careful: bool,
}

impl<S: Strategy> Core<S> {
    /// The core of a pool whose first slots are about to be taken, as the worker table says.
    pub(super) fn new(
        context: PoolContext,
        ends: Ends<S>,
        parking: Arc<Parking>,
        mut table: WorkerTable,
        settings: Settings,
    ) -> Arc<Self> {
        let serves_all: Box<[bool]> = ends.outlets.iter().map(|outlet| !outlet.is_reserved()).collect();
        table.set_staying(serves_all.iter().map(|all| !all));
        let slots: Box<[_]> = ends.outlets.into_iter().map(WorkerSlot::new).collect();
        let has_spares = slots.len() > *table.bounds().end();
        let is_careful = settings.scales || has_spares || context.is_careful();
        let lifecycle = Lifecycle::new(table);
        lifecycle.signals.put(Signal::ADAPTS, settings.scales || settings.cpu_limit.is_some());
        Arc::new_cyclic(|me| Core {
            me: me.clone(),
            gate: Gate::new(
                context.entry_counters().clone(),
                Intake::new(ends.inlet, parking.clone()),
                me.clone(),
            ),
            parking,
            context: Arc::new(context),
            side_queue: SideQueue::default(),
            mailboxes: Mailboxes::new(slots.len()),
            lifecycle,
            slots,
            serves_all,
            spare: Mutex::new(ends.spare),
            joining: Mutex::new(()),
            is_careful,
            settings,
        })
    }

    /// Whether the worker in this slot comes by every job.
    pub(super) fn serves_all(&self, slot: usize) -> bool {
        self.serves_all[slot]
    }

    pub(super) fn all_serve_all(&self) -> bool {
        self.serves_all.iter().all(|all| *all)
    }

    pub(super) fn context(&self) -> &Arc<PoolContext> {
        &self.context
    }

    pub(super) fn state(&self) -> PoolState {
        self.lifecycle.state()
    }

    /// Submits a job from any thread.
    ///
    /// In most pools it is put together where it is pushed: one that is moved in between, however short the way, is loaded
    /// in wider pieces than it was stored in, and a processor waits for the stores to leave its buffer first (3 to 8 ns a
    /// job).
    // Always inlined, as is what calls it, for the same reason.
    #[inline(always)]
    pub(super) fn submit(&self, job: impl FnOnce() -> Job, submit: Submit) -> Result<(), Rejected> {
        let (inside, caller) = match current() {
            Some(worker) if worker.pool == self.context.id() => {
                let own = self.context.entry_counters().of_slot(worker.index);
                (self.gate.enter_own(own), Caller::Worker(worker.index))
            }
            _ => (self.gate.enter_from_outside(outside_stripe()), Caller::Outside),
        };
        let Some(inlet) = inside else { return Err(self.turn_away(job())) };
        if self.is_careful {
            return self.push_with_care(inlet, job(), submit, caller);
        }
        match inlet.push(job(), submit, caller) {
            Push::Queued => Ok(()),
            other => self.settle_push(inlet, other, submit, caller),
        }
    }

    /// Submits a job to a pool that turns some away, grows with its queue, or times its jobs: apart from the other way in,
    /// so that those who do not ask for it pay for one branch.
    #[cold]
    #[inline(never)]
    pub(super) fn push_with_care(
        &self,
        inlet: Inside<'_, Intake<S::Inlet>>,
        mut job: Job,
        submit: Submit,
        caller: Caller,
    ) -> Result<(), Rejected> {
        if self.context.turns_away(|| self.lifecycle.target()) {
            drop(inlet);
            return Err(self.context.reject(job, Reason::Overloaded));
        }
        let prospect = self.start_worker_for_a_job().and_then(|()| self.prospect());
        if !matches!(prospect, Ok(Prospect::Worker)) {
            drop(inlet);
            self.see_to_stranded(prospect);
            return Err(self.context.reject(job, self.why_no_worker()));
        }
        if self.settings.scales {
            job = self.stamped_to_grow(job);
        }
        let push = inlet.push(self.context.stamped(job), submit, caller);
        let prospect = self.prospect();
        let settled = self.settle_push(inlet, push, submit, caller);
        self.see_to_stranded(prospect);
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
        let level = InPlace::enter();
        if level.is_none() {
            displaced.drain(..).for_each(|job| self.put_in_side_queue(Job::from_task(Displaced(job))));
            if let Push::RunHere(job) = push {
                self.put_in_side_queue(job);
                push = Push::Queued;
            }
        }
        // What follows may take long or shut the pool down, and that waits for those who are inside.
        drop(inlet);
        displaced.into_iter().for_each(|job| self.context.discard(job, Reason::Displaced));
        match push {
            Push::RunHere(job) => {
                let ticket = self.context.run_in_passing(job, self.context.current_cx());
                debug_assert!(ticket.is_none(), "tickets are not submitted as jobs");
                Ok(())
            }
            Push::Refused(job, reason) => Err(self.context.reject(job, reason)),
            Push::Queued | Push::MadeRoom { .. } | Push::Displaced(_) => Ok(()),
        }
    }

    /// Returns a job that a policy took out of the queue, to be given up. It may be a ticket, which policies are not for:
    /// that goes to the side queue, and a worker comes by there, since whoever made room goes on to fill it.
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
        // Inside the gate: not in a pool that ends, nor in a forked child.
        let hired = if self.settings.scales { self.see_to_one_more() } else { Ok(()) };
        let prospect = hired.and_then(|()| self.prospect());
        if !matches!(prospect, Ok(Prospect::Worker)) {
            drop(inlet);
            self.see_to_stranded(prospect);
            return Err(Rejected::new(ticket, self.why_no_worker()));
        }
        self.push_ticket(&inlet, ticket, submit);
        let prospect = self.prospect();
        drop(inlet);
        self.see_to_stranded(prospect);
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

    /// Lets handles find the way back to the queue.
    pub(super) fn enable_boost(self: &Arc<Self>) {
        let queue: Weak<Self> = Arc::downgrade(self);
        self.context.boost().set(queue);
    }

    /// Keeps a ticket that the queue has no room for, or that an overflow policy took for a job; or a job, if the
    /// submitter cannot run it. This happens inside the gate, so that the workers, who leave when the inlet is gone, see it.
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
            // A refused ticket is dropped, and whoever waits behind it learns so.
            drop(self.queue_ticket(ticket));
        }
        cx.rethrow_hook_panic();
    }

    /// Without a limit, it waits for as long as it takes.
    pub(super) fn shutdown(&self, limit: Option<Duration>) -> Shutdown {
        if self.lifecycle.is_forked() {
            return Shutdown::Terminated;
        }
        let deadline = deadline_after(limit);
        self.close();
        self.wait_for_the_end(deadline)
    }

    pub(super) fn shutdown_now(&self, limit: Option<Duration>) -> (Vec<Job>, Shutdown) {
        if self.lifecycle.is_forked() {
            return (Vec::new(), Shutdown::Terminated);
        }
        let deadline = deadline_after(limit);
        self.lifecycle.give_back();
        self.close();
        self.set_aside_queued();
        let shutdown = self.wait_for_the_end(deadline);
        (self.lifecycle.take_returned(), shutdown)
    }

    /// Why a job is rejected that finds no worker.
    fn why_no_worker(&self) -> Reason {
        if self.gate.is_closed() { self.lifecycle.why_closed() } else { Reason::NoWorkers }
    }

    fn wait_for_the_end(&self, deadline: Option<Instant>) -> Shutdown {
        let is_member = is_member(self.context.id());
        if is_member && self.state() != PoolState::Terminated || !self.lifecycle.wait_terminated(deadline) {
            let counts = self.context.counts();
            return Shutdown::Pending { queued: counts.queued, running: counts.running };
        }
        if !is_member {
            self.join_threads();
        }
        Shutdown::Terminated
    }

    fn join_threads(&self) {
        let _joining = self.joining.lock().unwrap_or_else(PoisonError::into_inner);
        self.lifecycle.join_retired();
        for slot in &self.slots {
            if let Some(thread) = slot.take_thread() {
                // A worker catches all panics, its own death included; what is left is a thread-local destructor's.
                let _ = thread.join();
            }
        }
    }

    /// Takes out what is queued and gives it up, for a `shutdown_now`.
    pub(super) fn set_aside_queued(&self) {
        let mut jobs = Vec::new();
        // Held until all are kept, or those that others take out later would come before them.
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.drain(&mut jobs);
        jobs.extend(self.side_queue.take_jobs(&self.lifecycle.signals));
        jobs.extend(self.mailboxes.take_all(&self.lifecycle.signals));
        let kept = self.keep(jobs);
        drop(spare);
        self.discard_unkept(kept, self.lifecycle.why_closed());
    }

    /// Gives up jobs that nobody will run: to the calls of `shutdown_now` that are under way, or else for good.
    ///
    /// Then their destructors run here, which may wait for the end of the pool. So the caller is not inside the gate, and
    /// holds no lock.
    pub(super) fn set_aside(&self, jobs: Vec<Job>, reason: Reason) {
        self.discard_unkept(self.keep(jobs), reason);
    }

    fn keep(&self, jobs: Vec<Job>) -> Result<Vec<Job>, Vec<Job>> {
        self.lifecycle.put_aside(jobs, |job| self.context.release(job))
    }

    fn discard_unkept(&self, kept: Result<Vec<Job>, Vec<Job>>, reason: Reason) {
        let discard = |job| self.context.discard(job, reason);
        match kept {
            // Whoever waits behind a message learns the reason. What is a job has ended in another way, and is counted.
            Ok(rest) => rest.into_iter().filter(|job| !job.is_job()).for_each(discard),
            Err(jobs) => jobs.into_iter().for_each(discard),
        }
    }

    /// A worker is gone for good. The last one sees to what nobody will run any more, and ends the pool.
    pub(super) fn worker_is_gone(&self) {
        if self.lifecycle.forget() {
            self.end_with(0);
        }
    }

    /// No worker could be started for this slot any more, for want of threads or because its start hook panics.
    pub(super) fn slot_is_deserted(&self, index: usize) {
        self.lifecycle.direct(|table| table.desert(index));
        // Another slot may be free, and luckier.
        self.start_workers();
        let left = self.mailboxes.abandon(index, &self.lifecycle.signals);
        self.set_aside(left.into(), Reason::NoWorkers);
        self.give_up_if_stranded();
        if self.lifecycle.is_deserted() {
            let _ = self.lifecycle.keep_no_more();
        }
        if self.lifecycle.forget() {
            self.end_with(index);
        } else {
            // Others may be asleep that can do without this slot.
            self.parking.notify();
        }
    }

    /// The last worker is gone. If it has not left because the channel is closed and empty, the pool ends for want of
    /// workers; this slot is free then.
    ///
    /// Waits for those who are inside the gate, so the caller is not.
    pub(super) fn end_with(&self, free_slot: usize) {
        // It may be a submitter's thread, and run destructors that shut the pool down: they cannot wait for it either.
        let _stands_in = current::stand_in(self.context.id());
        let reason = if self.lifecycle.has_drained() { Reason::ShutDown } else { Reason::NoWorkers };
        if reason == Reason::NoWorkers {
            if !self.gate.is_closed() {
                self.lifecycle.desert();
            }
            self.close();
            self.empty_from(free_slot, reason);
        }
        self.end(reason);
    }

    /// Takes out what comes through the channel until the last submitter has left it: some may be waiting for room,
    /// which only an outlet makes. For the thread of the last worker, which is none any more.
    pub(super) fn empty_from(&self, index: usize, reason: Reason) {
        let _worker = current::enter(self.context.id(), index);
        // A strategy that panics here has had its workers lost by it as well.
        let Ok(mut guard) = catch_unwind(AssertUnwindSafe(|| self.slots[index].occupy())) else { return };
        let (outlet, mut search) = (guard.outlet(), Search::detached());
        loop {
            match outlet.pop(&mut search) {
                Pop::Job(job) | Pop::Shed(job, _) => self.set_aside(vec![job], reason),
                Pop::Empty if self.park(index, outlet, &mut search, Waiter::StandIn) == Waited::Closed => {
                    break;
                }
                Pop::Empty => {}
            }
        }
    }

    pub(super) fn end(&self, reason: Reason) {
        self.set_aside(self.mailboxes.take_all(&self.lifecycle.signals), reason);
        self.give_up_queued(reason);
        self.context.settle();
        self.lifecycle.terminate();
        self.look_again();
    }

    /// Gives up what is queued. What lies in mailboxes stays there.
    pub(super) fn give_up_queued(&self, reason: Reason) {
        let mut jobs = Vec::new();
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).drain(&mut jobs);
        // Dropping a ticket tells the waiters of its scope.
        jobs.extend(self.side_queue.take_all(&self.lifecycle.signals));
        self.set_aside(jobs, reason);
    }
}

impl<S: Strategy> Boost for Core<S> {
    fn boost(&self, ticket: Job, to: Priority) -> bool {
        let Some(inlet) = self.gate.enter(self.context.entry_counters().uncounted()) else { return false };
        // Not as a ticket, which would pass every limit; nobody is lost without this one.
        let submit = Submit::default().priority(to).no_wait();
        match inlet.push(ticket, submit, Caller::Outside) {
            Push::Queued => true,
            Push::Displaced(_) | Push::RunHere(_) | Push::Refused(..) => false,
            Push::MadeRoom { .. } => unreachable!("a strategy displaces nothing for who does not wait"),
        }
    }
}

impl<S: Strategy> AtFork for Core<S> {
    fn forked(&self) {
        self.lifecycle.forked();
        self.context.forked();
        self.gate.abandon();
    }
}

/// `None` is no limit; so is one beyond the end of the clock.
fn deadline_after(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}
