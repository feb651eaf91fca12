//! The settings of a pool.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::core::Core;
use super::cpu_limit::{self, Follower};
use super::roster::Roster;
use super::settings::Settings;
use super::{Scaling, ThreadPool, worker};
use crate::after_fork;
use crate::error::Panic;
use crate::hooks::{PanicHandler, PanicInfo, WorkerHook};
use crate::workforce::Workforce;
use crate::{BuildError, Ledger, Strategy};

/// More workers than this a pool does not number.
const MOST_THREADS: usize = 1 << 16;

/// How many workers a pool has.
///
/// ```
/// use pool_core::Threads;
/// assert_eq!(Threads::io_bound().get(), 2 * Threads::cpu_bound().get());
/// assert_eq!(Threads::from(3).get(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads(usize);

impl Threads {
    /// One for each CPU that this process may use: for jobs that compute.
    pub fn cpu_bound() -> Self {
        Threads(num_cpus::get())
    }

    /// Two for each CPU: for jobs that also wait.
    pub fn io_bound() -> Self {
        Threads(2 * num_cpus::get())
    }

    /// The number.
    pub fn get(self) -> usize {
        self.0
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::cpu_bound()
    }
}

impl From<usize> for Threads {
    fn from(threads: usize) -> Self {
        Threads(threads)
    }
}

impl From<NonZeroUsize> for Threads {
    fn from(threads: NonZeroUsize) -> Self {
        Threads(threads.get())
    }
}

/// The settings of a pool that is to be built.
#[derive(Clone)]
#[must_use = "nothing starts before `build`"]
pub struct Builder<S> {
    strategy: S,
    threads: Threads,
    max_threads: Option<usize>,
    spare_threads: usize,
    scaling: Option<Scaling>,
    follow_cpu_limit: bool,
    #[cfg(feature = "affinity")]
    pinning: super::Pinning,
    name: Option<String>,
    stack_size: Option<usize>,
    on_start: WorkerHook,
    on_stop: WorkerHook,
    on_panic: PanicHandler,
}

impl<S: Strategy> Builder<S> {
    /// Default settings around this strategy: one worker for each CPU, std's stack size, no hooks.
    pub fn new(strategy: S) -> Self {
        Builder {
            strategy,
            threads: Threads::default(),
            max_threads: None,
            spare_threads: 0,
            scaling: None,
            follow_cpu_limit: false,
            #[cfg(feature = "affinity")]
            pinning: super::Pinning::None,
            name: None,
            stack_size: None,
            on_start: WorkerHook::default(),
            on_stop: WorkerHook::default(),
            on_panic: PanicHandler::default(),
        }
    }

    /// How many workers: a number, [`Threads::cpu_bound`] (the default) or [`Threads::io_bound`].
    pub fn threads(mut self, threads: impl Into<Threads>) -> Self {
        self.threads = threads.into();
        self
    }

    /// How many workers the pool can be [resized](crate::Pool::resize) to; by default as many as it starts with.
    ///
    /// Each one beyond takes a seat also while nobody sits there: half a kilobyte, and 35 in pool-stealing (measured).
    pub fn max_threads(mut self, most: usize) -> Self {
        self.max_threads = Some(most);
        self
    }

