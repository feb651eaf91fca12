//! How workers start and leave while the pool runs: each worker applies the rule of `worker_table` between two jobs.
//!
//! # A pool without workers
//!
//! A pool that scales from 0 has no worker at rest, and the first job starts one. No job is left in the queue: by the protocol of
//! [`Presence`](crate::sync::presence::Presence) either the submitter finds that there is no worker, or the last worker finds
//! the job, or the thread that could not start a worker finds the job and gives it up. A submitter starts a worker inside the
//! gate, so that a shutdown finds the worker. It gives jobs up outside the gate, since that runs destructors.

use std::sync::atomic::{Ordering::SeqCst, fence};
use std::thread;
use std::time::{Duration, Instant};

use super::core::Core;
use super::signals::{Signal, SignalSet};
use super::worker_table::WorkerTable;
use crate::blocking::WorkerManager;
use crate::error::ResizeError;
use crate::helping::{Awaited, Reach};
use crate::job::context::{JobContext, RunContext};
use crate::job::{Job, Runnable};
use crate::os::cpu_limit::Follower;
use crate::os::process_fork::refuse_to_wait;
use crate::strategy::{Outlet, Search, Strategy};
use crate::{Helping, PoolState, Reason};

/// What a worker does next.
#[derive(PartialEq, Eq)]
pub(super) enum Next {
    /// It takes a job.
    Pop,
    /// It leaves its slot.
    Leave,
}

/// Whether a worker takes what is pushed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Availability {
    Worker,
    NoWorker,
}

/// A thread was refused when the last worker had gone: the pool is to [end](Core::end_without_workers).
#[derive(Debug)]
pub(super) struct LastWorkerLost;

impl<S: Strategy> Core<S> {
    /// What a worker does between two jobs when a signal is set.
    #[cold]
    pub(super) fn handle_signals(
        &self,
        index: usize,
        outlet: &mut S::Outlet,
        search: &mut Search<'_>,
        seen: SignalSet,
    ) -> Next {
        if seen.has(Signal::FORKED) {
            refuse_to_wait("a job");
        }
        if seen.has(Signal::GIVES_BACK) {
            search.end(|| self.has_work(outlet));
            self.set_aside_queued();
        }
        if seen.has(Signal::PAUSED) {
            // The mail waits for the end of the pause as well.
            self.leave_channel(outlet, search);
            search.begin_wait();
            let leaves =
                self.lifecycle.wait_while_paused_or_leave(index, &self.mailboxes, outlet.may_leave());
            search.end_wait();
            if leaves && self.finish_leaving(index, outlet) {
                return Next::Leave;
            }
        }
        if seen.has(Signal::MAIL) && self.mailboxes.has_mail(index) {
            self.leave_channel(outlet, search);
            if self.settings.helping == Helping::Any {
                // As while it waits: what it has queued itself comes before what others have sent.
                while self.help_once(index, Reach::Own, search) {}
            }
            self.read_mailbox(index);
        }
        // After the mail: a worker does not leave while it has some, and a message may say that one is to leave.
        if self.lifecycle.signals.now().has(Signal::WORKERS) {
            let leaves = self.lifecycle.workers.may_be_surplus(index)
                && outlet.may_leave()
                && self.lifecycle.leave_surplus(index, &self.mailboxes);
            if leaves && self.finish_leaving(index, outlet) {
                return Next::Leave;
            }
            if self.lifecycle.workers.is_short() {
                // To start a thread takes longer than to wake one.
                search.end(|| self.has_work(outlet));
                self.start_workers();
            }
        }
        Next::Pop
    }

    /// The worker turns to something that did not come through the channel. Another is to search in its place.
    pub(super) fn leave_channel(&self, outlet: &mut S::Outlet, search: &mut Search<'_>) {
        search.end(|| self.has_work(outlet));
        outlet.turn_away();
    }

    /// The worker's slot is marked as vacating. Returns whether the worker leaves; the last one that is not blocked stays while
    /// there is something in the queue.
    fn finish_leaving(&self, index: usize, outlet: &mut S::Outlet) -> bool {
        if self.lifecycle.workers.effective().has_ended() && self.has_work(outlet) {
            self.lifecycle.restart(index);
            self.mailboxes.open(index);
            return false;
        }
        // The stop hook comes first, and may take long.
        outlet.turn_away();
        true
    }

    /// Starts workers while some are wanted and slots are free. A failed start is counted, and none is tried again for a while;
    /// the pool goes on without.
    ///
    /// If the pool has lost its last worker by then, it ends here. So the caller is not inside the gate.
    pub(super) fn start_workers(&self) {
        self.end_if_last_lost(self.try_start_workers());
    }

