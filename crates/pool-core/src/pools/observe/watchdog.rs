//! The watchdog of a pool: it sees to jobs that run for longer than they may.
//!
//! Jobs with a run limit register at their start and deregister, by a guard, at their end. The first starts a
//! thread that sleeps until the earliest limit is reached. A job that is still registered then is *overdue*: its
//! token is set, its worker counts as blocked, and the hook is called.
//!
//! # When the thread sleeps, and how it ends
//!
//! Everything that changes is behind one mutex. `sleeps_until` is when the thread looks up by itself; `None` means that
//! there is no thread. A job that registers an earlier limit wakes it; one that finds `None` starts it. The thread ends when
//! it looks up in vain: its sleep was over and nobody was registered. That is decided under the mutex, so the
//! next to register finds `None`.
//!
//! Ending wakes nobody, or each of a row of short jobs would cost a wake-up. Only where the thread would sleep on for more
//! than [`LINGER`] for nobody is it told to set its alarm to that. So a row of jobs costs a wake-up or two a second, and a quiet pool has
//! no thread a second later.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::CancelToken;
use crate::blocking::WorkerManager;
use crate::cancel::Wakers;
use crate::name::Name;
use crate::os::cpu_set::CpuSet;
use crate::os::process_fork;
use crate::panic::drop_quietly;

/// How long the thread stays when no job with a limit runs.
const LINGER: Duration = Duration::from_secs(1);

/// A job that has run for longer than it may, as the hook sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OverdueInfo<'a> {
    /// The pool's name.
    pub pool: &'a str,
    /// The number of the worker that runs the job; `None` when its submitter runs it.
    pub worker: Option<usize>,
    /// The job's name, if it has one.
    pub name: Option<&'a str>,
    /// How long it has been running.
    pub age: Duration,
}

