//! What the parts of a pool share.

use std::ops::Deref;
use std::sync::Arc;

use crate::JobOrder;
use crate::Panic;
use crate::job::boost::Boost;
use crate::job::context::JobContext;
use crate::job::link::Link;
use crate::job::reenter::Reenter;
use crate::job::room::Room;
use crate::job::timers::Timers;

/// What the parts of a pool share: its [`Metrics`](crate::Metrics), its handlers and limits. Opaque, so that no count can be spoilt:
///
/// ```compile_fail,E0624
/// use pool_core::{Job, Pool, Reason};
/// fn spoil(pool: &dyn Pool) {
///     pool.context().discard(Job::new(|| ()), Reason::Full); // private
/// }
/// ```
///
/// [`ThreadPool`](crate::ThreadPool) keeps its own. An adapter of another crate's pool gets one from a
/// [`Recorder`](crate::adapter::Recorder).
pub struct PoolContext {
    job: JobContext,
    boost: Link<dyn Boost>,
    room: Link<dyn Room>,
    reenter: Link<dyn Reenter>,
    job_order: JobOrder,
    timers: Arc<Timers>,
}

impl PoolContext {
    pub(crate) fn new(job: JobContext, job_order: JobOrder) -> Self {
        PoolContext {
            job,
            boost: Link::default(),
            room: Link::default(),
            reenter: Link::default(),
            job_order,
            timers: Arc::default(),
        }
    }

    /// Hands a panic that no handle will hear of to the pool's panic handler. What that panics with goes no further.
    ///
    /// For handles of a crate's own: see [`reentry`](crate::reentry).
    pub fn report_panic(&self, panic: Panic) {
        self.job.report_quietly(panic);
    }

    /// Jobs that wait for their time.
    pub(crate) fn timers(&self) -> &Arc<Timers> {
        &self.timers
    }

    /// The order of the jobs of scopes that have none of their own.
    pub(crate) fn job_order(&self) -> JobOrder {
        self.job_order
    }

    /// Where a job's handle queues a second ticket.
    pub(crate) fn boost(&self) -> &Link<dyn Boost> {
        &self.boost
    }

    /// Where a submitter waits for room that does not block.
    pub(crate) fn room(&self) -> &Link<dyn Room> {
        &self.room
    }

    /// Where work that goes on comes back.
    pub(crate) fn reenter(&self) -> &Link<dyn Reenter> {
        &self.reenter
    }
}

impl Deref for PoolContext {
    type Target = JobContext;

    #[inline(always)]
    fn deref(&self) -> &JobContext {
        &self.job
    }
}

impl std::fmt::Debug for PoolContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PoolContext").field("metrics", self.metrics()).finish_non_exhaustive()
    }
}
