//! A pool that takes urgent jobs first, and is fair to the rest.
//!
//! Up to 64 levels, each first in, first out. The most urgent level that has a job goes first, and *aging* keeps a flood of
//! urgent jobs from starving the others: at most K jobs pass a level that waits ([`Levels::aging`]).
//!
//! ```
//! use pool_core::{Pool, PoolExt, Priority, Submit};
//! use pool_priority::PriorityPool;
//! use std::sync::mpsc;
//!
//! let pool = PriorityPool::builder().threads(1).build()?;
//! let (say, said) = mpsc::channel();
//! let (release, released) = mpsc::channel::<()>();
//! pool.execute(move || released.recv().unwrap())?; // keeps the worker busy while the others queue
//! for (priority, word) in [(Priority::IDLE, "later"), (Priority::URGENT, "first"), (Priority::NORMAL, "then")] {
//!     let say = say.clone();
//!     pool.execute_with(Submit::default().priority(priority), move || say.send(word).unwrap())?;
//! }
//! release.send(())?;
//! let _ = pool.shutdown();
//! drop(say);
//! assert_eq!(said.iter().collect::<Vec<_>>(), ["first", "then", "later"]);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! A job that is running is never interrupted: how long an urgent job waits while all workers are busy is set by the
//! length of the jobs that they run.
//!
//! # The discipline
//!
//! One mutex over a queue for each level and a bitmap of the levels that have jobs; the lowest set bit is the most urgent
//! level. Push costs O(1); pop O(1), and O(waiting levels) where several levels wait and aging is on.
//!
//! # Waking
//!
//! Waking a worker at each push would cost more than the job: a thread that is woken first runs into the lock that the
//! submitter holds, and then finds the queue taken care of by others. So at most one worker is on its way at a time.
//! Under the mutex there is written: how many workers sleep, whether one of them has been called, and whether a worker
//! *searches*: it has found nothing and looks out for a microsecond or two before it sleeps, one at a time.
//!
//! - push: if somebody sleeps, nobody has been called and nobody searches, call one.
//! - a worker that wakes is no longer called, and one that has taken the mutex again no longer searches; it takes a job, and
//!   if jobs remain and others sleep, calls the next.
//! - a worker sleeps only when there is no job.
//!
//! No job is left lying while a worker sleeps: when a push calls nobody because somebody has been called or searches,
//! that one has still to take the mutex, sees the job, and calls the next if there is more. A wake-up without a call (condition
//! variables may) only means that two are on their way.

#![forbid(unsafe_code)]

mod shelves;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use pool_core::{
    BuildError, Caller, Ends, Idle, Inlet, Job, Outlet, Pop, Priority, Push, Strategy, Submit, ThreadPool,
    try_lock_patiently,
};

use crate::shelves::{MOST_LEVELS, Shelves};

/// A pool of workers that take the most urgent job.
pub type PriorityPool = ThreadPool<Levels>;

/// Queues by urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    levels: usize,
    aging: Option<u64>,
}

impl Levels {
    /// At most so many pops pass a waiting level when nobody says otherwise.
    pub const DEFAULT_AGING: u64 = 256;

    /// This many levels, from 1 to 64. The 64 steps of [`Priority`] are divided evenly over them.
    pub const fn new(levels: usize) -> Self {
        Levels { levels, aging: Some(Self::DEFAULT_AGING) }
    }

    /// At most this many jobs are taken from other levels while a level waits; then it gives one. At least as many as
    /// there are levels, since each may be waiting for just as long.
    pub const fn aging(mut self, pops: u64) -> Self {
        self.aging = Some(pops);
        self
    }

    /// Strictly the most urgent first. A low level may wait for ever.
    pub const fn strict(mut self) -> Self {
        self.aging = None;
        self
    }

    fn check(&self) -> Result<(), BuildError> {
        let refused = |text: String| Err(BuildError::Strategy(text));
        match *self {
            Levels { levels, .. } if !(1..=MOST_LEVELS).contains(&levels) => {
                refused(format!("a priority pool has 1 to {MOST_LEVELS} levels, not {levels}"))
            }
            Levels { levels, aging: Some(aging) } if aging < levels as u64 => {
                refused(format!("aging over {levels} levels needs at least {levels} pops, not {aging}"))
            }
            _ => Ok(()),
        }
    }
}

