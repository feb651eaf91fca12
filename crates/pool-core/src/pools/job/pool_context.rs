//! What the parts of a pool share.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::job::boost::Boost;
use crate::job::context::JobContext;
use crate::job::link::Link;
use crate::job::reenter::Reenter;
use crate::job::room::Room;
use crate::job::timers::Timers;
use crate::{JobOrder, Panic};

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
    nests_scopes: AtomicBool,
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
            nests_scopes: AtomicBool::new(false),
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

    /// Whether the tickets of a scope inside another go to that. Not so under an adapter, nor where a worker that waits takes
    /// any work: it looks in the pool's queue.
    pub(crate) fn nests_scopes(&self) -> bool {
        self.nests_scopes.load(Relaxed)
    }

    /// From now on they do.
    pub(crate) fn nest_scopes(&self) {
        self.nests_scopes.store(true, Relaxed);
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
