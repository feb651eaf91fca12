//! How mail comes in, and how workers run it: see `mailbox` for the protocol.

use super::core::Core;
use super::signals::{Signal, SignalSet};
use crate::current::current;
use crate::job::context::RunContext;
use crate::os::process_fork::refuse_to_wait;
use crate::strategy::{Caller, Search, Strategy};
use crate::{Job, Reason, Rejected, Submit};

impl<S: Strategy> Core<S> {
    /// Puts a job, or a message, into a worker's mailbox.
    pub(super) fn submit_to(&self, worker: usize, job: Job) -> Result<(), Rejected> {
        let (context, is_job) = (self.context(), job.is_job());
        let stripe = if is_job { context.stripe() } else { context.entry_counters().uncounted() };
        // Inside the gate, so that the workers, which leave when the inlet is gone, find it.
        let Some(inlet) = self.gate.enter(stripe) else {
            return Err(self.turn_away(job));
        };
        let delivered = self.deliver(worker, if is_job { context.stamped(job) } else { job });
        drop(inlet);
        delivered.map_err(|job| context.reject(job, Reason::NoSuchWorker(worker)))
    }

    /// Puts a job into the mailbox of the worker that is for this key.
    pub(super) fn submit_keyed(&self, key: u64, job: Job) -> Result<(), Rejected> {
        let Some(inlet) = self.gate.enter(self.context().stripe()) else {
            return Err(self.turn_away(job));
        };
        let mut job = self.context().stamped(job);
        while let Some(worker) = self.worker_for(key) {
            // It may have left meanwhile.
            match self.deliver(worker, job) {
                Ok(()) => return Ok(()),
                Err(back) => job = back,
            }
        }
        let caller = current().filter(|worker| worker.pool == self.context().id());
        let caller = caller.map_or(Caller::Outside, |worker| Caller::Worker(worker.index));
        self.push_checked(inlet, job, Submit::default(), caller)
    }

    /// The worker that the jobs of a key go to, if there is any worker.
    fn worker_for(&self, key: u64) -> Option<usize> {
        let of = |count: usize| usize::try_from(key % count as u64).expect("less than a usize");
        let wanted = self.lifecycle.workers.target();
        if wanted > 0 && self.mailboxes.takes_mail(of(wanted)) {
            return Some(of(wanted));
        }
        let workers: Vec<usize> = self.mailboxes.slots().collect();
        if workers.is_empty() { None } else { Some(workers[of(workers.len())]) }
    }

    /// Returns the job if no worker is there. The caller is inside the gate.
    fn deliver(&self, worker: usize, job: Job) -> Result<(), Job> {
        self.mailboxes.put(worker, job, &self.lifecycle.signals)?;
        self.parking.wake(worker);
        Ok(())
    }

    /// Runs what a worker has taken, when a signal is or was set.
    #[cold]
    pub(super) fn run_checked(&self, job: Job, cx: RunContext<'_>, search: &Search<'_>, before: SignalSet) {
        self.wait_while_paused(search);
        let seen = self.lifecycle.signals.now();
        if before.has(Signal::GIVES_BACK) || seen.has(Signal::GIVES_BACK_HELD) {
            return self.set_aside(vec![job], Reason::ShutDown);
        }
        if self.settings.scales {
            self.grow_if_jobs_wait(job.is_job());
        }
        self.run_in_between(job, cx);
        if seen.has(Signal::ADAPTS) {
            self.follow_cpu_limit();
        }
    }

    /// As [`run`](Core::run), where the thread goes on with something else than a look at the signals.
    fn run_in_between(&self, job: Job, cx: RunContext<'_>) {
        self.run(&mut Some(job), cx);
        if self.lifecycle.is_forked() {
            refuse_to_wait("a job");
        }
    }

    /// Waits for the end of a pause, with something in hand that has not started, and so does not start now.
    fn wait_while_paused(&self, search: &Search<'_>) {
        if self.lifecycle.signals.now().has(Signal::PAUSED) {
            search.begin_wait();
            self.lifecycle.wait_while_paused();
            search.end_wait();
        }
    }

    /// Runs what lies in the side queue by now, or all that comes there if the channel is closed.
    #[cold]
    pub(super) fn run_side_queue(
        &self,
        index: usize,
        outlet: &mut S::Outlet,
        search: &mut Search<'_>,
        is_closed: bool,
    ) {
        let cx = self.context().worker_cx(index);
        let mut left = if is_closed { usize::MAX } else { self.side_queue.len() };
        while left > 0
            && let Some(kept) = self.side_queue.take_one(&self.lifecycle.signals)
        {
            left -= 1;
            // This one may take long, and the others need not wait for it.
            self.requeue_side_queue();
            self.leave_channel(outlet, search);
            self.wait_while_paused(search);
            if kept.is_job() && self.lifecycle.gives_back() {
                self.set_aside(vec![kept], Reason::ShutDown);
            } else {
                self.run_in_between(kept, cx);
            }
        }
    }

    /// Runs what lies in a worker's own mailbox.
    #[cold]
    pub(super) fn read_mailbox(&self, index: usize) {
        let cx = self.context().worker_cx(index);
        while let Some(job) = self.mailboxes.take(index, &self.lifecycle.signals) {
            if self.settings.scales {
                self.grow_if_jobs_wait(job.is_job());
            }
            if self.lifecycle.signals.now().has(Signal::PAUSED) {
                self.lifecycle.wait_while_paused();
            }
            if self.lifecycle.gives_back() {
                self.set_aside(vec![job], Reason::ShutDown);
            } else {
                self.run_in_between(job, cx);
            }
        }
    }
}
