//! The contract: what every pool promises, whatever its strategy.

mod shared;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::adapter::PoolContext;
use crate::current::PoolId;
use crate::job::context::JobContext;
use crate::lend::{self, Borrower};
use crate::observe::metrics::Metrics;
#[cfg(doc)]
use crate::stats::WorkerCounts;
use crate::strategy::Urgency;
use crate::unsupported::{ResizeError, Unsupported};
use crate::{Counts, Job, Reason, Rejected, Stats, Submit, Timings};

/// A thread pool, as an object.
///
/// The trait is small so that strategies can be swapped behind `Arc<dyn Pool>`; everything generic (closures,
/// handles, scopes, `join`, `map`) is in [`PoolExt`](crate::PoolExt), once, for every pool.
///
/// # Contracts
///
/// Every pool of this workspace keeps them, and the suite of the crate pool-conformance tests them. An
/// adapter of another crate's pool says which it can keep.
///
/// **Once.** An accepted job runs exactly once, or its handle learns why not. A job that the pool does not take
/// comes back by value, in [`Rejected`]. A job that is dropped unrun completes its handle with an error, so no waiter
/// hangs: a handle always ends, whatever becomes of its pool. It also tells its submitter, who has
/// [asked](crate::Attributes::on_unrun) for that.
///
/// **Captures.** What a job holds is dropped before its handle ends and before the job is counted, however it ends: it ran or
/// panicked, was cancelled, has expired, was displaced, shed or discarded, or was handed back and then
/// dropped. So a thread that has a job's result, or the reason why there is none, finds the captures gone.
///
/// **Visibility.** What happens before a submission happens before the job. What the job does happens before
/// [`JobHandle::join`](crate::JobHandle::join) returns, before its scope ends, and before
/// [`shutdown`](Pool::shutdown) or [`wait_idle`](Pool::wait_idle) returns.
///
/// **Limit.** Jobs run on workers: a pool of N never runs more than N jobs at once. A job that waits for another may
/// run that one in place of itself. The exceptions are a choice of the program's: `CallerRuns`; a scope or join
/// whose pool takes nothing more, which run on the caller; and [spare slots](crate::Builder::spare_threads), from where others
/// stand in for workers that are blocked or overdue.
///
/// **Waiting.** Within one pool, waiting for a handle, a scope or a join never deadlocks, however deep it nests, and a
/// waiting worker never runs a job that it does not wait for; only one that waits for its
/// [broadcast](crate::PoolExt::broadcast) also runs parts of others. The price: a waiter whose work is under way
/// elsewhere idles, even while other jobs queue. A pool can be [built](crate::Builder::helping) without this promise: then its
/// workers run anything while they wait. Waiting for a *cycle* of jobs, across pools or on primitives of your own
/// (a channel, a barrier) inside a job, is yours to get right.
///
/// **Panics.** A job's panic is caught. With a handle it is in `join`'s error; detached, the panic handler gets it.
/// It is counted, the worker goes on, and the process does not abort. `scope` and `join` run everything exactly once and
/// rethrow after everything has finished. What a pool calls around jobs (the panic handler, the hooks, the destructor of a
/// payload that is not handled) may panic as well: no job is lost, and the worker is replaced. All of this needs
/// `panic = "unwind"`, the default.
///
/// **Attributes.** What a job asks for ([`Attributes`](crate::Attributes)) holds wherever it is run, by a worker or by its
/// waiter: it does not start when its time to do so has passed or its token is set, and its handle says so. Nothing stops a
/// job that runs; it is told, and may heed it.
///
/// **Counting.** See [`Counts`]: jobs are conserved.
///
/// **States** only move forward: [`PoolState`].
///
/// **Order** is the strategy's, documented with it. No pool promises an order in which jobs *finish*.
pub trait Pool: Send + Sync {
    /// Submits a job.
    ///
    /// A job submitted by one of the pool's own workers never waits for room: where the policy would make it wait, the
    /// worker runs it in place, inside the job that submits it. At most [`MOST_IN_PLACE`](crate::strategy::MOST_IN_PLACE) jobs lie on each
    /// other so; one that would be the next is kept, past the limit of the queue, until a worker has ended what it runs: see
    /// [`Push::RunHere`](crate::strategy::Push::RunHere).
    ///
    /// # Errors
    ///
    /// The job comes back in [`Rejected`] when the pool is shut down, or as its overflow policy and
    /// `submit` say.
    fn submit(&self, job: Job, submit: Submit) -> Result<(), Rejected>;

