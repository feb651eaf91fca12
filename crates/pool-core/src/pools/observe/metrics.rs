//! What a pool has counted, to be read; and who waits for the pool to be at rest.
//!
//! The counters themselves are in [`counters`](crate::observe::counters), the waiting in [`quiescence`](crate::sync::quiescence).

use std::sync::atomic::{AtomicU64, Ordering::*, fence};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::current::{PoolId, current};
use crate::observe::counters::{JobCounters, RareCounters, WorkerCounters, add_exclusively};
use crate::observe::instrumentation::InstrumentationConfig;
use crate::observe::observer::Observed;
use crate::observe::processor_time::ProcessorTime;
use crate::observe::stats::{Counts, Stats, WorkerCounts, WorkerStats};
use crate::observe::timing::{Timing, Timings};
use crate::sync::Arc;
use crate::sync::gate::{EntryCounters, OUTSIDE_STRIPES};
use crate::sync::quiescence::Quiescence;
use crate::sync::stripes::{is_own_stripe, outside_stripe};

/// A pool's name, its identity, and what it has counted and timed. Read only, so that no user can spoil a count.
///
/// From [`Pool::metrics`](crate::Pool::metrics).
///
/// ```
/// # use pool_core::Pool;
/// fn log(pool: &dyn Pool) {
///     let metrics = pool.metrics();
///     println!("{}: {}", metrics.name(), metrics.counts());
/// }
/// ```
pub struct Metrics {
    id: PoolId,
    name: String,
    entry_counters: Arc<EntryCounters>,
    /// Jobs that entered a scope; they do not pass the gate.
    scoped: Box<[CachePadded<AtomicU64>]>,
    workers: Box<[CachePadded<WorkerCounters>]>,
    outside: Box<[CachePadded<JobCounters>]>,
    rare: RareCounters,
    quiescence: Quiescence,
    epoch: Instant,
    timing: Timing,
    observer: Option<Observed>,
}

impl Metrics {
    /// `exclusive`: each worker alone writes its counters. Not so under an adapter, whose workers we do not number.
    pub(crate) fn new(name: &str, workers: usize, config: &InstrumentationConfig, exclusive: bool) -> Self {
        let pool = std::sync::Arc::from(name);
        let worker = |index| WorkerCounters::new(exclusive, config.instrumentation(&pool, Some(index)));
        let outside = || JobCounters::shared(config.instrumentation(&pool, None));
        Metrics {
            id: PoolId::next(),
            name: name.to_owned(),
            entry_counters: Arc::new(EntryCounters::new(workers)),
            scoped: (0..OUTSIDE_STRIPES + workers).map(|_| CachePadded::default()).collect(),
            workers: (0..workers).map(|index| CachePadded::new(worker(index))).collect(),
            outside: (0..OUTSIDE_STRIPES).map(|_| CachePadded::new(outside())).collect(),
            rare: RareCounters::default(),
            quiescence: Quiescence::default(),
            epoch: Instant::now(),
            timing: config.timing,
            observer: config.observer.clone(),
        }
    }

    /// The pool's identity.
    pub fn id(&self) -> PoolId {
        self.id
    }

    /// The pool's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many workers the pool has.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// What the pool has counted so far. At rest it adds up, and `submitted` is never less than the rest.
    pub fn counts(&self) -> Counts {
        // Outcomes are read first and submissions last, so that whatever has an outcome is seen as submitted.
        let ended = self.ended();
        let all_job_counters = || self.all_job_counters();
        let started = all_job_counters().map(|counters| counters.started.load(Acquire)).sum::<u64>();
        let unrun = self.rare.read();
        let submitted = self.submitted();
        Counts {
            submitted,
            completed: ended.completed,
            panicked: ended.panicked,
            cancelled: unrun.cancelled,
            expired: unrun.expired,
            rejected: unrun.rejected,
            discarded: unrun.discarded,
            // In this order neither falls below zero, unless an adapter counts what it has not admitted.
            queued: submitted.saturating_sub(started + unrun.all()),
            running: started.saturating_sub(ended.completed + ended.panicked),
        }
    }

