//! What submitters and workers share, and how a job gets in and a pool ends.

use std::sync::{Arc, Mutex, PoisonError};

use super::lane::{Lane, Nudge};
use super::life::Life;
use super::seat::Seat;
use crate::current::{self, current, is_member, outside_stripe};
use crate::gate::{Gate, Inside};
use crate::hooks::WorkerHook;
use crate::ledger::Desk;
use crate::strategy::Ends;
use crate::{
    Caller, Idle, Inlet, Job, Ledger, Outlet, PoolState, Pop, Push, Reason, Rejected, Shutdown, Strategy,
    Submit,
};

pub(super) struct Core<S: Strategy> {
    ledger: Arc<Ledger>,
    gate: Gate<S::Inlet>,
    pub(super) lane: Lane,
    pub(super) life: Life,
    pub(super) seats: Box<[Seat<S::Outlet>]>,
    spare: Mutex<S::Outlet>,
    /// Held by whoever joins the threads, so that a second shutdown returns no sooner than the first.
    joining: Mutex<()>,
    pub(super) stack_size: Option<usize>,
    pub(super) on_start: WorkerHook,
    pub(super) on_stop: WorkerHook,
}

impl<S: Strategy> Core<S> {
    pub(super) fn new(
        ledger: Ledger,
        ends: Ends<S>,
        stack_size: Option<usize>,
        on_start: WorkerHook,
        on_stop: WorkerHook,
    ) -> Self {
        Core {
            gate: Gate::new(ledger.passages().clone(), ends.inlet),
            ledger: Arc::new(ledger),
            lane: Lane::default(),
            life: Life::default(),
            seats: ends.outlets.into_iter().map(Seat::new).collect(),
            spare: Mutex::new(ends.spare),
            joining: Mutex::new(()),
            stack_size,
            on_start,
            on_stop,
        }
    }

    pub(super) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    pub(super) fn state(&self) -> PoolState {
        self.life.state()
    }

    /// Submits a job from any thread.
    // Always inlined, as is what calls it: a job that has just been put together is best moved to the queue at once. Each
    // move in between is a load wider than the stores before it, for which the processor waits (3 ns a job).
    #[inline(always)]
    pub(super) fn submit(&self, job: Job, submit: Submit) -> Result<(), Rejected> {
        let (inside, caller) = match current() {
            Some(worker) if worker.pool == self.ledger.id() => {
                let own = self.ledger.passages().of_seat(worker.index);
                (self.gate.enter_own(own), Caller::Worker(worker.index))
            }
            _ => (self.gate.enter_from_outside(outside_stripe()), Caller::Outside),
        };
        let Some(inlet) = inside else { return Err(self.turn_away(job)) };
        match inlet.push(job, submit, caller) {
            Push::Queued => Ok(()),
            other => self.settle_push(inlet, other, submit, caller),
        }
    }

    #[cold]
    #[inline(never)]
    fn turn_away(&self, job: Job) -> Rejected {
        self.ledger.reject(job, self.life.why_closed())
    }

    /// Does what is left to do when a job was not simply queued.
    #[cold]
    fn settle_push(
        &self,
        inlet: Inside<'_, S::Inlet>,
        mut push: Push,
        submit: Submit,
        caller: Caller,
    ) -> Result<(), Rejected> {
        while let Push::MadeRoom { old, new } = push {
            self.displace(old);
            push = inlet.push(new, submit, caller);
        }
        // What follows may take long, and the pool may be closed meanwhile.
        drop(inlet);
        match push {
            Push::Queued | Push::MadeRoom { .. } => {}
            Push::Displaced(job) => self.ledger.discard(job, Reason::Displaced),
            Push::RunHere(job) => {
                let ticket = self.ledger.run_in_passing(job, self.ledger.desk_anywhere());
                debug_assert!(ticket.is_none(), "tickets are not submitted as jobs");
            }
            Push::Refused(job, reason) => return Err(self.ledger.reject(job, reason)),
        }
        Ok(())
    }

    /// Gives up a job that a policy took out of the queue. It may be a ticket, which policies are not for: that goes to
    /// the lane, and a worker comes by there, since whoever made room goes on to fill it.
    fn displace(&self, old: Job) {
        if old.is_job() {
            self.ledger.discard(old, Reason::Displaced);
        } else {
            self.lane.put(old);
        }
    }

    /// Queues a ticket, which is no job: it is not counted, and no limit keeps it out.
    pub(super) fn queue_ticket(&self, ticket: Job) -> Result<(), Rejected> {
        let Some(inlet) = self.gate.enter(self.ledger.passages().uncounted()) else {
            return Err(Rejected::new(ticket, Reason::ShutDown));
        };
        if let Some(ticket) = push_ticket(&*inlet, ticket) {
            self.put_in_lane(&inlet, ticket);
        }
        Ok(())
    }