    /// Runs both closures exactly once, possibly at once. [`PoolExt::join`](crate::PoolExt::join) is what you want.
    ///
    /// An adapter that has no way of its own for it leaves this as it is: the second is offered to the pool as a ticket, and
    /// taken back if no worker has started it.
    fn join_erased(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        lend::join(self, a, b);
    }

    /// What the pool has counted, to be read. An adapter of another crate's pool has one in its
    /// [`Recorder`](crate::adapter::Recorder).
    ///
    /// One that passes its jobs on to another pool of this crate may return that pool's, if it passes on every job.
    fn context(&self) -> &Arc<PoolContext>;

    /// What the pool has counted, to be read.
    fn metrics(&self) -> &Metrics {
        self.context().metrics()
    }

    /// Where the pool is in its life.
    fn state(&self) -> PoolState;

    /// Takes no more jobs, runs those that are queued, and waits until the workers are gone, thread-local
    /// destructors included. Idempotent; several threads may call it at once.
    ///
    /// From one of the pool's own workers it cannot wait for itself: it begins the shutdown and returns
    /// [`Shutdown::Pending`].
    fn shutdown(&self) -> Shutdown;

    /// Takes no more jobs, gives back every live job that has not started, and waits for those that run. It does not ask those
    /// to stop: [`cancel_running`](Pool::cancel_running) does.
    ///
    /// Jobs come back in the order in which the workers would have taken them, as far as there is one; they count as
    /// discarded. Running a returned job of a handle completes the handle, and so does dropping it; until then, a thread that joins
    /// the handle waits. From one of the pool's own workers it returns without waiting.
    ///
    /// A job may surface only later, when no call is under way any more: its submitter was waiting for room, or a worker had
    /// taken it for itself. The thread that finds it discards it: its handle says
    /// [`JoinError::Unrun`](crate::JoinError::Unrun) with [`Reason::ShutDown`](crate::Reason::ShutDown). If another call is
    /// under way, that one gets it.
    fn shutdown_now(&self) -> (Vec<Job>, Shutdown);

    /// As [`shutdown`](Pool::shutdown), but waits at most this long; then it goes on without the caller, and
    /// [`Shutdown::Pending`] says what was left.
    ///
    /// The thread-local destructors of workers that have left may take longer than the limit.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// use pool_core::{Pool, Shutdown};
    /// use pool_core::error::Unsupported;
    /// fn stop(pool: &Arc<dyn Pool>) -> Result<(), Unsupported> {
    ///     if let Shutdown::Pending { queued, running } = pool.shutdown_timeout(Duration::from_secs(5))? {
    ///         eprintln!("{running} jobs still run; {queued} are given up");
    ///         let (given_up, _) = pool.shutdown_now_timeout(Duration::from_secs(5))?;
    ///         drop(given_up);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unsupported`] by an adapter; nothing was done.
    fn shutdown_timeout(&self, limit: Duration) -> Result<Shutdown, Unsupported> {
        let _ = limit;
        Err(unsupported(self, "wait for a shutdown with a limit"))
    }

    /// As [`shutdown_now`](Pool::shutdown_now), but waits at most this long for the jobs that run.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] by an adapter; nothing was done.
    fn shutdown_now_timeout(&self, limit: Duration) -> Result<(Vec<Job>, Shutdown), Unsupported> {
        let _ = limit;
        Err(unsupported(self, "wait for a shutdown with a limit"))
    }

    /// Asks the jobs that run to stop: sets the [token](crate::Attributes::token) of each, and returns how many there were.
    ///
    /// It is the job's own token that is set, not the one which that is a child of. So no other job is stopped, unless the job
    /// has handed its token down to it. A job that was submitted with neither a token nor a
    /// [run limit](crate::Attributes::run_limit) has none and hears nothing; nor do the jobs of scopes and the halves of joins,
    /// for whom the job that waits for them may look. Jobs in the queue are not meant. The caller's own job is, if it is one of
    /// the pool's. Takes a lock for each worker.
    ///
    /// No form of [`shutdown`](Pool::shutdown) does this by itself. To end a pool as soon as its jobs allow it, take back what
    /// has not started, and then ask the rest to stop. A job that a worker had taken by then, and starts only now, is asked as
    /// well:
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// use pool_core::{Job, Pool, Shutdown};
    /// use pool_core::error::Unsupported;
    /// fn stop(pool: &Arc<dyn Pool>, patience: Duration) -> Result<(Vec<Job>, Shutdown), Unsupported> {
    ///     let (never_started, _) = pool.shutdown_now_timeout(Duration::ZERO)?;
    ///     pool.cancel_running();
    ///     Ok((never_started, pool.shutdown_timeout(patience)?))
    /// }
    /// ```
    fn cancel_running(&self) -> usize {
        self.context().cancel_running(false)
    }

