//! What a pool watches its jobs for: hooks around them, their times, and where their panics begin.
//!
//! All of it goes by one optional [`Instrumentation`] at each run context. Whether there is one is asked together with whether the
//! run context is shared, which every job asks, so a pool that wants nothing of this pays nothing for it.
//!
//! # A hook that panics
//!
//! The job comes first: it runs once, is counted, and its handle is told, whatever a hook does. So the panic is
//! caught and remembered, and the worker dies when it is through with the job that it popped
//! ([`Instrumentation::rethrow_hook_panic`]). Anywhere else the thread is not the pool's to lose, and the panic goes no further.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use crate::current::current_name;
use crate::name::Name;
use crate::observe::hooks::{AfterFn, BeforeFn, JobInfo, JobOutcome};
use crate::observe::sampling;
use crate::observe::timing::{Timing, Timings};
use crate::panic::drop_quietly;
use crate::panic_location;

/// What is wanted.
#[derive(Clone, Default)]
pub(crate) struct InstrumentationConfig {
    pub(crate) before: Option<Arc<BeforeFn>>,
    pub(crate) after: Option<Arc<AfterFn>>,
    pub(crate) timing: Timing,
    pub(crate) backtraces: bool,
}

impl InstrumentationConfig {
    fn has_hooks(&self) -> bool {
        self.before.is_some() || self.after.is_some()
    }

    fn is_timing(&self) -> bool {
        self.timing != Timing::Off
    }

    /// An observer for the run context of this worker, or for one outside, if anything is wanted.
    pub(crate) fn instrumentation(
        &self,
        pool: &Arc<str>,
        worker: Option<usize>,
    ) -> Option<Box<Instrumentation>> {
        let wanted = self.has_hooks() || self.is_timing() || self.backtraces;
        wanted.then(|| {
            Box::new(Instrumentation {
                pool: pool.clone(),
                worker,
                config: self.clone(),
                times: OnceLock::new(),
                is_forked: AtomicBool::new(false),
                hook_panics: AtomicU64::new(0),
                is_doomed: AtomicBool::new(false),
            })
        })
    }
}

/// Watches the jobs that run at one run context.
pub(crate) struct Instrumentation {
    pool: Arc<str>,
    worker: Option<usize>,
    config: InstrumentationConfig,
    /// Made when the first job is timed here; few threads outside run jobs.
    times: OnceLock<Box<Times>>,
    /// This process is a fork, and the histograms' locks may be held for ever.
    is_forked: AtomicBool,
    hook_panics: AtomicU64,
    /// A hook has panicked, and the worker is to die of it.
    is_doomed: AtomicBool,
}

/// A run context's histograms. At a worker's run context only snapshots contend for the lock.
#[derive(Default)]
struct Times {
    timings: Mutex<Timings>,
    /// The worker has been woken and has started no job since.
    is_woken: AtomicBool,
    woken_at: Mutex<Option<Instant>>,
}

impl Instrumentation {
    /// A job is about to start. Returns when, if its run time is wanted.
    pub(crate) fn start(&self) -> Option<Instant> {
        let submitted = sampling::take_submitted();
        if let Some(before) = &self.config.before {
            let name = current_name();
            self.call(|| before(self.info(&name)));
        }
        if self.config.backtraces {
            panic_location::arm();
        }
        self.times()?.start(submitted, self.config.timing)
    }

    /// The job has ended, and that does not show yet.
    pub(crate) fn finish(&self, started: Option<Instant>, panicked: bool) {
        if let (Some(times), Some(started)) = (self.times(), started) {
            let took = started.elapsed();
            lock(&times.timings).run_time.record(took);
        }
        if self.config.backtraces {
            panic_location::disarm(panicked);
        }
        if let Some(after) = &self.config.after {
            let outcome = if panicked { JobOutcome::Panicked } else { JobOutcome::Completed };
            let name = current_name();
            self.call(|| after(self.info(&name), outcome));
        }
    }

    /// The worker at this run context has waited for work, and waits no more.
    #[cold]
    pub(crate) fn wake(&self) {
        if let Some(times) = self.times() {
            *lock(&times.woken_at) = Some(Instant::now());
            times.is_woken.store(true, Relaxed);
        }
    }

    /// Panics if a hook has. For a worker between two jobs.
    #[cold]
    pub(crate) fn rethrow_hook_panic(&self) {
        if self.is_doomed.load(Relaxed) {
            self.spare_successor();
            // The hook's own message was printed when it panicked.
            resume_unwind(Box::new("a hook around a job has panicked"));
        }
    }

    /// The worker dies, of this or of something else; the next one is not to blame.
    pub(crate) fn spare_successor(&self) {
        self.is_doomed.store(false, Relaxed);
    }

    /// From now on no time is taken.
    pub(crate) fn forked(&self) {
        self.is_forked.store(true, Relaxed);
    }

    pub(crate) fn hook_panics(&self) -> u64 {
        self.hook_panics.load(Relaxed)
    }

    /// Adds the times of this run context, if it takes any.
    pub(crate) fn add_to(&self, sum: &mut Timings) {
        if let Some(times) = self.times.get() {
            sum.merge(&lock(&times.timings));
        }
    }

    fn times(&self) -> Option<&Times> {
        let takes_times = self.config.is_timing() && !self.is_forked.load(Relaxed);
        takes_times.then(|| &**self.times.get_or_init(Box::default))
    }

    fn info<'a>(&'a self, name: &'a Option<Name>) -> JobInfo<'a> {
        JobInfo { pool: &self.pool, worker: self.worker, name: name.as_ref().map(Name::as_str) }
    }

    fn call(&self, hook: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(hook)) {
            drop_quietly(payload);
            self.hook_panics.fetch_add(1, Relaxed);
            self.is_doomed.store(self.worker.is_some(), Relaxed);
        }
    }
}

impl Times {
    /// Returns when the job started, if its run time is wanted.
    fn start(&self, submitted: Option<Instant>, timing: Timing) -> Option<Instant> {
        let woken_at = self.take_woken();
        let wanted = sampling::picks(timing);
        if submitted.is_none() && !wanted {
            return None;
        }
        let now = Instant::now();
        if let Some(submitted) = submitted {
            let waited = now.duration_since(submitted);
            let mut timings = lock(&self.timings);
            timings.queue_wait.record(waited);
            // What was submitted later did not wake it.
            if woken_at.is_some_and(|woken_at| submitted <= woken_at) {
                timings.wake_up.record(waited);
            }
        }
        wanted.then_some(now)
    }

    fn take_woken(&self) -> Option<Instant> {
        if !self.is_woken.load(Relaxed) {
            return None;
        }
        self.is_woken.store(false, Relaxed);
        lock(&self.woken_at).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing of the user's runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
