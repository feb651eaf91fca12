//! The counters of a pool, and how those who run its jobs write them.
//!
//! Workers count on a cache line of their own with plain loads and stores, since nobody else writes there; threads
//! outside use shared stripes. No job costs a read-modify-write on a line that another worker uses.

use std::sync::atomic::{AtomicU64, Ordering::*};
use std::time::Duration;

use crate::Ledger;
use crate::counts::WorkerStats;
use crate::observer::{Observer, Watched};

/// What is counted wherever jobs run.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) started: AtomicU64,
    pub(crate) completed: AtomicU64,
    pub(crate) panicked: AtomicU64,
    /// Whether one thread alone writes here.
    pub(crate) exclusive: bool,
    pub(crate) observer: Option<Box<Observer>>,
}

/// What is counted for a worker: its jobs, and how it spends its time.
#[derive(Default)]
pub(crate) struct WorkerBook {
    pub(crate) jobs: Book,
    pub(crate) parks: AtomicU64,
    /// Nanoseconds between being woken and waiting again, of all such spells that are over.
    pub(crate) busy: AtomicU64,
    /// When the current spell began, in nanoseconds since the ledger's epoch, plus one; 0 while the worker waits.
    pub(crate) spell: AtomicU64,
    /// How often it took something from another worker.
    pub(crate) steals: AtomicU64,
    pub(crate) stolen_jobs: AtomicU64,
    pub(crate) replaced: AtomicU64,
}

/// What happens rarely enough to be counted in one place.
#[derive(Default)]
pub(crate) struct RareBook {
    pub(crate) cancelled: AtomicU64,
    pub(crate) expired: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) longest_queue: AtomicU64,
    /// Of panic handlers and of payloads that nobody handles; observers count those of hooks.
    pub(crate) handler_panics: AtomicU64,
}

/// How many jobs ended without having run.
pub(crate) struct Unrun {
    pub(crate) cancelled: u64,
    pub(crate) expired: u64,
    pub(crate) rejected: u64,
    pub(crate) discarded: u64,
}

impl RareBook {
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

impl WorkerBook {
    pub(crate) fn new(exclusive: bool, observer: Option<Box<Observer>>) -> Self {
        WorkerBook { jobs: Book { exclusive, observer, ..Book::default() }, ..WorkerBook::default() }
    }

    pub(crate) fn read(&self, now: u64) -> WorkerStats {
        let spell = self.spell.load(Acquire);
        let current = if spell == 0 { 0 } else { (now + 1).saturating_sub(spell) };
        WorkerStats {
            completed: self.jobs.completed.load(Acquire),
            panicked: self.jobs.panicked.load(Acquire),
            busy: Duration::from_nanos(self.busy.load(Acquire) + current),
            parks: self.parks.load(Relaxed),
            steals: self.steals.load(Relaxed),
            stolen_jobs: self.stolen_jobs.load(Relaxed),
            replaced: self.replaced.load(Relaxed),
        }
    }
}

/// Adds to a counter that only the calling thread writes: a load and a store are as good as an addition, and cheaper.
#[inline]
pub(crate) fn add_alone(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed) + more, Release);
}

/// Where a thread counts the jobs that it runs.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) book: &'a Book,
}

impl<'a> Desk<'a> {
    /// The books that the desk belongs to.
    pub(crate) fn ledger(self) -> &'a Ledger {
        self.ledger
    }

    /// Counts a job that starts. What the job's name is must be known by now.
    #[inline]
    pub(crate) fn start(self) -> Running<'a> {
        self.book.add(&self.book.started);
        let watched = self.book.observer.as_deref().map(|observer| (observer, observer.start()));
        Running { book: self.book, watched }
    }

    /// Panics if a hook around a job has. For a worker between two jobs.
    #[inline]
    pub(crate) fn die_of_a_hook(self) {
        if let Some(observer) = &self.book.observer {
            observer.die_of_a_hook();
        }
    }
}

impl Book {
    #[inline]
    fn add(&self, counter: &AtomicU64) {
        // The release makes what the job did visible to whoever reads the count.
        if self.exclusive {
            add_alone(counter, 1);
        } else {
            counter.fetch_add(1, Release);
        }
    }
}

/// A job that has started and not ended.
pub(crate) struct Running<'a> {
    book: &'a Book,
    watched: Option<(&'a Observer, Watched)>,
}

impl Running<'_> {
    /// Counts the job's end, after everything else that belongs to it.
    #[inline]
    pub(crate) fn finish(self, panicked: bool) {
        if let Some((observer, watched)) = self.watched {
            observer.finish(watched, panicked);
        }
        self.book.add(if panicked { &self.book.panicked } else { &self.book.completed });
    }
}
