//! The life of a pool: how many workers it has, whether it is ending, and what it gives back at the end.
//!
//! All of it is behind one mutex that no job ever takes; two flags are mirrored for those who only look.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::{Job, PoolState, Reason};

#[derive(Default)]
pub(super) struct Life {
    inner: Mutex<Inner>,
    changed: Condvar,
    /// The mirror of `Inner::state`.
    state: AtomicU8,
    /// Workers put jobs aside instead of running them.
    gives_back: AtomicBool,
}

#[derive(Default)]
struct Inner {
    /// Workers that exist, or are about to; and the builder, which keeps the pool from ending under it.
    alive: usize,
    /// Workers that have started, while the pool is being built.
    ready: usize,
    /// The pool is built; from now on lost workers are replaced.
    built: bool,
    start_panic: Option<Box<dyn Any + Send>>,
    /// The pool ends because its last worker could not be replaced.
    deserted: bool,
    returned: Vec<Job>,
    /// Threads of workers that died and were replaced, until somebody has the time to join them.
    buried: Vec<JoinHandle<()>>,
}

impl Inner {
    /// Whether every expected worker has started or gone. The builder itself is one of those alive.
    fn have_all_started(&self) -> bool {
        self.ready + 1 >= self.alive
    }

    /// Wakes the builder if it has nothing more to wait for; waking it for each worker costs more than the starting.
    fn tell_builder(&self, changed: &Condvar) {
        if !self.built && self.have_all_started() {
            changed.notify_all();
        }
    }
}

impl Life {
    /// A worker is about to be started, or the builder begins.
    pub(super) fn expect(&self) {
        self.lock().alive += 1;
    }

    /// One who was expected has gone. Returns whether it was the last.
    pub(super) fn forget(&self) -> bool {
        let mut inner = self.lock();
        inner.alive -= 1;
        inner.tell_builder(&self.changed);
        inner.alive == 0
    }

    pub(super) fn worker_is_ready(&self) {
        let mut inner = self.lock();
        inner.ready += 1;
        inner.tell_builder(&self.changed);
    }

    /// A worker died. Returns its payload if it is to be replaced; one that dies while the pool is being built is not,
    /// and the builder hears of it.
    pub(super) fn worker_died(&self, payload: Box<dyn Any + Send>) -> Option<Box<dyn Any + Send>> {
        let mut inner = self.lock();
        if inner.built {
            return Some(payload);
        }
        // A second payload is of no interest, and its destructor might panic.
        if let Some(second) = inner.start_panic.replace(payload) {
            std::mem::forget(second);
        }
        None
    }

    /// Waits until every expected worker has started or died in the attempt, whose payload is then the error.
    pub(super) fn wait_started(&self) -> Result<(), Box<dyn Any + Send>> {
        let mut inner = self.lock();
        while !inner.have_all_started() {
            inner = self.wait(inner);
        }
        inner.built = true;
        inner.start_panic.take().map_or(Ok(()), Err)
    }

    /// Waits before a lost worker is replaced, unless the pool is ending: then what is queued needs it now.
    pub(super) fn back_off(&self, delay: Duration) {
        let deadline = Instant::now() + delay;
        let mut inner = self.lock();
        while self.state() == PoolState::Running {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(super) fn state(&self) -> PoolState {
        match self.state.load(SeqCst) {
            0 => PoolState::Running,
            1 => PoolState::ShuttingDown,
            _ => PoolState::Terminated,
        }
    }

    pub(super) fn begin_end(&self) {
        let _inner = self.lock();
        self.state.fetch_max(1, SeqCst);
        self.changed.notify_all();
    }

    /// All workers are gone, and none can be started.
    pub(super) fn desert(&self) {
        self.lock().deserted = true;
    }

    pub(super) fn terminate(&self) {
        let _inner = self.lock();
        self.state.store(2, SeqCst);
        self.changed.notify_all();
    }

    pub(super) fn wait_terminated(&self) {
        let mut inner = self.lock();
        while self.state() != PoolState::Terminated {
            inner = self.wait(inner);
        }
    }

    /// Why the pool takes no more jobs.
    pub(super) fn why_closed(&self) -> Reason {
        if self.lock().deserted { Reason::NoWorkers } else { Reason::ShutDown }
    }

    pub(super) fn give_back(&self) {
        self.gives_back.store(true, SeqCst);
    }

    #[inline]
    pub(super) fn gives_back(&self) -> bool {
        self.gives_back.load(SeqCst)
    }

    pub(super) fn put_aside(&self, jobs: impl IntoIterator<Item = Job>) {
        self.lock().returned.extend(jobs);
    }

    pub(super) fn take_returned(&self) -> Vec<Job> {
        std::mem::take(&mut self.lock().returned)
    }

    pub(super) fn bury(&self, thread: Option<JoinHandle<()>>) {
        self.lock().buried.extend(thread);
    }

    /// Joins the threads of the dead, which end without waiting for anybody.
    pub(super) fn join_buried(&self) {
        let buried = std::mem::take(&mut self.lock().buried);
        for thread in buried {
            let _ = thread.join();
        }
    }

    fn wait<'a>(&self, inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