    /// Starts no more jobs until [`resume`](Pool::resume); those that run go on. A shutdown resumes.
    ///
    /// Jobs are still taken, and wait in the queue. One that a worker took before has as good as started; none that is
    /// submitted later starts. A job that a waiter or a submitter runs in place of itself is not held up, nor are
    /// halves of joins and jobs of scopes whose owners are jobs that run. The parts of a
    /// [broadcast](crate::PoolExt::broadcast) are, on workers that are between two jobs. Doing it twice changes nothing.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use pool_core::Pool;
    /// use pool_core::error::Unsupported;
    /// fn quietly<R>(pool: &Arc<dyn Pool>, maintenance: impl FnOnce() -> R) -> Result<R, Unsupported> {
    ///     pool.pause()?;
    ///     let result = maintenance();
    ///     pool.resume()?;
    ///     Ok(result)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unsupported`] by an adapter.
    fn pause(&self) -> Result<(), Unsupported> {
        Err(unsupported(self, "pause"))
    }

    /// Ends a pause.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] by an adapter.
    fn resume(&self) -> Result<(), Unsupported> {
        Err(unsupported(self, "resume"))
    }

    /// Wants so many workers from now on, and loses nothing on the way there.
    ///
    /// More are started here, and take mail from then on, as their part of a [broadcast](crate::PoolExt::broadcast). Of those that are too many, the ones with the highest numbers leave, each when it has finished its
    /// job; what it had queued for itself is left to the others. So once the pool has settled, the workers are again those from
    /// 0 to [`threads`](Pool::threads), unless a thread was refused or workers in one place do not get past their start
    /// hook. A slot is taken again when the one who leaves it has left, its stop hook included. A worker that serves what no other does stays, as pool-priority's express workers do,
    /// so that such a pool may not become as small as was wanted. A thread that the system refuses is counted in
    /// [`WorkerCounts::failed_starts`], and the others go on; the next resize tries again, and in a pool that scales or has
    /// [spare slots](crate::Builder::spare_threads) a submission 100 ms later.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use pool_core::Pool;
    /// use pool_core::error::ResizeError;
    /// fn by_night(pool: &Arc<dyn Pool>) -> Result<(), ResizeError> {
    ///     pool.resize(1)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ResizeError`] when the number is beyond [`Builder::max_threads`](crate::Builder::max_threads) or the bounds of its
    /// [`Scaling`](crate::Scaling), or is 0 in a pool that does not scale from there, when the pool is shut down, or when it is
    /// an adapter.
    fn resize(&self, threads: usize) -> Result<(), ResizeError> {
        let _ = threads;
        Err(unsupported(self, "resize").into())
    }

    /// Submits a job for one given worker, past the queue and its limit.
    /// [`PoolExt::execute_on`](crate::PoolExt::execute_on) is what you want.
    ///
    /// # Errors
    ///
    /// The job comes back in [`Rejected`]: [`Reason::NoSuchWorker`](crate::Reason::NoSuchWorker) when no worker has
    /// this number now, [`Reason::Unsupported`](crate::Reason::Unsupported) by an adapter.
    fn submit_to(&self, worker: usize, job: Job) -> Result<(), Rejected> {
        let _ = worker;
        if job.is_job() {
            self.context().admit_scoped();
        }
        Err(self.context().reject(job, Reason::Unsupported))
    }

    /// Submits a job for the worker that jobs of this key go to, past the queue and its limit.
    /// [`PoolExt::execute_keyed`](crate::PoolExt::execute_keyed) is what you want.
    ///
    /// # Errors
    ///
    /// The job comes back in [`Rejected`]: [`Reason::Unsupported`](crate::Reason::Unsupported) by an adapter.
    fn submit_keyed(&self, key: u64, job: Job) -> Result<(), Rejected> {
        let _ = key;
        self.context().admit_scoped();
        Err(self.context().reject(job, Reason::Unsupported))
    }

