//! How an outlet tells what a worker does besides running jobs: waiting, and stealing.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use crate::adapter::Ledger;
use crate::book::{WorkerBook, add_alone};

/// A worker's way of saying that it is about to wait, and what it stole: see [`Outlet::pop`](crate::strategy::Outlet::pop).
pub struct Idle<'a> {
    worker: Option<(&'a Ledger, &'a WorkerBook)>,
    /// How many jobs lie in the worker's own mailbox.
    mail: Option<&'a AtomicUsize>,
    begun: bool,
}

impl<'a> Idle<'a> {
    /// For tests of a discipline, without a pool: it only remembers whether [`begin`](Idle::begin) was called.
    pub fn unobserved() -> Idle<'static> {
        Idle { worker: None, mail: None, begun: false }
    }

    pub(crate) fn of_worker(ledger: &'a Ledger, index: usize, mail: &'a AtomicUsize) -> Self {
        Idle { worker: Some((ledger, ledger.worker_book(index))), mail: Some(mail), begun: false }
    }

    /// The worker is about to wait. Returns whether it is to look up instead, since there is work for it elsewhere: then
    /// the pop returns [`Pop::TimedOut`](crate::strategy::Pop::TimedOut).
    ///
    /// Costs a clock reading and a fence. Calling it again before the pop returns, which a discipline does before each
    /// wait, only asks again whether to wait.
    #[must_use = "a worker that waits nevertheless does not learn of its mail"]
    pub fn begin(&mut self) -> bool {
        if !self.begun {
            self.begun = true;
            self.end_spell();
        }
        // After the fence in `settle`: see the protocol of mailboxes.
        self.mail.is_some_and(|mail| mail.load(SeqCst) != 0)
    }

    fn end_spell(&self) {
        if let Some((ledger, book)) = self.worker {
            book.spell.end(ledger.now());
            add_alone(&book.parks, 1);
            ledger.settle();
        }
    }

    /// The worker has died, and does not wait either: nobody is to count on it.
    pub(crate) fn absent(&self) {
        if let Some((ledger, book)) = self.worker {
            book.spell.leave(ledger.now());
            ledger.settle();
        }
    }

    /// The worker has taken so many jobs from another worker, at once. They count as one steal.
    #[inline]
    pub fn stole(&self, jobs: usize) {
        if let Some((_, book)) = self.worker {
            add_alone(&book.steals, 1);
            add_alone(&book.stolen_jobs, jobs as u64);
        }
    }

    /// The worker has taken work from another that is no job, such as the half of a join, so many times. Whoever waits for
    /// the pool to be at rest does not wait for that.
    pub fn stole_forks(&self, times: u64) {
        if let Some((ledger, book)) = self.worker
            && times != 0
        {
            add_alone(&book.steals, times);
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
            if let Some(observer) = self.worker.and_then(|(_, book)| book.jobs.observer.as_deref()) {
                observer.wake();
            }
        }
    }

    pub(crate) fn start_spell(&self) {
        if let Some((ledger, book)) = self.worker {
            book.spell.begin(ledger.now());
        }
    }
}
