//! What it takes to make another crate's pool a [`Pool`](crate::Pool).

use std::sync::Arc;

use crate::job::context::JobContext;
pub use crate::job::pool_context::PoolContext;
use crate::{Job, JobOrder, Reason, Rejected};

/// Counts the jobs of a pool that pool-core does not run, and runs them.
///
/// The adapter keeps it to itself and hands out its [`context`](Recorder::context), which others can only read. It calls
/// [`admit`](Recorder::admit) for each job that is submitted to it (not for [tickets](crate::Submit::is_ticket)), has the
/// pool run [`Recorder::run`] with it, and hands back with [`reject`](Recorder::reject) what it cannot take. Everything of
/// [`PoolExt`](crate::PoolExt) then works.
///
/// A job that is admitted ends in exactly one of the other four. An adapter that counts otherwise gets counts that do
/// not add up and a [`wait_idle`](crate::Pool::wait_idle) that may never return; no other pool is affected.
///
/// ```
/// use std::sync::Arc;
/// use pool_core::adapter::Recorder;
/// use pool_core::{Job, Pool, PoolExt, PoolState, Rejected, Shutdown, Submit};
/// use pool_core::adapter::PoolContext;
///
/// /// Runs each job where it is submitted.
/// struct Inline(Recorder);
///
/// impl Pool for Inline {
///     fn submit(&self, job: Job, submit: Submit) -> Result<(), Rejected> {
///         if !submit.is_ticket() {
///             self.0.admit();
///         }
///         let mut next = Some(job);
///         while let Some(job) = next {
///             next = self.0.run(job, 0);
///         }
///         Ok(())
///     }
///     fn context(&self) -> &Arc<PoolContext> {
///         self.0.context()
///     }
///     fn state(&self) -> PoolState {
///         PoolState::Running
///     }
///     fn shutdown(&self) -> Shutdown {
///         Shutdown::Terminated
///     }
///     fn shutdown_now(&self) -> (Vec<Job>, Shutdown) {
///         (Vec::new(), Shutdown::Terminated)
///     }
/// }
///
/// let pool = Inline(Recorder::new("inline", 1));
/// assert_eq!(pool.spawn(|| 6 * 7)?.join()?, 42);
/// assert_eq!(pool.scope(|scope| scope.spawn(|| 1).join())?, 1);
/// assert_eq!((pool.counts().submitted, pool.counts().completed), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Debug)]
pub struct Recorder(Arc<PoolContext>);

impl Recorder {
    /// For a pool of this name, with so many workers.
    pub fn new(name: &str, workers: usize) -> Self {
        Recorder(Arc::new(PoolContext::new(JobContext::for_adapter(name, workers), JobOrder::OldestFirst)))
    }

    /// What the adapter returns from [`Pool::context`](crate::Pool::context).
    pub fn context(&self) -> &Arc<PoolContext> {
        &self.0
    }

    /// Counts one submission.
    pub fn admit(&self) {
        // Nobody enters a gate by it.
        self.0.admit_scoped();
    }

    /// Counts a job that is handed back, and wraps it.
    pub fn reject(&self, job: Job, reason: Reason) -> Rejected {
        self.0.reject(job, reason)
    }

    /// Gives up a job that the pool had accepted: counts it and tells its handle. What dropping the job's captures panics
    /// with goes no further.
    pub fn discard(&self, job: Job, reason: Reason) {
        self.0.discard(job, reason);
    }

    /// Takes a job out of the pool to be handed back, and counts it; `None` if there is no job left to hand back.
    pub fn give_up(&self, job: Job) -> Option<Job> {
        self.0.give_up(job)
    }

    /// Runs a job or a ticket as the worker with this number, and catches what it panics with. Returns a ticket that the
    /// adapter is to queue again, if there is more to do behind this one.
    ///
    /// Several threads may use the same number.
    ///
    /// # Panics
    ///
    /// If there are not so many [workers](crate::Metrics::workers).
    pub fn run(&self, job: Job, worker: usize) -> Option<Job> {
        self.0.run_as(job, worker)
    }
}
