//! How a worker says that it is about to wait.

use std::sync::atomic::Ordering::*;

use crate::Ledger;
use crate::book::WorkerBook;

/// A worker's way of saying that it is about to wait: see [`Outlet::pop`](crate::Outlet::pop).
pub struct Idle<'a> {
    worker: Option<(&'a Ledger, &'a WorkerBook)>,
    begun: bool,
}

impl<'a> Idle<'a> {
    /// For tests of a discipline, without a pool: it only remembers whether [`begin`](Idle::begin) was called.
    pub fn unobserved() -> Idle<'static> {
        Idle { worker: None, begun: false }
    }

    pub(crate) fn of_worker(ledger: &'a Ledger, index: usize) -> Self {
        Idle { worker: Some((ledger, ledger.worker_book(index))), begun: false }
    }

    /// The worker is about to wait. Calling it again before the pop returns changes nothing.
    ///
    /// Costs a clock reading and a fence.
    pub fn begin(&mut self) {
        if self.begun {
            return;
        }
        self.begun = true;
        if let Some((ledger, book)) = self.worker {
            let spell = book.spell.load(Relaxed);
            let worked = (ledger.now() + 1).saturating_sub(spell);
            book.spell.store(0, Relaxed);
            book.busy.store(book.busy.load(Relaxed) + worked, Release);
            book.parks.store(book.parks.load(Relaxed) + 1, Relaxed);
            ledger.settle();
        }
    }

    /// Whether the worker has waited.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// The pop has returned.
    pub(crate) fn end(&mut self) {
        if std::mem::take(&mut self.begun) {
            self.start_spell();
        }
    }

    pub(crate) fn start_spell(&self) {
        if let Some((ledger, book)) = self.worker {
            book.spell.store(ledger.now() + 1, Release);
        }
    }
}
