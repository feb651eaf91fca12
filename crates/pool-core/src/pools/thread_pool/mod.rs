//! The pool itself: slots, threads, counting and lifecycle around any [`Strategy`], written once.
//!
//! From below:
//!
//! - `core`: what submitters and workers share
//! - `resizing`, `worker_table`: how many workers there are, and how they come and go
//! - `submitting`: how a job gets into the queue
//! - `waiting`: what a worker does that finds no job
//! - `ending`, `giving_up`, `closing`: how a pool ends, and what becomes of the jobs that are left
//! - `helping`: what a worker does that waits in the midst of a job
//! - `delivery`, `mailbox`: work for one given worker
//! - `worker`: a thread in a slot, and its loop
//! - `signals`: what a worker sees to besides jobs, in one word
//! - `lifecycle`: the state of the pool, behind one mutex; `table_mirror`, `returned_jobs`: parts of it
//! - `slot`: where an outlet lies between workers, and how patiently a lost worker is replaced
//! - `methods`: the methods of the traits, without an import
//! - `side_queue`: tickets that found the queue full
//! - `room`: submitters that wait for room without blocking
//! - `reenter`, `going_on`: work that goes on in another job, such as a future
//! - `cpu_limit`: what a container allows
//! - `pinning`: which CPU a worker stays on
//! - `spawning`: who makes its threads
//! - `builder`, `building`, `threads`, `scaling`, `settings`: how a pool is built

mod builder;
mod building;
mod closing;
mod core;
mod delivery;
mod ending;
mod giving_up;
mod going_on;
mod helping;
mod intake;
mod lifecycle;
mod mailbox;
mod methods;
#[cfg(feature = "affinity")]
mod pinning;
mod reenter;
mod resizing;
mod retired_threads;
mod returned_jobs;
mod room;
mod scaling;
mod settings;
mod side_queue;
mod signals;
mod slot;
mod spawning;
mod submitting;
mod table_mirror;
mod threads;
mod waiting;
mod worker;
mod worker_table;

pub use builder::Builder;
#[cfg(feature = "affinity")]
pub use pinning::Pinning;
pub use scaling::Scaling;
pub use spawning::WorkerThread;
pub use threads::Threads;

use std::sync::Arc;
use std::time::Duration;

use self::core::Core;
#[cfg(doc)]
use crate::PoolExt;
use crate::adapter::PoolContext;
use crate::current::PoolId;
use crate::error::{ResizeError, Unsupported};
use crate::handle::is_large;
use crate::strategy::Strategy;
use crate::{BuildError, Job, JobHandle, Pool, PoolState, Rejected, Shutdown, Stats, Submit, Timings};

/// A pool of threads around a [`Strategy`].
///
/// Each strategy crate has an alias, such as `MpscPool`. What [`Pool`] and [`PoolExt`] offer are methods of this type as well, so
/// that neither has to be imported, and without anything dynamic in between: `join` in particular is the strategy's own.
///
/// Dropping the pool is [`shutdown`](Pool::shutdown): queued jobs run, and the threads are joined. From inside one of
/// its own jobs, where the pool cannot wait for itself, the drop only begins it.
///
/// # After a fork
///
/// `fork` copies the calling thread alone, so in the child no pool of the parent's has workers. On Unix the pools know:
/// in the child, submissions come back with [`Reason::Forked`](crate::Reason::Forked), the state is
/// [`PoolState::Terminated`], and `shutdown`, `wait_idle` and drop return at once; none touches a lock that a thread of the
/// parent may have held. What the pool held is not dropped there. Joins and scopes run on the caller; a broadcast is rejected
/// as a submission is. Handles from before the fork end with [`Reason::Forked`](crate::Reason::Forked), unless their job had
/// ended by then. A [`CancelToken`](crate::CancelToken) from before is a copy, which the child may set and wait for. The
/// parent notices nothing, and the child may build pools of its own.
///
/// A child that was forked inside a job, a scope, a part of a broadcast or half of a join must not return from that: it is to
/// `exec` or to exit. One that does return, and would wait for threads that are not there, aborts with a message. So does one
/// that adds a job to a scope from before the fork, or joins one that had not ended, since that scope cannot end.
///
/// ```
/// use pool_core::{Pool, PoolExt, Reason, Rejected};
/// use std::sync::Arc;
/// /// Submits a job, in a process that may be a fork of the one that built the pool.
/// fn submit(
///     pool: &mut Arc<dyn Pool>,
///     rebuild: impl FnOnce() -> Arc<dyn Pool>,
///     job: impl FnOnce() + Send + 'static,
/// ) -> Result<(), Rejected> {
///     match pool.execute(job) {
///         Err(rejected) if rejected.reason() == Reason::Forked => {
///             *pool = rebuild();
///             pool.submit(rejected.into_job(), Default::default())
///         }
///         outcome => outcome,
///     }
/// }
/// ```
///
/// No submission pays for this; a fork takes some nanoseconds longer for each pool.
///
/// Memory: about 1 KiB for each worker beyond its stack, and what the strategy's queue takes.
pub struct ThreadPool<S: Strategy> {
    core: Arc<Core<S>>,
    // A copy of the pool's, so that a fork finds out where it is without a detour.
    id: PoolId,
}

