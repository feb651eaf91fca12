//! What a future and its handle share.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use pool_core::adapter::PoolContext;
use pool_core::reentry::{Reentry, end_as_panicked};
use pool_core::{JoinError, Reason, drop_quietly};

pub(crate) struct Shared<T> {
    context: Arc<PoolContext>,
    /// `None` under an adapter.
    reentry: Option<Reentry>,
    is_cancelled: AtomicBool,
    /// The job that runs is to end as panicked.
    has_panicked: AtomicBool,
    state: Mutex<State<T>>,
}

struct State<T> {
    progress: Progress<T>,
    is_detached: bool,
    /// The task that waits for the handle.
    waiter: Option<Waker>,
    /// Polls the future once more. Taken when it has ended: until then it keeps it.
    task: Option<Waker>,
    /// The number under which the pool wakes the future when it closes.
    number: Option<u64>,
}

enum Progress<T> {
    GoesOn,
    Ended(Result<T, JoinError>),
    Taken,
}

impl<T> Shared<T> {
    pub(crate) fn new(context: Arc<PoolContext>, reentry: Option<Reentry>) -> Arc<Self> {
        let state =
            State { progress: Progress::GoesOn, is_detached: false, waiter: None, task: None, number: None };
        Arc::new(Shared {
            context,
            reentry,
            is_cancelled: AtomicBool::new(false),
            has_panicked: AtomicBool::new(false),
            state: Mutex::new(state),
        })
    }

    /// Before the first job is submitted.
    pub(crate) fn start(&self, task: Waker, on_close: Waker) {
        let number = self.reentry.as_ref().and_then(|reentry| reentry.wake_on_close(on_close));
        let mut state = self.lock();
        (state.task, state.number) = (Some(task), number);
    }

    pub(crate) fn reentry(&self) -> Option<&Reentry> {
        self.reentry.as_ref()
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(SeqCst)
    }

    /// Whether the pool is closed, so that a future that is not ready will not be polled again.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.reentry.as_ref().is_some_and(|reentry| !reentry.is_open())
    }

    /// The future has ended, and is dropped. What is told later is dropped.
    pub(crate) fn finish(&self, result: Result<T, JoinError>) {
        let mut state = self.lock();
        if !matches!(state.progress, Progress::GoesOn) {
            drop(state);
            return drop_quietly(result);
        }
        self.has_panicked.store(matches!(result, Err(JoinError::Panicked(_))), SeqCst);
        let unheard = if state.is_detached {
            state.progress = Progress::Taken;
            Some(result)
        } else {
            state.progress = Progress::Ended(result);
            None
        };
        let (waiter, task, number) = (state.waiter.take(), state.task.take(), state.number.take());
        drop(state);
        unheard.into_iter().for_each(|result| self.give_up(result));
        if let (Some(reentry), Some(number)) = (&self.reentry, number) {
            reentry.forget(number);
        }
        drop(task);
        wake(waiter);
    }

    /// The pool did not run the future's next job.
    pub(crate) fn finish_unrun(&self, reason: Reason) {
        self.finish(Err(match reason {
            Reason::Cancelled => JoinError::Cancelled,
            reason => JoinError::Unrun(reason),
        }));
    }

    /// A job has polled the future.
    pub(crate) fn settle_job(&self) {
        if self.has_panicked.swap(false, SeqCst) {
            end_as_panicked();
        }
    }

    /// Takes the result, if there is one. Otherwise this waker is called when there is.
    pub(crate) fn poll(&self, waker: Option<&Waker>) -> Poll<Result<T, JoinError>> {
        let mut state = self.lock();
        match std::mem::replace(&mut state.progress, Progress::Taken) {
            Progress::Ended(result) => Poll::Ready(result),
            Progress::Taken => panic!("the result of this handle was taken already"),
            Progress::GoesOn => {
                state.progress = Progress::GoesOn;
                let before = waker.and_then(|waker| state.waiter.replace(waker.clone()));
                drop(state);
                // Its destructor is foreign code.
                drop(before);
                Poll::Pending
            }
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        !matches!(self.lock().progress, Progress::GoesOn)
    }

    /// Has the future dropped by the next job. Returns whether it had not ended.
    pub(crate) fn cancel(&self) -> bool {
        let task = self.lock().task.clone();
        let Some(task) = task else { return false };
        self.is_cancelled.store(true, SeqCst);
        task.wake();
        true
    }

    /// The handle is gone.
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        state.is_detached = true;
        let waiter = state.waiter.take();
        let unheard = match std::mem::replace(&mut state.progress, Progress::Taken) {
            Progress::Ended(result) => Some(result),
            other => {
                state.progress = other;
                None
            }
        };
        drop(state);
        drop(waiter);
        unheard.into_iter().for_each(|result| self.give_up(result));
    }

    /// No handle hears of this any more.
    fn give_up(&self, result: Result<T, JoinError>) {
        match result {
            Err(JoinError::Panicked(panic)) => self.context.report_panic(panic),
            other => drop_quietly(other),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing foreign runs under the lock but clones of wakers.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waker is foreign code: its panic goes no further.
fn wake(waker: Option<Waker>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.map(Waker::wake))) {
        drop_quietly(payload);
    }
}
