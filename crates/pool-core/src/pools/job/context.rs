//! What a job finds where it runs: its pool, and the counters of the thread that runs it.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::thread;
use std::time::Duration;

use crate::CancelToken;
use crate::blocking::WorkerManagerLink;
use crate::current::current;
use crate::observe::admission::{Admission, Work};
use crate::observe::counters::JobCounters;
use crate::observe::hooks::PanicHandler;
use crate::observe::instrumentation::InstrumentationConfig;
use crate::observe::metrics::Metrics;
use crate::observe::running_tokens::ListedToken;
use crate::observe::timing::Timing;
use crate::observe::watchdog::{OverdueHook, Watchdog};
use crate::os::cpu_set::CpuSet;
use crate::strategy::Urgency;

/// What a job needs of its pool: the [`Metrics`], the handlers and the limits. The rest of what the parts of a pool share is in the
/// [`PoolContext`](crate::adapter::PoolContext), which jobs do not see.
pub struct JobContext {
    metrics: Metrics,
    /// See [`is_forked`](JobContext::is_forked).
    is_forked: AtomicBool,
    on_panic: PanicHandler,
    watchdog: Watchdog,
    worker_manager: WorkerManagerLink,
    urgency: Urgency,
    admission: Option<Admission>,
    /// Whatever starts from now on is told to stop.
    cancels_late: AtomicBool,
}

impl JobContext {
    /// What the pool has counted, to be read.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn on_panic(&self) -> &PanicHandler {
        &self.on_panic
    }

    /// `exclusive`: each worker alone writes its counters. Not so under an adapter, whose workers we do not number.
    pub(crate) fn new(
        name: &str,
        workers: usize,
        on_panic: PanicHandler,
        config: &InstrumentationConfig,
        exclusive: bool,
    ) -> Self {
        let metrics = Metrics::new(name, workers, config, exclusive);
        JobContext {
            is_forked: AtomicBool::new(false),
            on_panic,
            watchdog: Watchdog::new(name, None, None, metrics.handler_panic_counter()),
            worker_manager: WorkerManagerLink::default(),
            urgency: Urgency::default(),
            admission: None,
            cancels_late: AtomicBool::new(false),
            metrics,
        }
    }

    /// The context of a pool that pool-core does not run.
    pub(crate) fn for_adapter(name: &str, workers: usize) -> Self {
        let mut context =
            JobContext::new(name, workers, PanicHandler::default(), &InstrumentationConfig::default(), false);
        context.watch_limits(None, CpuSet::of_process().map(|(cpus, _)| cpus));
        context
    }

    pub(crate) fn set_urgency(&mut self, urgency: Urgency) {
        self.urgency = urgency;
    }

    pub(crate) fn admit_within(&mut self, limit: Option<Duration>) {
        self.admission = limit.map(Admission::within);
    }

    /// Whether a job that has just been counted is turned away, since it would have to wait too long for one of so many
    /// workers.
    #[inline]
    pub(crate) fn turns_away(&self, workers: impl FnOnce() -> usize) -> bool {
        self.admission.as_ref().is_some_and(|admission| !self.admits(admission, workers()))
    }

    #[cold]
    fn admits(&self, admission: &Admission, workers: usize) -> bool {
        let work = self.read_workers().fold(Work::default(), |sum, worker| Work {
            jobs: sum.jobs + worker.jobs(),
            busy: sum.busy + worker.busy.as_nanos(),
        });
        // The job itself is counted as queued.
        admission.admits(self.counts().queued.saturating_sub(1), workers, work)
    }

    /// Who hears of jobs that overrun their limits, and where the thread runs that sees to them.
    pub(crate) fn watch_limits(&mut self, hook: OverdueHook, cpus: Option<CpuSet>) {
        self.watchdog = Watchdog::new(self.name(), hook, cpus, self.handler_panic_counter());
    }

    /// Sets the tokens of the jobs that run, and returns how many there were. `late`: also of those that start from now on.
    ///
    /// Each list is behind a lock: a job that is not found in it is listed later, and then sees `late`.
    pub(crate) fn cancel_running(&self, late: bool) -> usize {
        self.cancels_late.fetch_or(late, Relaxed);
        self.all_job_counters().map(|counters| counters.running.cancel()).sum()
    }

    pub(crate) fn cancels_late(&self) -> bool {
        self.cancels_late.load(Relaxed)
    }

    /// This process is a fork: from now on no lock is taken here that another thread may have held.
    pub(crate) fn forked(&self) {
        self.is_forked.store(true, SeqCst);
        self.metrics.forked();
    }

    /// Whether this process is a fork of the one that has the pool's threads.
    pub(crate) fn is_forked(&self) -> bool {
        self.is_forked.load(SeqCst)
    }

    /// Whether some jobs are turned away or timed, or an observer hears of them, which takes more than to queue them.
    pub(crate) fn is_careful(&self) -> bool {
        self.admission.is_some() || self.timing() != Timing::Off || self.observer().is_some()
    }

    /// Which urgencies wait.
    pub fn urgency(&self) -> &Urgency {
        &self.urgency
    }

    pub(crate) fn watchdog(&self) -> &Watchdog {
        &self.watchdog
    }

    pub(crate) fn worker_manager(&self) -> &WorkerManagerLink {
        &self.worker_manager
    }

    /// The number of the worker that the calling thread is, if it is one of the pool's.
    #[inline]
    pub(crate) fn index_here(&self) -> Option<usize> {
        current().filter(|worker| worker.pool == self.id()).map(|worker| worker.index)
    }

    /// The run context of the calling thread if it is one of the pool's workers.
    pub(crate) fn current_worker_cx(&self) -> Option<RunContext<'_>> {
        self.index_here().map(|worker| self.worker_cx(worker))
    }

    /// The run context of the calling thread, worker or not.
    pub(crate) fn current_cx(&self) -> RunContext<'_> {
        self.current_worker_cx()
            .unwrap_or_else(|| RunContext { context: self, counters: self.outside_counters() })
    }

    pub(crate) fn worker_cx(&self, index: usize) -> RunContext<'_> {
        RunContext { context: self, counters: &self.worker_counters(index).jobs }
    }
}

impl Deref for JobContext {
    type Target = Metrics;

    #[inline(always)]
    fn deref(&self) -> &Metrics {
        &self.metrics
    }
}

/// Where a thread counts the jobs that it runs.
#[derive(Clone, Copy)]
pub(crate) struct RunContext<'a> {
    pub(crate) context: &'a JobContext,
    pub(crate) counters: &'a JobCounters,
}

impl<'a> RunContext<'a> {
    /// The pool's context.
    pub(crate) fn context(self) -> &'a JobContext {
        self.context
    }

    /// Lists the token of a job that is about to run, until the guard is dropped.
    pub(crate) fn list(self, token: &CancelToken) -> ListedToken<'a> {
        let listed = self.counters.running.list(token);
        // After it is listed: see `JobContext::cancel_running`.
        if self.context.cancels_late() {
            token.cancel();
        }
        listed
    }

    /// Runs a job and counts it: see [`JobCounters::run`].
    #[inline(always)]
    pub(crate) fn run<T>(self, job: impl FnOnce() -> thread::Result<T>) -> thread::Result<T> {
        self.counters.run(job)
    }

    /// Panics if a hook around a job has. For a worker between two jobs.
    #[inline]
    pub(crate) fn rethrow_hook_panic(self) {
        if let Some(instrumentation) = &self.counters.instrumentation {
            instrumentation.rethrow_hook_panic();
        }
    }
}
