//! What it takes to run work on a pool that goes on in several jobs, one after the other, such as futures: see the crate
//! pool-future.

use std::panic::resume_unwind;
use std::sync::Weak;
use std::task::Waker;

use crate::job::attributed::Attributed;
use crate::job::reenter::Reenter;
use crate::panic::KnownToHandle;
use crate::{Attributes, Job, Pool, Reason, Rejected};

/// The way back into a pool, for work that it has taken before. It does not keep the pool.
///
/// What comes back by it has been admitted once. So nothing but the pool's end turns it away: where the queue is full it lies in the
/// side queue, past the limit. It never waits, displaces nothing, and does not run on the thread that submits it. On a worker it is
/// queued as from outside, behind what waits, also where a worker's own jobs run newest first.
///
/// ```
/// use pool_core::reentry::Reentry;
/// use pool_core::{Attributes, Pool, PoolExt};
/// use std::sync::Arc;
/// /// Counts down, a job for each step.
/// fn step(way: Reentry, left: u32) {
///     if left > 0 {
///         let next = way.clone();
///         // When the pool ends before, the rest is dropped.
///         let _ = way.execute(Attributes::new(), move || step(next, left - 1));
///     }
/// }
/// fn start(pool: &Arc<dyn Pool>) {
///     let way = Reentry::of(pool).expect("it is no adapter");
///     pool.execute(|| step(way, 10)).expect("the pool takes jobs");
/// }
/// ```
#[derive(Clone)]
pub struct Reentry(Weak<dyn Reenter>);

impl Reentry {
    /// The way back into this pool; `None` under an adapter of another crate's pool, whose `submit` is the only way.
    pub fn of(pool: &(impl Pool + ?Sized)) -> Option<Self> {
        pool.context().reenter().weak().map(Reentry)
    }

    /// Submits the next job.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the job when the pool is shut down or gone, has no workers left, or was forked.
    pub fn execute<F>(&self, attributes: impl Into<Attributes>, f: F) -> Result<(), Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        let (submit, rare) = attributes.into().split();
        let job = match rare {
            None => Job::new(f),
            Some(rare) => Job::from_task(Attributed { f, rare }),
        };
        match self.0.upgrade() {
            Some(pool) => pool.reenter(job, submit),
            None => Err(Rejected::new(job, Reason::ShutDown)),
        }
    }

    /// Has this woken once when the pool closes, until the number that this returns is [forgotten](Reentry::forget). `None` if it is
    /// closed by then. Wakers are called on the thread that closes the pool, when [`is_open`](Reentry::is_open) says so.
    pub fn wake_on_close(&self, waker: Waker) -> Option<u64> {
        self.0.upgrade()?.wake_on_close(waker)
    }

    /// Wakes the waker of this number no more, and drops it.
    pub fn forget(&self, number: u64) {
        if let Some(pool) = self.0.upgrade() {
            pool.forget(number);
        }
    }

    /// Whether the pool takes jobs.
    pub fn is_open(&self) -> bool {
        self.0.upgrade().is_some_and(|pool| pool.is_open())
    }
}

impl std::fmt::Debug for Reentry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reentry").field("is_open", &self.is_open()).finish()
    }
}

/// Ends the calling job as one that has panicked, whose payload a handle has: it counts so, and hooks are told, but not the panic
/// handler.
pub fn end_as_panicked() -> ! {
    resume_unwind(Box::new(KnownToHandle))
}