impl<S: Strategy> ThreadPool<S> {
    /// A pool with default settings: one worker for each CPU.
    ///
    /// # Errors
    ///
    /// See [`Builder::build`].
    pub fn new() -> Result<Self, BuildError>
    where
        S: Default,
    {
        Self::builder().build()
    }

    /// Settings for a pool with the default strategy of its kind.
    pub fn builder() -> Builder<S>
    where
        S: Default,
    {
        Builder::new(S::default())
    }

    /// Settings for a pool with this strategy.
    pub fn with(strategy: S) -> Builder<S> {
        Builder::new(strategy)
    }

    /// The pool's identity, to compare with [`current`](crate::current).
    #[inline]
    pub fn id(&self) -> PoolId {
        self.id
    }

    /// See [`PoolExt::execute`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn execute<F>(&self, f: F) -> Result<(), Rejected>
    where
        F: FnOnce() + Send + 'static,
    {
        self.core.submit(|| Job::new(f), Submit::default())
    }

    /// See [`PoolExt::spawn`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn spawn<F, T>(&self, f: F) -> Result<JobHandle<T>, Rejected>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if is_large::<F>() {
            return self.spawn_closure(Box::new(f));
        }
        self.spawn_closure(f)
    }

    #[inline(always)]
    fn spawn_closure<F, T>(&self, f: F) -> Result<JobHandle<T>, Rejected>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (ticket, handle) = JobHandle::with_ticket(self.core.context(), f, Submit::default(), None);
        self.core.submit(|| Job::from_task(ticket), Submit::default())?;
        Ok(handle)
    }

    /// See [`PoolExt::join`]; this one is the strategy's own, with nothing dynamic in it.
    #[inline]
    pub fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        S::join(self, a, b)
    }
}

impl<S: Strategy> Pool for ThreadPool<S> {
    // See `Core::submit`.
    #[inline(always)]
    fn submit(&self, job: Job, submit: Submit) -> Result<(), Rejected> {
        if submit.is_ticket() {
            self.core.submit_ticket(job, submit)
        } else {
            self.core.submit(|| job, submit)
        }
    }

    fn join_erased(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        S::join(self, a, b);
    }

    fn context(&self) -> &Arc<PoolContext> {
        self.core.context()
    }

    #[inline]
    fn id(&self) -> PoolId {
        self.id
    }

    fn state(&self) -> PoolState {
        self.core.state()
    }

    fn shutdown(&self) -> Shutdown {
        self.core.shutdown(None)
    }

    fn shutdown_now(&self) -> (Vec<Job>, Shutdown) {
        self.core.shutdown_now(None)
    }

    fn shutdown_timeout(&self, limit: Duration) -> Result<Shutdown, Unsupported> {
        Ok(self.core.shutdown(Some(limit)))
    }

    fn shutdown_now_timeout(&self, limit: Duration) -> Result<(Vec<Job>, Shutdown), Unsupported> {
        Ok(self.core.shutdown_now(Some(limit)))
    }

    fn cancel_running(&self) -> usize {
        // Nothing runs in a forked child, and some worker may have held the lock of its list.
        if self.core.lifecycle.is_forked() {
            return 0;
        }
        // When the queue has been given back, what starts is what a worker had taken before.
        self.context().cancel_running(self.core.lifecycle.gives_back())
    }

    fn pause(&self) -> Result<(), Unsupported> {
        self.core.lifecycle.pause();
        Ok(())
    }

    fn resume(&self) -> Result<(), Unsupported> {
        self.core.resume();
        Ok(())
    }

    fn resize(&self, threads: usize) -> Result<(), ResizeError> {
        self.core.resize(threads)
    }

    fn submit_to(&self, worker: usize, job: Job) -> Result<(), Rejected> {
        self.core.submit_to(worker, job)
    }

    fn submit_keyed(&self, key: u64, job: Job) -> Result<(), Rejected> {
        self.core.submit_keyed(key, job)
    }

    fn present_workers(&self) -> Vec<usize> {
        self.core.mailboxes.slots().collect()
    }

    fn threads(&self) -> usize {
        self.core.lifecycle.workers.target()
    }

    fn wait_idle(&self, limit: Option<Duration>) -> bool {
        if self.core.lifecycle.is_forked() {
            let counts = self.counts();
            return counts.queued + counts.running == 0;
        }
        !self.context().is_current() && self.context().wait_idle(limit)
    }

    fn timings(&self) -> Option<Timings> {
        // Some worker may have held a histogram's lock when the process was forked.
        if self.core.lifecycle.is_forked() { None } else { self.core.context().timings() }
    }

    fn stats(&self) -> Stats {
        Stats { worker_counts: self.core.lifecycle.worker_counts(), ..self.core.context().stats() }
    }
}

impl<S: Strategy> Drop for ThreadPool<S> {
    fn drop(&mut self) {
        // Pending means that this is a worker of the pool: the last one to leave ends the shutdown.
        let _ = self.core.shutdown(None);
    }
}

impl<S: Strategy> std::fmt::Debug for ThreadPool<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ThreadPool")
            .field("strategy", &S::NAME)
            .field("name", &self.name())
            .field("threads", &self.threads())
            .field("state", &self.state())
            .finish()
    }
}
