//! The counters of a pool, and how the threads that run its jobs write them.
//!
//! Workers count on a cache line of their own with plain loads and stores, since nobody else writes there; threads
//! outside use shared stripes. No job costs a read-modify-write on a line that another worker uses.

use std::sync::atomic::{AtomicU64, Ordering::*};
use std::thread;
use std::time::Duration;

use crate::observe::instrumentation::Instrumentation;
use crate::observe::processor_time::WorkerProcessorTime;
use crate::observe::running_tokens::RunningTokens;
use crate::observe::stats::WorkerStats;
use crate::sync::Arc;
use crate::sync::busy_time::BusyTime;

/// What is counted wherever jobs run.
#[derive(Default)]
pub(crate) struct JobCounters {
    pub(crate) started: AtomicU64,
    pub(crate) completed: AtomicU64,
    pub(crate) panicked: AtomicU64,
    /// Whether one thread alone writes here.
    pub(crate) exclusive: bool,
    /// Whether one does, and no thread watches: the one thing that a job asks.
    is_plain: bool,
    pub(crate) instrumentation: Option<Box<Instrumentation>>,
    /// Which of these jobs can be told to stop.
    pub(crate) running: RunningTokens,
}

/// What is counted for a worker: its jobs, and how it spends its time.
#[derive(Default)]
pub(crate) struct WorkerCounters {
    pub(crate) jobs: JobCounters,
    pub(crate) parks: AtomicU64,
    /// From being woken to waiting again.
    pub(crate) busy_time: BusyTime,
    pub(crate) processor_time: WorkerProcessorTime,
    /// How often it took something from another worker.
    pub(crate) steals: AtomicU64,
    pub(crate) stolen_jobs: AtomicU64,
    pub(crate) replaced: AtomicU64,
}

/// What happens rarely enough to be counted in one place.
#[derive(Default)]
pub(crate) struct RareCounters {
    pub(crate) cancelled: AtomicU64,
    pub(crate) expired: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) longest_queue: AtomicU64,
    pub(crate) most_running: AtomicU64,
    /// Of panic handlers and of payloads that are not handled; observers count those of hooks.
    pub(crate) handler_panics: Arc<AtomicU64>,
}

/// How many jobs ended without having run.
pub(crate) struct Unrun {
    pub(crate) cancelled: u64,
    pub(crate) expired: u64,
    pub(crate) rejected: u64,
    pub(crate) discarded: u64,
}

impl RareCounters {
    pub(crate) fn read(&self) -> Unrun {
        Unrun {
            cancelled: self.cancelled.load(SeqCst),
            expired: self.expired.load(SeqCst),
            rejected: self.rejected.load(SeqCst),
            discarded: self.discarded.load(SeqCst),
        }
    }
}

impl Unrun {
    pub(crate) fn all(&self) -> u64 {
        self.cancelled + self.expired + self.rejected + self.discarded
    }
}

impl WorkerCounters {
    pub(crate) fn new(exclusive: bool, instrumentation: Option<Box<Instrumentation>>) -> Self {
        WorkerCounters { jobs: JobCounters::new(exclusive, instrumentation), ..WorkerCounters::default() }
    }

    pub(crate) fn read(&self, now: impl Fn() -> u64) -> WorkerStats {
        WorkerStats {
            completed: self.jobs.completed.load(Acquire),
            panicked: self.jobs.panicked.load(Acquire),
            busy: Duration::from_nanos(self.busy_time.busy(now)),
            parks: self.parks.load(Relaxed),
            steals: self.steals.load(Relaxed),
            stolen_jobs: self.stolen_jobs.load(Relaxed),
            replaced: self.replaced.load(Relaxed),
        }
    }
}

/// Adds to a counter that only the calling thread writes: a load and a store are as good as an addition, and cheaper.
/// The release makes what a job did visible to a thread that reads the count.
#[inline]
pub(crate) fn add_exclusively(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed) + more, Release);
}

impl JobCounters {
    /// Runs a job and counts it. Its name must be entered by now, and until it has ended.
    ///
    /// It is counted last, so that a thread that finds it counted finds everything done that belongs to it.
    #[inline(always)]
    pub(crate) fn run<T>(&self, job: impl FnOnce() -> thread::Result<T>) -> thread::Result<T> {
        if !self.is_plain {
            return self.run_with_care(job);
        }
        add_exclusively(&self.started, 1);
        let outcome = job();
        add_exclusively(if outcome.is_err() { &self.panicked } else { &self.completed }, 1);
        outcome
    }

    fn new(exclusive: bool, instrumentation: Option<Box<Instrumentation>>) -> Self {
        JobCounters {
            exclusive,
            is_plain: exclusive && instrumentation.is_none(),
            instrumentation,
            ..JobCounters::default()
        }
    }

    /// The book of those who are no workers.
    pub(crate) fn shared(instrumentation: Option<Box<Instrumentation>>) -> Self {
        JobCounters::new(false, instrumentation)
    }

    #[cold]
    #[inline(never)]
    fn run_with_care<T>(&self, job: impl FnOnce() -> thread::Result<T>) -> thread::Result<T> {
        self.add(&self.started);
        let started = self.instrumentation.as_ref().and_then(|instrumentation| instrumentation.start());
        let outcome = job();
        if let Some(instrumentation) = &self.instrumentation {
            instrumentation.finish(started, outcome.is_err());
        }
        self.add(if outcome.is_err() { &self.panicked } else { &self.completed });
        outcome
    }

    fn add(&self, counter: &AtomicU64) {
        if self.exclusive {
            add_exclusively(counter, 1);
        } else {
            counter.fetch_add(1, Release);
        }
    }
}
