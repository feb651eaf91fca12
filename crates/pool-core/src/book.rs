//! The counters of a pool, and how those who run its jobs write them.
//!
//! Workers count on a cache line of their own with plain loads and stores, since nobody else writes there; threads
//! outside use shared stripes. No job costs a read-modify-write on a line that another worker uses.

use std::sync::atomic::{AtomicU64, Ordering::*};
use std::thread;
use std::time::Duration;

use crate::CancelToken;
use crate::adapter::Ledger;
use crate::counts::WorkerStats;
use crate::observer::Observer;
use crate::running::{Listed, Running};
use crate::spell::Spell;

/// What is counted wherever jobs run.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) started: AtomicU64,
    pub(crate) completed: AtomicU64,
    pub(crate) panicked: AtomicU64,
    /// Whether one thread alone writes here.
    pub(crate) exclusive: bool,
    /// Whether one does, and nobody watches: the one thing that a job asks.
    is_plain: bool,
    pub(crate) observer: Option<Box<Observer>>,
    /// Which of these jobs can be told to stop.
    pub(crate) running: Running,
}

/// What is counted for a worker: its jobs, and how it spends its time.
#[derive(Default)]
pub(crate) struct WorkerBook {
    pub(crate) jobs: Book,
    pub(crate) parks: AtomicU64,
    /// From being woken to waiting again.
    pub(crate) spell: Spell,
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
        WorkerBook { jobs: Book::new(exclusive, observer), ..WorkerBook::default() }
    }

    pub(crate) fn read(&self, now: impl Fn() -> u64) -> WorkerStats {
        WorkerStats {
            completed: self.jobs.completed.load(Acquire),
            panicked: self.jobs.panicked.load(Acquire),
            busy: Duration::from_nanos(self.spell.busy(now)),
            parks: self.parks.load(Relaxed),
            steals: self.steals.load(Relaxed),
            stolen_jobs: self.stolen_jobs.load(Relaxed),
            replaced: self.replaced.load(Relaxed),
        }
    }
}

/// Adds to a counter that only the calling thread writes: a load and a store are as good as an addition, and cheaper.
/// The release makes what a job did visible to whoever reads the count.
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

    /// Lists the token of a job that is about to run, until the guard is dropped.
    pub(crate) fn list(self, token: &CancelToken) -> Listed<'a> {
        let listed = self.book.running.list(token);
        // After it is listed: see `Ledger::cancel_running`.
        if self.ledger.cancels_late() {
            token.cancel();
        }
        listed
    }

    /// Runs a job and counts it. Its name must be entered by now, and until it has ended.
    ///
    /// It is counted last, so that whoever finds it counted finds everything done that belongs to it.
    #[inline(always)]
    pub(crate) fn run<T>(self, job: impl FnOnce() -> thread::Result<T>) -> thread::Result<T> {
        let book = self.book;
        if !book.is_plain {
            return book.run_with_care(job);
        }
        add_alone(&book.started, 1);
        let outcome = job();
        add_alone(if outcome.is_err() { &book.panicked } else { &book.completed }, 1);
        outcome
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
    fn new(exclusive: bool, observer: Option<Box<Observer>>) -> Self {
        Book { exclusive, is_plain: exclusive && observer.is_none(), observer, ..Book::default() }
    }

    /// The book of those who are no workers.
    pub(crate) fn shared(observer: Option<Box<Observer>>) -> Self {
        Book::new(false, observer)
    }

    #[cold]
    #[inline(never)]
    fn run_with_care<T>(&self, job: impl FnOnce() -> thread::Result<T>) -> thread::Result<T> {
        self.add(&self.started);
        let started = self.observer.as_ref().and_then(|observer| observer.start());
        let outcome = job();
        if let Some(observer) = &self.observer {
            observer.finish(started, outcome.is_err());
        }
        self.add(if outcome.is_err() { &self.panicked } else { &self.completed });
        outcome
    }

    fn add(&self, counter: &AtomicU64) {
        if self.exclusive {
            add_alone(counter, 1);
        } else {
            counter.fetch_add(1, Release);
        }
    }
}
