//! Where work comes back that goes on in another job.

use std::task::Waker;

use crate::{Job, Rejected, Submit};

/// A pool that such work comes back to.
pub(crate) trait Reenter: Send + Sync {
    /// Submits the next job of it. Neither a full queue nor admission turns it away, and it never waits nor runs here.
    fn reenter(&self, job: Job, submit: Submit) -> Result<(), Rejected>;

    /// Has this woken once when the pool is closed, until it is [forgotten](Reenter::forget). `None` if it is closed already.
    fn wake_on_close(&self, waker: Waker) -> Option<u64>;

    /// Wakes the waker of this number no more.
    fn forget(&self, number: u64);

    /// Whether the pool takes jobs.
    fn is_open(&self) -> bool;
}
