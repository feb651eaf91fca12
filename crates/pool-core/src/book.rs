//! The counters of a pool, and how those who run its jobs write them.
//!
//! Workers count on a cache line of their own with plain loads and stores, since nobody else writes there; threads
//! outside use shared stripes. No job costs a read-modify-write on a line that another worker uses.

use std::sync::atomic::{AtomicU64, Ordering::*};
use std::time::Duration;

use crate::counts::WorkerStats;

/// What is counted wherever jobs run.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) started: AtomicU64,
    pub(crate) completed: AtomicU64,
    pub(crate) panicked: AtomicU64,
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
    pub(crate) replaced: AtomicU64,
}

/// What happens rarely enough to be counted in one place.
#[derive(Default)]
pub(crate) struct RareBook {
    pub(crate) cancelled: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) longest_queue: AtomicU64,
}

impl RareBook {
    pub(crate) fn read(&self) -> (u64, u64, u64) {
        (self.cancelled.load(SeqCst), self.rejected.load(SeqCst), self.discarded.load(SeqCst))
    }
}

impl WorkerBook {
    pub(crate) fn read(&self, now: u64) -> WorkerStats {
        let spell = self.spell.load(Acquire);
        let current = if spell == 0 { 0 } else { (now + 1).saturating_sub(spell) };
        WorkerStats {
            completed: self.jobs.completed.load(Acquire),
            panicked: self.jobs.panicked.load(Acquire),
            busy: Duration::from_nanos(self.busy.load(Acquire) + current),
            parks: self.parks.load(Relaxed),
            replaced: self.replaced.load(Relaxed),
        }
    }
}

/// Where a thread counts the jobs that it runs.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) book: &'a Book,
    pub(crate) exclusive: bool,
}

impl<'a> Desk<'a> {
    #[inline]
    pub(crate) fn start(self) -> Running<'a> {
        self.add(&self.book.started);
        Running(self)
    }

    #[inline]
    fn add(self, counter: &AtomicU64) {
        if self.exclusive {
            // Only the worker at this desk writes here, so a load and a store are as good as an addition, and
            // cheaper. The release makes what the job did visible to whoever reads the count.
            counter.store(counter.load(Relaxed) + 1, Release);
        } else {
            counter.fetch_add(1, Release);
        }
    }
}

/// A job that has started and not ended.
pub(crate) struct Running<'a>(Desk<'a>);

impl Running<'_> {
    #[inline]
    pub(crate) fn finish(self, panicked: bool) {
        let book = self.0.book;
        self.0.add(if panicked { &book.panicked } else { &book.completed });
    }
}
