//! The settings of a pool.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::Scaling;
use super::spawning::{SpawnHandler, ThreadNames, WorkerThread};
use super::threads::Threads;
use crate::observe::hooks::{JobInfo, JobOutcome, PanicHandler, PanicInfo, WorkerHook};
use crate::observe::instrumentation::InstrumentationConfig;
use crate::observe::watchdog::OverdueHook;
use crate::os::cpu_limit::Source;
use crate::strategy::Strategy;
use crate::{Helping, Observer, OverdueInfo, Timing};

/// More workers than this a pool does not number.
pub(super) const MOST_THREADS: usize = 1 << 16;

/// A larger stack than this std does not ask the system for as it should, but panics or asks for a small one.
pub(super) const MOST_STACK: usize = if usize::BITS < 64 { 1 << 30 } else { 1 << 40 };

/// The settings of a pool that is to be built.
#[derive(Clone)]
#[must_use = "nothing starts before `build`"]
pub struct Builder<S> {
    pub(super) strategy: S,
    pub(super) threads: Option<Threads>,
    pub(super) max_threads: Option<usize>,
    pub(super) spare_threads: usize,
    pub(super) scaling: Option<Scaling>,
    pub(super) cpu_limit: Option<Source>,
    #[cfg(feature = "affinity")]
    pub(super) pinning: super::Pinning,
    pub(super) name: Option<String>,
    pub(super) stack_size: Option<usize>,
    pub(super) spawn_handler: SpawnHandler,
    pub(super) thread_names: ThreadNames,
    pub(super) enrolls_caller: bool,
    pub(super) on_start: WorkerHook,
    pub(super) on_stop: WorkerHook,
    pub(super) on_panic: PanicHandler,
    pub(super) on_overdue: OverdueHook,
    pub(super) admit_within: Option<Duration>,
    pub(super) helping: Helping,
    pub(super) observer: Option<Arc<dyn Observer>>,
    pub(super) config: InstrumentationConfig,
}

impl<S: Strategy> Builder<S> {
    /// Default settings around this strategy: one worker for each CPU, std's stack size, no hooks.
    pub fn new(strategy: S) -> Self {
        Builder {
            strategy,
            threads: None,
            max_threads: None,
            spare_threads: 0,
            scaling: None,
            cpu_limit: None,
            #[cfg(feature = "affinity")]
            pinning: super::Pinning::None,
            name: None,
            stack_size: None,
            spawn_handler: None,
            thread_names: None,
            enrolls_caller: false,
            on_start: WorkerHook::default(),
            on_stop: WorkerHook::default(),
            on_panic: PanicHandler::default(),
            on_overdue: None,
            admit_within: None,
            helping: Helping::Own,
            observer: None,
            config: InstrumentationConfig::default(),
        }
    }

    /// How many workers: a number, [`Threads::cpu_bound`] (the default) or [`Threads::io_bound`].
    ///
    /// On Linux they run on the CPUs of the process, wherever the thread may run that builds the pool, resizes it or submits
    /// to it: on those of the process's main thread and of the thread that builds the pool, at that moment. A program that binds
    /// its main thread to some CPUs, and wants others for its pools, builds them on a thread that is not bound, or sets the
    /// CPUs with `pin` (feature `affinity`).
    pub fn threads(mut self, threads: impl Into<Threads>) -> Self {
        self.threads = Some(threads.into());
        self
    }

    /// How many workers the pool can be [resized](crate::Pool::resize) to; by default as many as it starts with.
    ///
    /// Each one beyond takes a slot also while no worker is in it: half a kilobyte, and 35 in pool-stealing (measured).
    pub fn max_threads(mut self, most: usize) -> Self {
        self.max_threads = Some(most);
        self
    }

    /// How many more workers may start to stand in for those that are blocked, in
    /// [`block_in_place`](crate::block_in_place) or in a job that has overrun its limit; by default none. Each takes a slot,
    /// as in [`max_threads`](Builder::max_threads).
    ///
    /// ```
    /// use pool_core::{BuildError, ThreadPool};
    /// use pool_core::strategy::Strategy;
    /// /// Four jobs compute at once, whatever up to eight others wait for.
    /// fn for_requests<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     ThreadPool::with(strategy).threads(4).spare_threads(8).build()
    /// }
    /// ```
    pub fn spare_threads(mut self, spare: usize) -> Self {
        self.spare_threads = spare;
        self
    }