    /// How many more workers may start to stand in for those that are blocked, in
    /// [`block_in_place`](crate::block_in_place) or in a job that has overrun its limit; by default none. Each takes a seat,
    /// as in [`max_threads`](Builder::max_threads).
    ///
    /// ```
    /// use pool_core::{BuildError, Strategy, ThreadPool};
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
    /// use pool_core::{Builder, Scaling, Strategy};
    /// fn elastic<S: Strategy>(strategy: S) -> Builder<S> {
    ///     Builder::new(strategy).scaling(Scaling::between(1, 16).keep_alive(Duration::from_secs(30)))
    /// }
    /// ```
    pub fn scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = Some(scaling);
        self
    }

    /// Has the pool follow the CPU limit of its container (cgroup v2, on Linux): it has as many workers as the limit allows
    /// CPUs, rounded up, but no more than it was built with. Elsewhere this does nothing.
    ///
    /// Whatever is said here, [`Threads::cpu_bound`] heeds the limit that there is when the process first asks. With this a
    /// worker between two jobs looks again, at most once a second; an idle pool never does. A clock reading a job.
    /// A [resize](crate::Pool::resize) by hand holds until the limit changes.
    ///
    /// ```
    /// use pool_core::{BuildError, Strategy, ThreadPool};
    /// fn in_a_container<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
    ///     ThreadPool::with(strategy).follow_cpu_limit(true).build()
    /// }
    /// ```
    pub fn follow_cpu_limit(mut self, follow: bool) -> Self {
        self.follow_cpu_limit = follow;
        self
    }

    /// The pool's name; its threads are called `<name>-<n>`, from 0. By default the strategy's.
    ///
    /// Linux shows the first 15 bytes of a thread's name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The stack of each worker, in bytes. By default std's, which is 2 MiB unless `RUST_MIN_STACK` says otherwise.
    ///
    /// Nested waits take stack: see [`JobHandle`](crate::JobHandle).
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Binds each worker to a CPU (feature `affinity`). What [`Pinning`](crate::Pinning) names must be there; where the
    /// system does not allow it, or knows no such thing, workers run anywhere.
    ///
    /// ```
    /// use pool_core::{BuildError, Pinning, Strategy, ThreadPool};
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
    pub fn on_start(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_start = WorkerHook::new(hook);
        self
    }

    /// Called on each worker's thread, with its number, after its last job; not when the worker dies of a panic.
    /// A panic in it goes no further.
    pub fn on_stop(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_stop = WorkerHook::new(hook);
        self
    }

    /// Called for each job that panicked and has no handle to tell, on the thread that ran it or dropped its handle.
    /// std's panic hook has printed the message before. A panic in the handler itself costs the worker, which is
    /// replaced; elsewhere it goes no further.
    pub fn on_panic(mut self, handler: impl Fn(PanicInfo<'_>) + Send + Sync + 'static) -> Self {
        self.on_panic = PanicHandler::new(handler);
        self
    }

    /// Starts the pool. Returns once every worker runs.
    ///
    /// # Errors
    ///
    /// [`BuildError`] when a setting makes no sense, when the operating system refuses a thread, or when a worker
    /// panics while starting. Workers that had started are stopped and joined.
    pub fn build(self) -> Result<ThreadPool<S>, BuildError> {
        let (threads, bounds) = self.checked_bounds()?;
        let name = self.checked_name()?;
        let seats = self.checked_seats(*bounds.end())?;
        let ends = self.strategy.open(seats)?;
        let limit = if self.follow_cpu_limit { cpu_limit::now() } else { None };
        let settings = self.settings(threads, limit)?;
        let threads = limit.map_or(threads, |limit| threads.min(limit.max(*bounds.start())));
        let mut roster = Roster::new(threads, bounds, seats);
        roster.cap(limit.filter(|_| settings.scales).unwrap_or(usize::MAX));
        let ledger = Ledger::new(&name, seats, self.on_panic, true);
        let id = ledger.id();
        let core = Core::new(ledger, ends, roster, settings);
        let workforce: Arc<dyn Workforce> = core.clone();
        core.ledger().workforce().set(Arc::downgrade(&workforce));
        after_fork::register(core.clone());
        // From here on dropping the pool stops whatever has started.
        let pool = ThreadPool { core, id };
        pool.core.life.expect();
        let started = start_all(&pool.core, threads);
        // The builder leaves.
        pool.core.worker_is_gone();
        started.map(|()| pool)
    }

    /// How many workers the pool starts with, and between which numbers it can be resized.
    fn checked_bounds(&self) -> Result<(usize, RangeInclusive<usize>), BuildError> {
        if let Some(scaling) = self.scaling {
            scaling.check()?;
            return Ok((scaling.min, scaling.min..=scaling.max));
        }
        let threads = self.threads.get();
        let max = self.max_threads.unwrap_or(threads);
        match threads {
            0 => Err(BuildError::ZeroThreads),
            _ if threads > max => Err(BuildError::BeyondMax { threads, max }),
            _ => Ok((threads, 1..=max)),
        }
    }

    fn checked_seats(&self, most: usize) -> Result<usize, BuildError> {
        let asked = most.saturating_add(self.spare_threads);
        if asked > MOST_THREADS {
            return Err(BuildError::TooManyThreads { asked, most: MOST_THREADS });
        }
        Ok(asked)
    }

    fn settings(&self, threads: usize, cpu_limit: Option<usize>) -> Result<Settings, BuildError> {
        Ok(Settings {
            stack_size: self.stack_size,
            #[cfg(feature = "affinity")]
            cpus: self.pinning.cpus()?,
            on_start: self.on_start.clone(),
            on_stop: self.on_stop.clone(),
            scales: self.scaling.is_some(),
            keep_alive: self.scaling.map(|scaling| scaling.keep_alive).unwrap_or_default(),
            queue_wait: self.scaling.and_then(|scaling| scaling.queue_wait),
            cpu_limit: self.follow_cpu_limit.then(|| Follower::new(cpu_limit)),
            threads,
        })
    }

    fn checked_name(&self) -> Result<String, BuildError> {
        let name = self.name.clone().unwrap_or_else(|| S::NAME.to_owned());
        if name.contains('\0') { Err(BuildError::Name(name)) } else { Ok(name) }
    }
}

fn start_all<S: Strategy>(core: &Arc<Core<S>>, threads: usize) -> Result<(), BuildError> {
    for index in 0..threads {
        core.life.expect();
        if let Err(source) = worker::start(core, index) {
            core.worker_is_gone();
            return Err(BuildError::Spawn { index, source });
        }
    }
    core.life.wait_started().map_err(|payload| BuildError::Start(Panic::new(payload)))
}
