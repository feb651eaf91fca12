//! What hears of what the threads of a pool do, as they do it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::observe::hooks::{JobInfo, JobOutcome};
use crate::panic::drop_quietly;

/// Hears of what the threads of a pool do, at the moment at which they do it: for traces and live displays. Set with
/// [`Builder::observer`](crate::Builder::observer).
///
/// Each method is called on the thread that does it, and returns before the thread goes on. So it should be short; it must not
/// wait for the pool, nor submit to it. A panic in it goes no further, and is counted in
/// [`Stats::handler_panics`](crate::Stats::handler_panics). By default a method does nothing.
///
/// Jobs for one given worker (`broadcast`, `execute_keyed`) and jobs of scopes are heard of when they start, and not when they
/// are submitted. A worker that waits in the midst of a job does not count as parked.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
/// use pool_core::{BuildError, Observer, ThreadPool};
/// use pool_core::strategy::Strategy;
/// /// Counts how often a worker is woken.
/// #[derive(Default)]
/// struct WakeUps(AtomicU64);
/// impl Observer for WakeUps {
///     fn before_wake(&self, _worker: usize) {
///         self.0.fetch_add(1, Relaxed);
///     }
/// }
/// fn observed<S: Strategy>(strategy: S, wake_ups: &Arc<WakeUps>) -> Result<ThreadPool<S>, BuildError> {
///     ThreadPool::with(strategy).observer(wake_ups.clone()).build()
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// The calling thread begins to submit a job.
    fn before_submit(&self) {}

    /// The job is queued or handed back. The thread may have waited for room, or have run a job itself.
    fn after_submit(&self) {}

    /// As [`before_job`](crate::Builder::before_job), after that hook.
    fn before_job(&self, _job: JobInfo<'_>) {}

    /// As [`after_job`](crate::Builder::after_job), before that hook.
    fn after_job(&self, _job: JobInfo<'_>, _outcome: JobOutcome) {}

    /// This worker, the calling thread, has taken so many jobs from another worker.
    fn after_steal(&self, _worker: usize, _jobs: usize) {}

    /// This worker, the calling thread, has taken from another worker what is no job, such as the half of a join, and begins to
    /// run it.
    fn before_fork(&self, _worker: usize) {}

    /// It has ended.
    fn after_fork(&self, _worker: usize) {}

    /// This worker, the calling thread, has found nothing, or the pool is paused: it is about to sleep.
    fn before_park(&self, _worker: usize) {}

    /// It sleeps no more.
    fn after_park(&self, _worker: usize) {}

    /// The calling thread is about to wake this worker, which sleeps or is about to.
    fn before_wake(&self, _worker: usize) {}
}

/// The observer of one pool. Its panics go no further, and are counted.
#[derive(Clone)]
pub(crate) struct Observed {
    observer: Arc<dyn Observer>,
    panics: Arc<AtomicU64>,
}

impl Observed {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> Self {
        Observed { observer, panics: Arc::default() }
    }

    #[cold]
    pub(crate) fn tell(&self, what: impl FnOnce(&dyn Observer)) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| what(&*self.observer))) {
            drop_quietly(payload);
            self.panics.fetch_add(1, Relaxed);
        }
    }

    /// Tells that a job is being submitted, until the result is dropped.
    pub(crate) fn submission(&self) -> Submission<'_> {
        self.tell(|observer| observer.before_submit());
        Submission(self)
    }

    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Relaxed)
    }
}

pub(crate) struct Submission<'a>(&'a Observed);

impl Drop for Submission<'_> {
    fn drop(&mut self) {
        self.0.tell(|observer| observer.after_submit());
    }
}