    /// The numbers of the workers that there are now or that are starting, ascending: 0 to [`threads`](Pool::threads), once the pool has settled
    /// after a [resize](Pool::resize).
    fn present_workers(&self) -> Vec<usize> {
        (0..self.threads()).collect()
    }

    /// How many workers the pool has, or is about to have after a resize. Those that stand in for blocked ones do not
    /// count. It may be 0 in a pool that [scales](crate::Scaling) from there.
    fn threads(&self) -> usize {
        self.metrics().workers()
    }

    /// The pool's name.
    fn name(&self) -> &str {
        self.metrics().name()
    }

    /// The pool's identity, to compare with [`current`](crate::current).
    fn id(&self) -> PoolId {
        self.metrics().id()
    }

    /// Which urgencies wait, for a job that would make way.
    fn urgency(&self) -> &Urgency {
        self.context().urgency()
    }

    /// What has been counted so far. Reads a few cache lines for each worker.
    fn counts(&self) -> Counts {
        self.metrics().counts()
    }

    /// [`counts`](Pool::counts), the longest queue, and what each worker did. As cheap, but for a mutex that workers take
    /// only when they come and go, pause or end.
    ///
    /// ```
    /// # fn report(pool: &dyn pool_core::Pool) {
    /// let stats = pool.stats();
    /// for (index, worker) in stats.workers.iter().enumerate() {
    ///     println!("worker {index}: {} jobs, {:?} each", worker.jobs(), worker.average_job());
    /// }
    /// // Or all of it, a line for each worker.
    /// println!("{stats}");
    /// # }
    /// ```
    fn stats(&self) -> Stats {
        self.metrics().stats()
    }

    /// How long jobs have waited and run; `None` unless the pool was built with
    /// [`Builder::timing`](crate::Builder::timing), and in a forked child.
    fn timings(&self) -> Option<Timings> {
        self.metrics().timings()
    }

    /// Waits until no job is queued or running. With a limit, at most that long. Returns whether it came to that.
    ///
    /// From one of the pool's own workers, whose job is running, it returns `false` at once.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn check(pool: &dyn pool_core::Pool) {
    /// if !pool.wait_idle(Some(Duration::from_secs(5))) {
    ///     eprintln!("still at it after five seconds: {:?}", pool.counts());
    /// }
    /// pool.wait_idle(None); // for as long as it takes
    /// # }
    /// ```
    fn wait_idle(&self, limit: Option<Duration>) -> bool {
        !self.metrics().is_current() && self.metrics().wait_idle(limit)
    }
}

/// An adapter is described as any other pool, and need not be [`Debug`](fmt::Debug) itself.
///
/// ```
/// # use std::sync::Arc;
/// # use pool_core::Pool;
/// #[derive(Debug)]
/// struct Server {
///     pool: Arc<dyn Pool>,
/// }
/// ```
impl fmt::Debug for dyn Pool + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.name())
            .field("threads", &self.threads())
            .field("state", &self.state())
            .field("counts", &self.counts())
            .finish()
    }
}

fn unsupported(pool: &(impl Pool + ?Sized), operation: &'static str) -> Unsupported {
    Unsupported { pool: pool.name().to_owned(), operation }
}

/// Where a pool is in its life. It only moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PoolState {
    /// It takes jobs.
    Running,
    /// It takes no more jobs; workers are still there.
    ShuttingDown,
    /// All workers are gone.
    Terminated,
}

/// How far a shutdown has come when the call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a shutdown from inside a job is only begun"]
pub enum Shutdown {
    /// All workers are gone.
    Terminated,
    /// It goes on without the caller, who is a worker of the pool or whose time is over: the last worker to leave ends
    /// it.
    Pending {
        /// Jobs that were still queued.
        queued: u64,
        /// Jobs that were still running, the caller's own included.
        running: u64,
    },
}

impl<P: Pool + ?Sized> Borrower for P {
    #[inline(always)]
    fn job_context(&self) -> &JobContext {
        self.context()
    }

    #[inline(always)]
    fn submit_ticket(&self, ticket: Job, submit: Submit) {
        drop(self.submit(ticket, submit));
    }
}