type OverdueFn = dyn Fn(OverdueInfo<'_>) + Send + Sync;

/// What hears of jobs that overrun their limit.
pub(crate) type OverdueHook = Option<Arc<OverdueFn>>;

pub(crate) struct Watchdog(Arc<Inner>);

struct Inner {
    pool: String,
    hook: OverdueHook,
    /// Where the thread runs, whichever thread starts it.
    cpus: Option<CpuSet>,
    hook_panics: Arc<AtomicU64>,
    state: Mutex<State>,
    changed: Condvar,
}

/// When a job's limit is reached, and a number to keep apart those with the same moment.
type Key = (Instant, u64);

#[derive(Default)]
struct State {
    /// Jobs that run and are not overdue, the one with the earliest limit first.
    jobs: BTreeMap<Key, Limited>,
    registered: u64,
    sleeps_until: Option<Instant>,
    /// The pool is gone.
    closed: bool,
}

/// A job that runs under a limit.
pub(crate) struct Limited {
    pub(crate) worker: Option<usize>,
    pub(crate) name: Option<Name>,
    pub(crate) token: Option<CancelToken>,
    pub(crate) started: Instant,
    pub(crate) worker_manager: Weak<dyn WorkerManager>,
}

impl Watchdog {
    pub(crate) fn new(
        pool: &str,
        hook: OverdueHook,
        cpus: Option<CpuSet>,
        hook_panics: Arc<AtomicU64>,
    ) -> Self {
        Watchdog(Arc::new(Inner {
            pool: pool.to_owned(),
            hook,
            cpus,
            hook_panics,
            state: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// Watches the job until the guard is dropped. A limit beyond the end of the clock is none.
    ///
    /// If the thread that it takes cannot be started, that is counted, and the job runs without a limit, unless a later one
    /// brings the thread.
    pub(crate) fn watch(&self, job: Limited, limit: Duration) -> Option<Watched> {
        let due = job.started.checked_add(limit)?;
        let (worker, worker_manager) = (job.worker, job.worker_manager.clone());
        let mut state = self.0.lock();
        state.registered += 1;
        let key = (due, state.registered);
        state.jobs.insert(key, job);
        match state.sleeps_until {
            None if start(&self.0) => state.sleeps_until = Some(due),
            None => worker_manager.upgrade().iter().for_each(|worker_manager| worker_manager.start_failed()),
            Some(until) if due < until => self.0.changed.notify_one(),
            _ => {}
        }
        Some(Watched { shared: self.0.clone(), key, worker, worker_manager })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}

/// Returns whether it could be started. Called under the mutex, which the thread takes first.
fn start(shared: &Arc<Inner>) -> bool {
    let (shared, name) = (shared.clone(), format!("{}-watchdog", shared.pool));
    process_fork::spawn(thread::Builder::new().name(name), move || shared.keep_watch()).is_ok()
}

impl Inner {
    fn keep_watch(&self) {
        if let Some(cpus) = &self.cpus {
            cpus.move_here();
        }
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let due = state.jobs.keys().next().map(|&(due, _)| due);
            if due.is_some_and(|due| due <= now) {
                state = self.overrun(state);
                continue;
            }
            if due.is_none() && (state.closed || state.sleeps_until.is_none_or(|until| until <= now)) {
                break;
            }
            let until = due.unwrap_or(now + LINGER);
            state.sleeps_until = Some(until);
            state = self.changed.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.sleeps_until = None;
    }

    /// The limit of the first job is reached.
    fn overrun<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let Some((_, job)) = state.jobs.pop_first() else { return state };
        let wakers = job.token.as_ref().and_then(CancelToken::set);
        // Under the lock, so that it comes before the end of the job, whose guard waits for the lock.
        tell(job.worker, &job.worker_manager, |worker_manager, slot| worker_manager.blocked(slot));
        drop(state);
        wakers.into_iter().for_each(Wakers::wake);
        let Limited { worker, name, started, .. } = job;
        let name = name.as_ref().map(Name::as_str);
        let info = OverdueInfo { pool: &self.pool, worker, name, age: started.elapsed() };
        let call = || self.hook.iter().for_each(|hook| hook(info));
        if let Err(payload) = catch_unwind(AssertUnwindSafe(call)) {
            drop_quietly(payload);
            self.hook_panics.fetch_add(1, Relaxed);
        }
        self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Speaks to the workforce about a worker, if it is one who runs the job.
fn tell(
    worker: Option<usize>,
    worker_manager: &Weak<dyn WorkerManager>,
    what: impl FnOnce(&dyn WorkerManager, usize),
) {
    if let (Some(slot), Some(worker_manager)) = (worker, worker_manager.upgrade()) {
        what(&*worker_manager, slot);
    }
}

/// A job is being watched; dropped when the job has ended, however it does.
pub(crate) struct Watched {
    shared: Arc<Inner>,
    key: Key,
    worker: Option<usize>,
    worker_manager: Weak<dyn WorkerManager>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if state.jobs.remove(&self.key).is_none() {
            tell(self.worker, &self.worker_manager, |worker_manager, slot| worker_manager.unblocked(slot));
        }
        let idle = state.jobs.is_empty();
        if idle && state.sleeps_until.is_some_and(|until| until > Instant::now() + LINGER) {
            // The thread sets its alarm anew.
            self.shared.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::mpsc::channel;

    use super::*;

    const FOREVER: Duration = Duration::from_secs(3600);
    const AT_ONCE: Duration = Duration::from_nanos(1);
    /// It turns a hang into a failure.
    const DEADLINE: Duration = Duration::from_secs(60);

    #[derive(Default)]
    struct Blocked {
        begun: AtomicUsize,
        ended: AtomicUsize,
    }

    impl WorkerManager for Blocked {
        fn blocked(&self, _: usize) {
            self.begun.fetch_add(1, SeqCst);
        }

        fn unblocked(&self, _: usize) {
            self.ended.fetch_add(1, SeqCst);
        }
    }

    impl Blocked {
        fn counts(&self) -> (usize, usize) {
            (self.begun.load(SeqCst), self.ended.load(SeqCst))
        }
    }

    fn job(worker: usize, worker_manager: &Arc<Blocked>) -> Limited {
        let worker_manager: Weak<Blocked> = Arc::downgrade(worker_manager);
        let token = Some(CancelToken::new());
        Limited {
            worker: Some(worker),
            name: Some(Name::Static("slow")),
            token,
            started: Instant::now(),
            worker_manager,
        }
    }

    fn until(condition: impl Fn() -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !condition() {
            assert!(Instant::now() < deadline, "it hangs");
            thread::yield_now();
        }
    }

    #[test]
    fn an_overdue_job_is_told_reported_and_made_up_for_once() {
        let worker_manager = Arc::new(Blocked::default());
        let (say, said) = channel();
        let hook = move |info: OverdueInfo<'_>| {
            say.send((info.pool.to_owned(), info.worker, info.name.map(str::to_owned))).unwrap();
        };
        let watchdog = Watchdog::new("pool", Some(Arc::new(hook)), None, Arc::default());
        for round in 1..=100 {
            let limited = job(3, &worker_manager);
            let token = limited.token.clone().unwrap();
            let watched = watchdog.watch(limited, AT_ONCE);
            let told = ("pool".to_owned(), Some(3), Some("slow".to_owned()));
            assert_eq!(said.recv_timeout(DEADLINE).unwrap(), told);
            assert!(token.is_cancelled());
            assert_eq!(worker_manager.counts(), (round, round - 1));
            drop(watched);
            assert_eq!(worker_manager.counts(), (round, round));
        }
        assert!(said.try_recv().is_err());
    }

    #[test]
    fn a_job_that_ends_in_time_is_left_alone() {
        let worker_manager = Arc::new(Blocked::default());
        let watchdog = Watchdog::new("pool", None, None, Arc::default());
        let limited = job(0, &worker_manager);
        let token = limited.token.clone().unwrap();
        drop(watchdog.watch(limited, FOREVER));
        assert!(watchdog.0.lock().jobs.is_empty());
        assert!(!token.is_cancelled());
        assert_eq!(worker_manager.counts(), (0, 0));
    }

    #[test]
    fn an_earlier_limit_wakes_the_thread() {
        let worker_manager = Arc::new(Blocked::default());
        let watchdog = Watchdog::new("pool", None, None, Arc::default());
        let patient = watchdog.watch(job(0, &worker_manager), FOREVER);
        let hasty = watchdog.watch(job(1, &worker_manager), AT_ONCE);
        until(|| worker_manager.counts().0 == 1);
        drop((patient, hasty));
        assert_eq!(worker_manager.counts(), (1, 1));
    }

    #[test]
    fn the_thread_goes_when_nobody_needs_it_and_comes_again() {
        let worker_manager = Arc::new(Blocked::default());
        let watchdog = Watchdog::new("pool", None, None, Arc::default());
        for _ in 0..2 {
            drop(watchdog.watch(job(0, &worker_manager), FOREVER));
            until(|| watchdog.0.lock().sleeps_until.is_none());
        }
        assert!(watchdog.watch(job(0, &worker_manager), Duration::MAX).is_none());
    }

    #[test]
    fn the_thread_goes_with_the_pool() {
        let worker_manager = Arc::new(Blocked::default());
        let watchdog = Watchdog::new("pool", None, None, Arc::default());
        drop(watchdog.watch(job(0, &worker_manager), FOREVER));
        let shared = watchdog.0.clone();
        drop(watchdog);
        until(|| Arc::strong_count(&shared) == 1);
    }

    #[test]
    fn a_hook_that_panics_does_no_harm() {
        let worker_manager = Arc::new(Blocked::default());
        let hook = |_: OverdueInfo<'_>| std::panic::resume_unwind(Box::new("the hook's"));
        let panics = Arc::new(AtomicU64::new(0));
        let watchdog = Watchdog::new("pool", Some(Arc::new(hook)), None, panics.clone());
        for round in 1..=2 {
            let watched = watchdog.watch(job(0, &worker_manager), AT_ONCE);
            until(|| worker_manager.counts().0 == round);
            drop(watched);
            until(|| panics.load(Relaxed) == round as u64);
        }
    }
}