    /// Has the pool grow and shrink by itself, in place of [`threads`](Builder::threads) and
    /// [`max_threads`](Builder::max_threads).
    ///
    /// ```
    /// # use std::time::Duration;
    /// use pool_core::{Builder, Scaling};
    /// use pool_core::strategy::Strategy;
    /// fn elastic<S: Strategy>(strategy: S) -> Builder<S> {
    ///     Builder::new(strategy).scaling(Scaling::between(1, 16).keep_alive(Duration::from_secs(30)))
    /// }
    /// ```
    pub fn scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = Some(scaling);
        self
    }

    /// Has the pool follow the CPU limit of its container (cgroup v2, on Linux): it has as many workers as the limit allows
    /// CPUs, rounded up ([`Threads::io_bound`]: twice as many). There are never more than a number says that was given to
    /// [`threads`](Builder::threads), or than the pool would have without any limit. Elsewhere this does nothing.
    ///
    /// A pool that [scales](Builder::scaling) does so up to the limit, but never has fewer than its least.
    ///
    /// Whatever is said here, [`Threads::cpu_bound`] heeds the limit that there is when the process first asks. With this a
    /// worker between two jobs looks again, at most once a second; an idle pool never does. A clock reading a job.
    /// A [resize](crate::Pool::resize) by hand holds until the limit changes.
    ///
    /// Each worker that there may be later takes a slot, as in [`max_threads`](Builder::max_threads), which sets a lower
    /// limit where that matters.
    ///
    /// ```
    /// use pool_core::{BuildError, ThreadPool};
    /// use pool_core::strategy::Strategy;
    /// fn in_a_container<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     ThreadPool::with(strategy).follow_cpu_limit(true).build()
    /// }
    /// ```
    pub fn follow_cpu_limit(mut self, follow: bool) -> Self {
        self.cpu_limit = follow.then(Source::system);
        self
    }

    /// As [`follow_cpu_limit`](Builder::follow_cpu_limit), from elsewhere.
    #[cfg(test)]
    pub(crate) fn cpu_limit_from(mut self, source: Source) -> Self {
        self.cpu_limit = Some(source);
        self
    }

    /// The pool's name; its threads are called `<name>-<n>`, from 0. By default the strategy's.
    ///
    /// Linux shows the first 15 bytes of a thread's name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What each worker's thread is called, by its number, in place of `<name>-<n>`.
    pub fn thread_names(mut self, name: impl Fn(usize) -> String + Send + Sync + 'static) -> Self {
        self.thread_names = Some(Arc::new(name));
        self
    }

    /// Who makes the threads of the pool: for threads with a priority, a name space or a runtime of their own. By default std does.
    ///
    /// Called once for each worker, also for one that replaces another, on the thread that builds or grows the pool or on a
    /// worker that has died. It is to have some thread run the worker, and not to do so itself. A shutdown waits until
    /// all have returned from [`WorkerThread::run`], and not for the ends of their threads. An error is that of
    /// [`build`](Builder::build), or a failed start.
    ///
    /// ```
    /// use pool_core::{BuildError, ThreadPool, WorkerThread};
    /// use pool_core::strategy::Strategy;
    /// fn announced<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     let spawn = |worker: WorkerThread| {
    ///         let builder = std::thread::Builder::new().name(worker.name().to_owned());
    ///         builder.spawn(move || {
    ///             println!("here is {}", worker.name());
    ///             worker.run();
    ///         })?;
    ///         Ok(())
    ///     };
    ///     ThreadPool::with(strategy).spawn_handler(spawn).build()
    /// }
    /// ```
    pub fn spawn_handler(
        mut self,
        spawn: impl Fn(WorkerThread) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.spawn_handler = Some(Arc::new(spawn));
        self
    }

    /// Makes the thread that builds the pool its worker 0, for good. It runs jobs of the pool only while it waits in one of its
    /// operations, if its workers [help](Builder::helping), or [asks to](crate::help_one): until then what is for this very
    /// worker has to wait. `on_start` and `on_stop` are not called for it, and a shutdown does not wait for it.
    ///
    /// A thread is a worker of one pool at most, so [`build`](Builder::build) fails on one that is.
    pub fn enroll_caller(mut self, enrolls: bool) -> Self {
        self.enrolls_caller = enrolls;
        self
    }

    /// The stack of each worker, in bytes. By default std's, which is 2 MiB unless `RUST_MIN_STACK` says otherwise. At most
    /// 1 TiB (1 GiB where addresses have 32 bits); what the system says to less is in [`BuildError::Spawn`](crate::BuildError::Spawn).
    ///
    /// Nested waits take stack: see [`JobHandle`](crate::JobHandle).
    ///
    /// ```
    /// use pool_core::{BuildError, ThreadPool};
    /// use pool_core::strategy::Strategy;
    /// fn for_deep_recursion<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     ThreadPool::with(strategy).stack_size(64 << 20).build()
    /// }
    /// ```
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Binds each worker to a CPU (feature `affinity`). What [`Pinning`](crate::Pinning) names must be there; where the
    /// system does not allow it, or knows no such thing, workers run anywhere. See [`threads`](Builder::threads) for which the
    /// process's CPUs are.
    ///
    /// ```
    /// use pool_core::{BuildError, Pinning, ThreadPool};
    /// use pool_core::strategy::Strategy;
    /// fn on_its_own_machine<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     ThreadPool::with(strategy).pin(Pinning::RoundRobin).build()
    /// }
    /// ```
    #[cfg(feature = "affinity")]
    pub fn pin(mut self, pinning: super::Pinning) -> Self {
        self.pinning = pinning;
        self
    }

    /// Called on each worker's thread, with its number, before its first job. A panic in it is a failed start.
    ///
    /// A worker that was about to leave when the pool was shut down may begin anew, to run what it held.
    ///
    /// ```
    /// use pool_core::{BuildError, ThreadPool};
    /// use pool_core::strategy::Strategy;
    /// fn logged<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     ThreadPool::with(strategy)
    ///         .on_start(|worker| println!("worker {worker} comes"))
    ///         .on_stop(|worker| println!("worker {worker} leaves"))
    ///         .build()
    /// }
    /// ```
    pub fn on_start(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_start = WorkerHook::new(hook);
        self
    }

    /// Called on each worker's thread, with its number, after its last job; not when the worker dies of a panic.
    /// A panic in it goes no further, and is counted in [`Stats::handler_panics`](crate::Stats::handler_panics).
    pub fn on_stop(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_stop = WorkerHook::new(hook);
        self
    }

    /// Called for each job that panicked and has no handle to tell, on the thread that ran it or dropped its handle.
    /// std's panic hook has printed the message before. Without a handler the payload is dropped.
    ///
    /// A panic in the handler itself, or of the payload when it is dropped, costs the worker, which is replaced: at
    /// once the first time, then after 100 ms, doubling to 10 s, until a worker in that slot has run a job again. On
    /// a thread that is no worker such a panic goes no further. All are counted in
    /// [`Stats::handler_panics`](crate::Stats::handler_panics).
    pub fn on_panic(mut self, handler: impl Fn(PanicInfo<'_>) + Send + Sync + 'static) -> Self {
        self.on_panic = PanicHandler::new(handler);
        self
    }

    /// A job that would probably have to wait for longer than this is rejected, with
    /// [`Reason::Overloaded`](crate::Reason::Overloaded).
    ///
    /// The wait is predicted from the number of queued jobs, the number of workers, and the time that jobs have taken of late,
    /// whatever the strategy and the job's priority; scopes and joins are never turned away. Each submission then reads the
    /// clock and every worker's counters, and takes a mutex.
    ///
    /// ```
    /// # use pool_core::{BuildError, Pool, PoolExt, Reason, ThreadPool};
    /// # use pool_core::strategy::Strategy;
    /// # use std::time::Duration;
    /// fn for_the_patient<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     ThreadPool::with(strategy).admit_within(Duration::from_millis(200)).build()
    /// }
    /// fn serve(pool: &dyn Pool, request: impl FnOnce() + Send + 'static) -> &'static str {
    ///     match pool.execute(request) {
    ///         Ok(()) => "accepted",
    ///         Err(rejected) if rejected.reason() == Reason::Overloaded => "503, come back later",
    ///         Err(_) => "500",
    ///     }
    /// }
    /// ```
    pub fn admit_within(mut self, wait: Duration) -> Self {
        self.admit_within = Some(wait);
        self
    }

    /// What a worker runs while it waits in the midst of a job: what it waits for and nothing else (the default), or
    /// [any](Helping::Any) work of the pool. A worker that serves some jobs only (an express worker of pool-priority) runs its own
    /// in either case.
    ///
    /// ```
    /// use pool_core::{BuildError, Helping, ThreadPool};
    /// use pool_core::strategy::Strategy;
    /// /// For programs whose jobs wait for each other, written for pools that work so.
    /// fn like_rayon<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     ThreadPool::with(strategy).helping(Helping::Any).build()
    /// }
    /// ```
    pub fn helping(mut self, helping: Helping) -> Self {
        self.helping = helping;
        self
    }

    /// Called once for each job that overruns its [run limit](crate::Attributes::run_limit), on a timer thread, when the
    /// job's token has been set. While it runs, other limits are looked at late. A panic in it goes no further, and is
    /// counted in [`Stats::handler_panics`](crate::Stats::handler_panics).
    ///
    /// ```
    /// # use pool_core::{BuildError, ThreadPool};
    /// # use pool_core::strategy::Strategy;
    /// fn watched<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     ThreadPool::with(strategy)
    ///         .spare_threads(1)
    ///         .on_overdue(|job| eprintln!("{:?} has run for {:?} on worker {:?}", job.name, job.age, job.worker))
    ///         .build()
    /// }
    /// ```
    pub fn on_overdue(mut self, hook: impl Fn(OverdueInfo<'_>) + Send + Sync + 'static) -> Self {
        self.on_overdue = Some(Arc::new(hook));
        self
    }

    /// Called before each job that the pool counts, on the thread that runs it: a worker for jobs that were queued, and
    /// threads that run it in place (a waiter, the submitter under `CallerRuns`, jobs of scopes). The halves of
    /// a [`join`](crate::PoolExt::join) are no jobs.
    ///
    /// If it panics, the job runs all the same, once, and its handle gets the result. Then the worker dies of the
    /// hook's panic and is replaced, as for [`on_panic`](Builder::on_panic); one that runs the job in place of itself
    /// first finishes its own. The hook should not wait for other jobs of the pool.
    ///
    /// ```
    /// # use pool_core::{Builder, BuildError, ThreadPool};
    /// # use pool_core::strategy::Strategy;
    /// # fn pool<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    /// Builder::new(strategy)
    ///     .before_job(|job| println!("{} starts on worker {:?}", job.name.unwrap_or("a job"), job.worker))
    ///     .after_job(|job, outcome| println!("{} has {outcome:?}", job.name.unwrap_or("a job")))
    ///     .build()
    /// # }
    /// ```
    pub fn before_job(mut self, hook: impl Fn(JobInfo<'_>) + Send + Sync + 'static) -> Self {
        self.config.before = Some(Arc::new(hook));
        self
    }

    /// Called after each job that the pool counts, with how it ended: before it shows elsewhere, so a thread that has
    /// the result also finds the hook's work done. Otherwise as [`before_job`](Builder::before_job).
    pub fn after_job(mut self, hook: impl Fn(JobInfo<'_>, JobOutcome) + Send + Sync + 'static) -> Self {
        self.config.after = Some(Arc::new(hook));
        self
    }

    /// What hears of submissions, jobs, steals, sleeps and wake-ups: see [`Observer`]. A pool without one, as by default, pays
    /// a branch a steal and a wake-up.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Which jobs are timed: none (the default), some, or all. See [`Timing`] for what it costs, and
    /// [`Pool::timings`](crate::Pool::timings) for the result.
    ///
    /// Takes about 110 KiB for each worker that has run a job.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.config.timing = timing;
        self
    }

    /// Whether a job's panic comes with its place and backtrace, in [`PanicInfo`] and in [`Panic`](crate::Panic).
    /// By default not.
    ///
    /// Only std's panic hook, of which a process has one, can see where a panic begins. So the first such pool
    /// puts a hook of its own before the one that is set, and leaves it there for good; it calls the other one every
    /// time. A hook that the program sets later with `std::panic::set_hook` replaces both, and from then on there are no
    /// backtraces. A panic that passes no hook has none either, or that of an earlier panic that the same
    /// job caught: `std::panic::resume_unwind`, and so what a `scope`, a `join` or another handle rethrows.
    ///
    /// Build the first such pool before there are threads that may panic: in the moment of the exchange, the hook
    /// is std's own.
    ///
    /// `RUST_BACKTRACE` need not be set. A panic of a job then costs some microseconds more, and printing
    /// the backtrace some milliseconds.
    ///
    /// ```
    /// # use pool_core::{Builder, BuildError, ThreadPool};
    /// # use pool_core::strategy::Strategy;
    /// # fn pool<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    /// Builder::new(strategy)
    ///     .backtraces(true)
    ///     .on_panic(|panic| {
    ///         let (job, place) = (panic.name.unwrap_or("a job"), panic.location.unwrap_or("?"));
    ///         eprintln!("{job} panicked at {place}: {}", panic.message.unwrap_or_default());
    ///         if let Some(backtrace) = panic.backtrace {
    ///             eprintln!("{backtrace}");
    ///         }
    ///     })
    ///     .build()
    /// # }
    /// ```
    pub fn backtraces(mut self, wanted: bool) -> Self {
        self.config.backtraces = wanted;
        self
    }
}