    /// Keeps a ticket that the queue has no room for, or that an overflow policy took for a job. This happens inside
    /// the gate, so that the workers, who leave when the inlet is gone, see it.
    #[cold]
    fn put_in_lane(&self, inlet: &S::Inlet, ticket: Job) {
        self.lane.put(ticket);
        drop(push_ticket(inlet, Job::from_task(Nudge)));
    }

    /// Tries once more to queue the tickets that found no room. When the pool takes nothing more, they stay in the lane.
    #[inline]
    pub(super) fn requeue_lane(&self) {
        if self.lane.is_empty() || self.gate.is_closed() {
            return;
        }
        // One pop makes room for one; moving all each time would take quadratic time when the lane is long.
        if let Some(ticket) = self.lane.take_one() {
            // A refused ticket is dropped, and whoever waits behind it learns so.
            drop(self.queue_ticket(ticket));
        }
    }

    /// Runs a job on the calling thread, and queues the ticket that it may leave.
    #[inline]
    pub(super) fn run(&self, job: Job, desk: Desk<'_>) {
        if let Some(ticket) = self.ledger.run_at(job, desk) {
            // A refused ticket is dropped, and whoever waits behind it learns so.
            drop(self.queue_ticket(ticket));
        }
    }

    pub(super) fn shutdown(&self) -> Shutdown {
        self.close();
        self.wait_for_the_end()
    }

    pub(super) fn shutdown_now(&self) -> (Vec<Job>, Shutdown) {
        self.life.give_back();
        self.close();
        self.set_aside_queued();
        let shutdown = self.wait_for_the_end();
        (self.life.take_returned(), shutdown)
    }

    fn close(&self) {
        // In this order, so that whoever sees the new state also finds the gate closed.
        self.gate.close();
        self.life.begin_end();
    }

    fn wait_for_the_end(&self) -> Shutdown {
        if is_member(self.ledger.id()) && self.state() != PoolState::Terminated {
            let counts = self.ledger.counts();
            return Shutdown::Pending { queued: counts.queued, running: counts.running };
        }
        self.life.wait_terminated();
        if !is_member(self.ledger.id()) {
            self.join_threads();
        }
        Shutdown::Terminated
    }

    fn join_threads(&self) {
        let _joining = self.joining.lock().unwrap_or_else(PoisonError::into_inner);
        self.life.join_buried();
        for seat in &self.seats {
            if let Some(thread) = seat.take_thread() {
                // A worker catches all panics, its own death included; what is left is a thread-local destructor's.
                let _ = thread.join();
            }
        }
    }

    /// Takes what is queued and keeps it for the caller of `shutdown_now`.
    pub(super) fn set_aside_queued(&self) {
        let mut jobs = Vec::new();
        // Held until all are put aside, or those that others take out later would come before them.
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.drain(&mut jobs);
        jobs.into_iter().for_each(|job| self.set_aside(job));
    }

    /// Keeps a live job for the caller of `shutdown_now`.
    pub(super) fn set_aside(&self, job: Job) {
        if let Some(job) = self.ledger.give_up(job) {
            self.life.put_aside([job]);
        }
    }

    /// A worker is gone for good. The last one sees to what nobody will run any more, and ends the pool.
    pub(super) fn worker_is_gone(&self) {
        if self.life.forget() {
            self.end();
        }
    }

    /// No worker could be started for this seat any more, for want of threads or because its start hook panics.
    pub(super) fn seat_is_deserted(&self, index: usize) {
        if self.life.forget() {
            self.life.desert();
            self.close();
            self.empty_from(index);
            self.end();
        }
    }

    /// Takes out what comes through the channel until the last submitter has left it: some may be waiting for room,
    /// which only an outlet makes. For the thread of the last worker, which is none any more.
    fn empty_from(&self, index: usize) {
        let _worker = current::enter(self.ledger.id(), index);
        let mut sitting = self.seats[index].sit();
        let mut idle = Idle::unobserved();
        loop {
            match sitting.outlet().pop(None, &mut idle) {
                Pop::Job(job) | Pop::Shed(job, _) => self.dispose(job),
                Pop::TimedOut => {}
                Pop::Closed => break,
            }
        }
    }

    fn end(&self) {
        let mut jobs = Vec::new();
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).drain(&mut jobs);
        jobs.into_iter().for_each(|job| self.dispose(job));
        // Dropping a ticket tells the waiters of its scope.
        drop(self.lane.take_all());
        self.ledger.settle();
        self.life.terminate();
    }

    /// Gives up a job that nobody will run.
    fn dispose(&self, job: Job) {
        if self.life.gives_back() {
            self.set_aside(job);
        } else {
            self.ledger.discard(job, self.life.why_closed());
        }
    }
}

/// Returns the ticket if there is no room for it.
fn push_ticket(inlet: &impl Inlet, ticket: Job) -> Option<Job> {
    match inlet.push(ticket, Submit::ticket(), Caller::Outside) {
        Push::Queued => None,
        Push::Displaced(ticket) | Push::RunHere(ticket) | Push::Refused(ticket, _) => Some(ticket),
        Push::MadeRoom { .. } => unreachable!("a strategy displaces nothing for a ticket"),
    }
}