    /// [`counts`](Metrics::counts), the longest queue seen, and what each worker did.
    pub fn stats(&self) -> Stats {
        let workers = self.read_workers().collect();
        let counts = self.counts();
        self.note_queue(counts.queued);
        self.note_running(counts.running);
        Stats {
            counts,
            longest_queue: self.rare.longest_queue.load(Relaxed),
            most_running: self.rare.most_running.load(Relaxed),
            handler_panics: self.handler_panics(),
            worker_counts: WorkerCounts::constant(self.workers()),
            workers,
        }
    }

    pub(crate) fn read_workers(&self) -> impl Iterator<Item = WorkerStats> {
        self.workers.iter().map(|counters| counters.read(|| self.now()))
    }

    /// How long ago the pool was built.
    pub fn age(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// How much processor time the workers have had. A system call and the reading of a small file for each, some ten microseconds.
    ///
    /// `None` before the first worker has started, in a forked child, for an adapter, and on systems other than Linux.
    pub fn processor_time(&self) -> Option<ProcessorTime> {
        self.workers.iter().filter_map(|worker| worker.processor_time.read()).reduce(ProcessorTime::add)
    }

    fn handler_panics(&self) -> u64 {
        let observers = self.all_job_counters().filter_map(|counters| counters.instrumentation.as_ref());
        let around_jobs = observers.map(|instrumentation| instrumentation.hook_panics()).sum::<u64>();
        let of_observer = self.observer.as_ref().map_or(0, Observed::panics);
        self.rare.handler_panics.load(Relaxed) + around_jobs + of_observer
    }

    /// How long jobs have waited and run, if the pool [times](Timing) them.
    ///
    /// Merges the histograms of each worker: tens of microseconds a worker. A worker that ends a job meanwhile may wait
    /// for a part of that.
    pub fn timings(&self) -> Option<Timings> {
        if self.timing == Timing::Off {
            return None;
        }
        let mut sum = Timings::default();
        self.all_job_counters()
            .filter_map(|counters| counters.instrumentation.as_ref())
            .for_each(|instrumentation| instrumentation.add_to(&mut sum));
        Some(sum)
    }

    /// Waits until no job is queued or running, at most this long. Returns whether that was so at some moment.
    pub fn wait_idle(&self, limit: Option<Duration>) -> bool {
        self.quiescence.wait(limit, || self.is_at_rest())
    }

    /// Whether the calling thread is a worker of this pool.
    pub fn is_current(&self) -> bool {
        current().is_some_and(|worker| worker.pool == self.id)
    }

    pub(crate) fn entry_counters(&self) -> &Arc<EntryCounters> {
        &self.entry_counters
    }

    /// Those of these workers that wait for a job, or have not looked for one yet. One that does not, and waits later, then
    /// finds what the caller has done before.
    pub(crate) fn waiting(&self, workers: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
        // Against the one in `settle`, where a worker ends its busy time.
        fence(SeqCst);
        workers.filter(|worker| self.workers[*worker].busy_time.is_idle())
    }

    /// A worker is about to run a job, and looks now and then: at the length of the queue, and at how many jobs run. The most are kept.
    pub(crate) fn sample_load(&self) {
        let counts = self.counts();
        self.note_queue(counts.queued);
        // Its own is about to.
        self.note_running(counts.running + 1);
    }

    fn note_running(&self, running: u64) {
        if running > self.rare.most_running.load(Relaxed) {
            self.rare.most_running.fetch_max(running, Relaxed);
        }
    }

    fn note_queue(&self, queued: u64) {
        if queued > self.rare.longest_queue.load(Relaxed) {
            self.rare.longest_queue.fetch_max(queued, Relaxed);
        }
    }

    /// Counts a job that comes past the gate.
    pub(crate) fn admit_scoped(&self) {
        self.admit_scoped_on(self.stripe());
    }

    /// As [`admit_scoped`](Metrics::admit_scoped), on the calling thread's stripe.
    ///
    /// It is counted before any thread can take the job. So one that finds the job's outcome counted finds this, too.
    #[inline]
    pub(crate) fn admit_scoped_on(&self, stripe: usize) {
        if self.is_own_stripe(stripe) {
            add_exclusively(&self.scoped[stripe], 1);
        } else {
            self.scoped[stripe].fetch_add(1, SeqCst);
        }
    }

    /// Whether the calling thread, whose stripe this is, has it to itself: not so where several workers of an adapter may have one
    /// number.
    #[inline]
    pub(crate) fn is_own_stripe(&self, stripe: usize) -> bool {
        is_own_stripe(stripe)
            || stripe.checked_sub(OUTSIDE_STRIPES).is_some_and(|slot| self.workers[slot].jobs.exclusive)
    }

    pub(crate) fn count_rejected(&self) {
        self.rare.rejected.fetch_add(1, SeqCst);
        self.settle();
    }

    pub(crate) fn count_cancelled(&self) {
        self.rare.cancelled.fetch_add(1, SeqCst);
        self.settle();
    }

    /// A job that the pool had accepted will not start, since its time to do so has passed.
    pub(crate) fn count_expired(&self) {
        self.rare.expired.fetch_add(1, SeqCst);
        self.settle();
    }

    pub(crate) fn count_discarded(&self) {
        self.rare.discarded.fetch_add(1, SeqCst);
    }

    pub(crate) fn count_handler_panic(&self) {
        self.rare.handler_panics.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_replaced(&self, index: usize) {
        let counters = &self.workers[index];
        counters.replaced.fetch_add(1, Relaxed);
        if let Some(instrumentation) = &counters.jobs.instrumentation {
            instrumentation.spare_successor();
        }
    }

    /// Wakes those who wait for the pool to be at rest, if it is.
    pub(crate) fn settle(&self) {
        self.quiescence.settle(|| self.is_at_rest());
    }

    fn is_at_rest(&self) -> bool {
        let ended = self.ended();
        let unrun = self.rare.read().all();
        ended.completed + ended.panicked + unrun == self.submitted()
    }

    fn ended(&self) -> Ended {
        self.all_job_counters().fold(Ended::default(), |sum, counters| Ended {
            completed: sum.completed + counters.completed.load(Acquire),
            panicked: sum.panicked + counters.panicked.load(Acquire),
        })
    }

    fn submitted(&self) -> u64 {
        let scoped = self.scoped.iter().map(|stripe| stripe.load(SeqCst)).sum::<u64>();
        self.entry_counters.submitted() + scoped
    }

    pub(crate) fn all_job_counters(&self) -> impl Iterator<Item = &JobCounters> {
        self.workers.iter().map(|worker| &worker.jobs).chain(self.outside.iter().map(|counters| &**counters))
    }

    pub(crate) fn worker_counters(&self, index: usize) -> &WorkerCounters {
        &self.workers[index]
    }

    /// The stripe of the calling thread.
    pub(crate) fn stripe(&self) -> usize {
        self.stripe_of(current().filter(|worker| worker.pool == self.id).map(|worker| worker.index))
    }

    /// The stripe of the calling thread, which is this worker, or none.
    #[inline]
    pub(crate) fn stripe_of(&self, worker: Option<usize>) -> usize {
        worker.map_or_else(outside_stripe, |index| self.entry_counters.of_slot(index))
    }

    /// Nanoseconds since the pool was built.
    pub(crate) fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }

    pub(crate) fn timing(&self) -> Timing {
        self.timing
    }

    /// What hears of what the pool's threads do.
    pub(crate) fn observer(&self) -> Option<&Observed> {
        self.observer.as_ref()
    }

    /// Where panics of hooks and handlers are counted.
    pub(crate) fn handler_panic_counter(&self) -> Arc<AtomicU64> {
        self.rare.handler_panics.clone()
    }

    /// The counters of the calling thread, which is no worker of the pool.
    pub(crate) fn outside_counters(&self) -> &JobCounters {
        &self.outside[outside_stripe()]
    }

    /// This process is a fork: from now on no lock is taken here that another thread may have held.
    pub(crate) fn forked(&self) {
        self.quiescence.forked();
        self.workers.iter().for_each(|worker| worker.processor_time.forked());
        self.all_job_counters()
            .filter_map(|counters| counters.instrumentation.as_ref())
            .for_each(|instrumentation| instrumentation.forked());
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics")
            .field("name", &self.name)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Ended {
    completed: u64,
    panicked: u64,
}
