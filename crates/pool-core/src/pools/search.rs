//! A worker's search for its next job, and the times between two of its jobs.

use std::time::Instant;

use crate::job::context::JobContext;
use crate::observe::counters::{WorkerCounters, add_exclusively};
use crate::observe::observer::Observer;
use crate::sync::parking::Parking;

/// A worker's search for its next job: see [`Outlet::pop`](crate::strategy::Outlet::pop).
///
/// A strategy whose workers steal says here what they have stolen. Others ignore it.
pub struct Search<'a> {
    worker: Option<Worker<'a>>,
    /// This thread has the searcher's role.
    is_searcher: bool,
    /// Since when the worker has been idle, after so many jobs.
    idle: Option<(u64, Instant)>,
}

#[derive(Clone, Copy)]
struct Worker<'a> {
    context: &'a JobContext,
    counters: &'a WorkerCounters,
    parking: &'a Parking,
    index: usize,
}

impl<'a> Search<'a> {
    /// For tests of a strategy, without a pool.
    pub fn detached() -> Search<'static> {
        Search { worker: None, is_searcher: false, idle: None }
    }

    pub(crate) fn of_worker(context: &'a JobContext, parking: &'a Parking, index: usize) -> Self {
        let worker = Worker { context, counters: context.worker_counters(index), parking, index };
        Search { worker: Some(worker), is_searcher: false, idle: None }
    }

    /// Whether this worker is the one that searches, of those that have no work. It wakes another when it
    /// [ends](Search::end) its search; a worker that is not, and moves jobs to where others can take them, calls
    /// [`Parking::notify`].
    #[inline]
    pub fn is_searcher(&self) -> bool {
        self.is_searcher
    }

    /// The worker has found something, and is about to run it. If there is more, another is woken for that. The pool does this for
    /// a job that is popped.
    #[inline]
    pub fn end(&mut self, more_is_visible: impl FnOnce() -> bool) {
        if self.is_searcher {
            self.is_searcher = false;
            if let Some(worker) = self.worker {
                worker.parking.stop_search(more_is_visible);
            }
        }
    }

    /// The worker has taken so many jobs from another worker, at once. They count as one steal.
    #[inline]
    pub fn stole(&self, jobs: usize) {
        if let Some(Worker { counters, .. }) = self.worker {
            add_exclusively(&counters.steals, 1);
            add_exclusively(&counters.stolen_jobs, jobs as u64);
        }
        self.tell(|observer, worker| observer.after_steal(worker, jobs));
    }

    /// The worker has taken work from another that is no job, such as the half of a join, so many times. A thread that waits for
    /// the pool to be at rest does not wait for that.
    pub fn stole_forks(&self, times: u64) {
        if let Some(Worker { counters, context, .. }) = self.worker
            && times != 0
        {
            add_exclusively(&counters.steals, times);
            context.settle();
        }
    }

    /// Runs what the worker has taken from another and what is no job, such as the half of a join, and counts it as
    /// [stolen](Search::stole_forks).
    pub fn run_stolen_fork(&self, fork: impl FnOnce()) {
        self.stole_forks(1);
        self.tell(|observer, worker| observer.before_fork(worker));
        fork();
        self.tell(|observer, worker| observer.after_fork(worker));
    }

    fn tell(&self, what: impl FnOnce(&dyn Observer, usize)) {
        if let Some(Worker { context, index, .. }) = self.worker
            && let Some(observer) = context.observer()
        {
            observer.tell(|observer| what(observer, index));
        }
    }

    /// Takes the searcher's role, if it is free or held already.
    pub(crate) fn begin(&mut self) -> bool {
        self.is_searcher = self.is_searcher || self.worker.is_some_and(|worker| worker.parking.try_search());
        self.is_searcher
    }

    /// The role goes to the parking with an announcement, or comes from there.
    pub(crate) fn set_searcher(&mut self, is_searcher: bool) -> bool {
        std::mem::replace(&mut self.is_searcher, is_searcher)
    }

    /// Since when the worker, which has taken so many jobs, has been idle: since it was last [woken](Search::restart_idle) or has
    /// first parked after its last job. A wake-up by the clock does not count.
    pub(crate) fn idle_since(&mut self, jobs: u64) -> Instant {
        match self.idle {
            Some((before, since)) if before == jobs => since,
            _ => self.idle.insert((jobs, Instant::now())).1,
        }
    }

    pub(crate) fn restart_idle(&mut self) {
        self.idle = None;
    }

    /// The worker is about to wait. Costs a clock reading and a fence.
    pub(crate) fn begin_wait(&self) {
        self.leave();
        self.tell(|observer, worker| observer.before_park(worker));
    }

    /// The worker has nothing to do any more, and does not wait either.
    pub(crate) fn leave(&self) {
        if let Some(Worker { context, counters, .. }) = self.worker {
            counters.busy_time.end(context.now());
            add_exclusively(&counters.parks, 1);
            context.settle();
        }
    }

    /// The worker has waited.
    pub(crate) fn end_wait(&self) {
        self.start();
        let instrumentation = self.worker.and_then(|worker| worker.counters.jobs.instrumentation.as_deref());
        instrumentation.into_iter().for_each(|instrumentation| instrumentation.wake());
        self.tell(|observer, worker| observer.after_park(worker));
    }

    /// The worker has something to do.
    pub(crate) fn start(&self) {
        if let Some(Worker { context, counters, .. }) = self.worker {
            counters.busy_time.begin(context.now());
        }
    }

    /// The worker has died, and does not wait either: it does not count as idle.
    pub(crate) fn absent(&self) {
        if let Some(Worker { context, counters, .. }) = self.worker {
            counters.busy_time.leave(context.now());
            context.settle();
        }
    }
}

/// A worker that dies of a panic searches no more.
impl Drop for Search<'_> {
    fn drop(&mut self) {
        self.end(|| true);
    }
}