    /// As [`start_workers`](Core::start_workers), for a caller that may be inside the gate: on an error it leaves the gate and then
    /// [ends](Core::end_without_workers) the pool.
    fn try_start_workers(&self) -> Result<(), LastWorkerLost> {
        while let Some(index) = self.lifecycle.reserve_slot() {
            if self.start_worker(index).is_err() {
                self.lifecycle.update_table(|table| table.start_failed(index));
                return if self.lifecycle.remove_alive() { Err(LastWorkerLost) } else { Ok(()) };
            }
        }
        Ok(())
    }

    fn end_if_last_lost(&self, outcome: Result<(), LastWorkerLost>) {
        if outcome.is_err() {
            self.end_without_workers(0);
        }
    }

    /// A worker that has left its slot is about to end. A worker that was wanted meanwhile can start in this slot now; and what
    /// the worker held privately lies where only a pop finds it.
    pub(super) fn vacate_slot(&self, index: usize) {
        self.lifecycle.update_table(|table| table.vacate(index));
        self.start_workers();
        if self.settings.scales {
            // A submitter may have found this one idle, and left its job to it.
            self.grow_if_jobs_wait(false);
        }
        self.give_up_if_no_worker();
        self.parking.notify();
    }

    pub(super) fn resize(&self, threads: usize) -> Result<(), ResizeError> {
        if self.state() != PoolState::Running {
            return Err(ResizeError::ShutDown);
        }
        let bounds = self.lifecycle.bounds();
        if !bounds.contains(&threads) {
            return Err(ResizeError::OutOfBounds {
                asked: threads,
                least: *bounds.start(),
                most: *bounds.end(),
            });
        }
        self.apply(|table| table.set_target(threads));
        self.have_all_keep_alive();
        self.wait_for_starters();
        Ok(())
    }

    /// A worker that saw that more are wanted may be starting one. From then on that one takes mail, such as its part of a broadcast.
    fn wait_for_starters(&self) {
        // The handler is the program's, and may be what calls this.
        while self.settings.spawn_handler.is_none() && self.lifecycle.has_unexpected_worker(&self.mailboxes) {
            thread::yield_now();
        }
    }

    /// Changes how many workers are wanted, starts those that are missing, and wakes those that are to leave.
    fn apply(&self, change: impl FnOnce(&mut WorkerTable)) {
        let leavers = self.lifecycle.update_table(change);
        self.start_workers();
        self.give_up_if_no_worker();
        self.wake_workers(&leavers);
    }

    /// Wakes the workers of these slots, which are to leave.
    pub(super) fn wake_workers(&self, slots: &[usize]) {
        slots.iter().for_each(|slot| self.parking.wake(*slot));
    }

    /// Called by a worker that has ended a job, so that a pool with nothing to do never looks.
    pub(super) fn follow_cpu_limit(&self) {
        let Some(cpus) = self.settings.cpu_limit.as_ref().and_then(Follower::poll) else { return };
        let limit = cpus.map(|cpus| cpus.saturating_mul(self.settings.threads_per_cpu));
        if self.settings.scales {
            self.apply(|table| table.set_ceiling(limit.unwrap_or(usize::MAX)));
        } else {
            let most = self.settings.threads;
            self.apply(|table| table.set_target(limit.map_or(most, |limit| limit.min(most))));
        }
    }

    /// What a pool does about its workers for each job that comes in, once it is counted. The caller is inside the gate.
    pub(super) fn start_workers_for_job(&self) -> Result<(), LastWorkerLost> {
        if self.lifecycle.workers.is_short() {
            // A thread was refused; it may be had by now.
            self.try_start_workers()?;
        }
        if self.settings.scales { self.grow_if_none_idle() } else { Ok(()) }
    }

    /// The job that is to be queued for this one in a scaling pool.
    pub(super) fn stamped_for_growth(&self, job: Job) -> Job {
        match self.settings.queue_wait {
            Some(limit) if !job.is_stamped() => {
                Job::from_task(Stamped { job, at: Instant::now(), limit, pool: self.me().clone() })
            }
            _ => job,
        }
    }

    /// Work comes in to a scaling pool. The caller is inside the gate.
    pub(super) fn grow_if_none_idle(&self) -> Result<(), LastWorkerLost> {
        if self.lifecycle.workers.can_grow() && self.idle_workers() == 0 { self.try_grow() } else { Ok(()) }
    }

    /// A worker of a scaling pool is idle no more: it has taken a job or a ticket, or has left. A burst of jobs may have found it
    /// idle before.
    pub(super) fn grow_if_jobs_wait(&self, has_job: bool) {
        if self.lifecycle.workers.can_grow() {
            // Against the submitter, which counts its job and then counts the idle workers: one of the two sees the other.
            fence(SeqCst);
            // What it has in hand has not started, and counts as queued.
            let served = self.idle_workers() + usize::from(has_job);
            if self.context().counts().queued > served as u64 {
                self.grow();
            }
        }
    }