impl Default for Levels {
    fn default() -> Self {
        Self::new(MOST_LEVELS)
    }
}

impl Strategy for Levels {
    type Inlet = Counter;
    type Outlet = Window;

    const NAME: &'static str = "priority";

    fn open(&self, seats: usize) -> Result<Ends<Self>, BuildError> {
        self.check()?;
        let queue = Arc::new(Queue {
            state: Mutex::new(State {
                shelves: Shelves::new(self.levels, self.aging),
                open: true,
                asleep: 0,
                called: false,
                searching: false,
            }),
            call: Condvar::new(),
            has_jobs: AtomicBool::new(false),
        });
        Ok(Ends {
            outlets: (0..seats).map(|_| Window(queue.clone())).collect(),
            spare: Window(queue.clone()),
            inlet: Counter { queue, levels: self.levels },
        })
    }
}

struct Queue {
    state: Mutex<State>,
    call: Condvar,
    /// Whether there are jobs, for the searcher to look at without the mutex. It may be behind.
    has_jobs: AtomicBool,
}

struct State {
    shelves: Shelves,
    open: bool,
    /// Workers that sleep, or are waking and have not had the mutex yet.
    asleep: usize,
    /// One of them has been called.
    called: bool,
    /// A worker looks out for a job without the mutex.
    searching: bool,
}

impl State {
    /// Whether a sleeper is to be called now; if so, it counts as called.
    fn calls(&mut self) -> bool {
        let calls = self.asleep > 0 && !self.called && !self.searching && !self.shelves.is_empty();
        self.called |= calls;
        calls
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock, a failed allocation aside.
        try_lock_patiently(&self.state)
            .unwrap_or_else(|| self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Unlocks, and calls a sleeper if one is needed. The call comes last, or the sleeper would run into the lock.
    fn leave(&self, mut state: MutexGuard<'_, State>) {
        let calls = state.calls();
        self.has_jobs.store(!state.shelves.is_empty(), Relaxed);
        drop(state);
        if calls {
            self.call.notify_one();
        }
    }
}

/// Where jobs enter.
pub struct Counter {
    queue: Arc<Queue>,
    levels: usize,
}

impl Inlet for Counter {
    fn push(&self, job: Job, submit: Submit, _: Caller) -> Push {
        let level = submit.urgency().step() * self.levels / Priority::STEPS;
        let mut state = self.queue.lock();
        state.shelves.push(level, job);
        self.queue.leave(state);
        Push::Queued
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.queue.lock().open = false;
        self.queue.call.notify_all();
    }
}

/// Where jobs leave, at one seat.
pub struct Window(Arc<Queue>);

impl Outlet for Window {
    fn pop(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        let queue = &*self.0;
        let mut state = queue.lock();
        let mut searched = false;
        loop {
            if let Some(job) = state.shelves.pop() {
                queue.leave(state);
                return Pop::Job(job);
            }
            if !state.open {
                return Pop::Closed;
            }
            if !searched && !state.searching {
                searched = true;
                state = queue.search(state);
                continue;
            }
            if until.is_some_and(|until| until <= Instant::now()) || idle.begin() {
                return Pop::TimedOut;
            }
            state = queue.sleep(state, until);
        }
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.0.lock().shelves.drain());
    }
}

impl Queue {
    /// Looks out for about the time that waking a sleeper would take.
    fn search<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        const LOOKS: usize = 128;
        state.searching = true;
        drop(state);
        for _ in 0..LOOKS {
            if self.has_jobs.load(Relaxed) {
                break;
            }
            std::hint::spin_loop();
        }
        let mut state = self.lock();
        state.searching = false;
        state
    }

    fn sleep<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        until: Option<Instant>,
    ) -> MutexGuard<'a, State> {
        state.asleep += 1;
        let mut state = match until {
            None => self.call.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                self.call.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.asleep -= 1;
        state.called = false;
        state
    }
}
