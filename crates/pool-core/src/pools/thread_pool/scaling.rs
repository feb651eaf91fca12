//! The settings of a pool that grows and shrinks by itself.

use std::time::Duration;

use crate::BuildError;

/// How a pool grows and shrinks by itself.
///
/// It starts with `min` workers, which may be none: then the first job starts one. It *grows* by one, up to `max`, when a job is submitted and no worker is idle (and not
/// only, as in Java, when the queue is full: an unbounded queue never is); also when a worker takes a job and more
/// wait than there are idle workers, and when a job turns out to have waited for longer than
/// [`queue_wait`](Scaling::queue_wait). Scopes and joins that come in have it grow as jobs do, if no worker is idle then. (A join
/// that finds a worker idle which another takes is not noticed.) The forks of a job that runs are no jobs, and where
/// pool-stealing keeps them from the queue it does not grow for them. It *shrinks* by one, down to `min`, when a worker has waited for work for
/// the [keep-alive](Scaling::keep_alive).
///
/// A pool that may have no workers, and has none, rejects a job with [`Reason::NoWorkers`](crate::Reason::NoWorkers) when the
/// system refuses it a thread, and gives up what others have queued meanwhile in the hope of that thread. It tries again with a
/// submission 100 ms later. As any pool it ends when its workers do not get past their start hook.
///
/// ```
/// # use std::time::Duration;
/// use pool_core::{BuildError, Scaling, ThreadPool};
/// use pool_core::strategy::Strategy;
/// /// No threads at rest.
/// fn now_and_then<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
///     ThreadPool::with(strategy).scaling(Scaling::between(0, 4).keep_alive(Duration::from_secs(1))).build()
/// }
/// ```
///
/// A pool that scales pays for it: a look at each worker for every submission, and a clock reading or two for every
/// job that a worker takes.
///
/// ```
/// # use std::time::Duration;
/// use pool_core::Scaling;
/// let scaling = Scaling::between(1, 8).keep_alive(Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaling {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) keep_alive: Duration,
    pub(super) queue_wait: Option<Duration>,
}

impl Scaling {
    /// From so many to so many workers, both included, the first of which may be 0; with a keep-alive of 10 seconds and no limit to the queue wait.
    pub const fn between(min: usize, max: usize) -> Self {
        Scaling { min, max, keep_alive: Duration::from_secs(10), queue_wait: None }
    }

    /// How long a worker waits for work before it leaves, while there are more than `min`.
    ///
    /// Best effort: in a pool whose workers queue for a lock (pool-mpsc), they leave one after the other.
    pub const fn keep_alive(mut self, keep_alive: Duration) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// A job that waited in the queue for longer than this has the pool grow. Costs an allocation and two clock readings
    /// a job.
    ///
    /// It matters where a worker seemed to be idle and did not come: on a machine without a free CPU, or after a thread
    /// could not be started.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use pool_core::Scaling;
    /// let scaling = Scaling::between(1, 8).queue_wait(Duration::from_millis(20));
    /// ```
    pub const fn queue_wait(mut self, limit: Duration) -> Self {
        self.queue_wait = Some(limit);
        self
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        let Scaling { min, max, .. } = *self;
        if 1 <= max && min <= max { Ok(()) } else { Err(BuildError::Scaling { min, max }) }
    }
}