    fn grow(&self) {
        let was_least = !self.lifecycle.workers.can_shrink();
        self.end_if_last_lost(self.try_grow());
        if was_least {
            self.have_all_keep_alive();
        }
    }

    /// The pool may be larger than its minimum now. Workers that parked when it was not have no limit: they park anew.
    fn have_all_keep_alive(&self) {
        if self.settings.scales {
            self.parking.wake_all();
        }
    }

    fn try_grow(&self) -> Result<(), LastWorkerLost> {
        self.lifecycle.update_table(|table| table.raise_target());
        self.try_start_workers()
    }

    /// A worker has waited for as long as the pool keeps an idle one. The pool has one too many; which one leaves says the
    /// worker table.
    pub(super) fn shrink(&self) {
        let leavers = self.lifecycle.update_table(|table| table.lower_target());
        self.wake_workers(&leavers);
    }

    /// Sees to it that a pool which may be empty has a worker for what a submitter is about to push, or has pushed, and starts
    /// one if there is none. The caller is inside the gate, and [handles](Core::handle_availability) the outcome outside.
    pub(super) fn ensure_worker(&self) -> Result<Availability, LastWorkerLost> {
        while self.settings.may_be_empty && !self.lifecycle.workers.effective().is_seen() {
            self.try_grow()?;
            if self.lifecycle.has_worker() {
                break;
            }
            if self.lifecycle.is_out_of_workers() {
                return Ok(Availability::NoWorker);
            }
            // A worker has started and left again by now.
        }
        Ok(Availability::Worker)
    }

    /// The caller is not inside the gate.
    pub(super) fn handle_availability(&self, available: Result<Availability, LastWorkerLost>) {
        match available {
            Ok(Availability::Worker) => {}
            Ok(Availability::NoWorker) => self.give_up_if_no_worker(),
            Err(LastWorkerLost) => self.end_without_workers(0),
        }
    }

    /// Gives up what is queued in a pool that has no worker and could not start one. The next submission tries again.
    #[cold]
    pub(super) fn give_up_if_no_worker(&self) {
        if self.settings.may_be_empty
            && self.lifecycle.workers.effective().has_ended()
            && self.lifecycle.is_out_of_workers()
        {
            self.give_up_queued(Reason::NoWorkers);
        }
    }

    /// Workers that wait, and those that are starting.
    fn idle_workers(&self) -> usize {
        let slots = self.mailboxes.open_slots().filter(|slot| self.serves_all(*slot));
        let waiting = self.context().waiting(slots).count();
        self.lifecycle.workers.starting() + waiting
    }
}

impl<S: Strategy> WorkerManager for Core<S> {
    fn blocked(&self, slot: usize) {
        if self.lifecycle.is_forked() {
            return;
        }
        self.lifecycle.update_table(|table| table.block(slot));
        self.start_workers();
    }

    fn unblocked(&self, slot: usize) {
        if self.lifecycle.is_forked() {
            return;
        }
        let leavers = self.lifecycle.update_table(|table| table.unblock(slot));
        self.wake_workers(&leavers);
    }

    fn start_failed(&self) {
        self.lifecycle.update_table(|table| table.count_failed_start());
    }

    fn run_a_part(&self, slot: usize) -> bool {
        let Some(part) = self.mailboxes.take_part(slot, &self.lifecycle.signals) else { return false };
        let ticket = self.context().run_in_passing(part, self.context().worker_cx(slot));
        debug_assert!(ticket.is_none(), "nothing is left of a part that has run");
        if self.lifecycle.is_forked() {
            // The thread waits for a part of its own.
            refuse_to_wait("a broadcast");
        }
        true
    }

    fn wait_helping(&self, slot: usize, awaited: &dyn Awaited) -> bool {
        self.may_help(slot) && {
            self.help_until(slot, awaited);
            true
        }
    }

    fn help(&self, slot: usize, reach: Reach) -> bool {
        let mut search = self.search_of(slot);
        self.help_once(slot, Reach::Own, &mut search)
            || reach == Reach::Any && self.help_once(slot, Reach::Any, &mut search)
    }
}

/// A job that knows since when it has waited.
struct Stamped<S: Strategy> {
    job: Job,
    at: Instant,
    limit: Duration,
    pool: std::sync::Weak<Core<S>>,
}

impl<S: Strategy> Runnable for Stamped<S> {
    const IS_STAMPED: bool = true;

    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        if self.at.elapsed() > self.limit
            && let Some(pool) = self.pool.upgrade()
        {
            pool.grow();
        }
        self.job.run_at(cx)
    }

    fn discard(self, reason: Reason, context: Option<&JobContext>) {
        self.job.discard_at(reason, context);
    }

    fn release(&mut self) -> bool {
        self.job.release()
    }
}
