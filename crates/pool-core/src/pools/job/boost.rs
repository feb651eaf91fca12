//! The way from a job's handle to the queue of its pool, where a second ticket goes, and from a scope to it.

use crate::{Job, Priority, Rejected};

/// Who can queue tickets.
pub(crate) trait Boost: Send + Sync {
    /// Queues it, if there is room and the pool takes tickets; else the job keeps its place. Returns whether it did.
    fn boost(&self, ticket: Job, to: Priority) -> bool;

    /// As [`Pool::submit`](crate::Pool::submit).
    fn submit_job(&self, job: Job) -> Result<(), Rejected>;

    /// Queues a ticket that has no other place, or drops it.
    fn queue_ticket(&self, ticket: Job);

    /// Whether the pool takes nothing more.
    fn is_closed(&self) -> bool;

    /// Takes back the newest tickets that the calling worker, of this number, has queued, as long as they lead nowhere; at most so
    /// many.
    fn take_back_spent(&self, worker: usize, most: usize);
}
