//! The waiters of a flag.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use crate::os::process_fork::{ThreadOrigin, change_between_forks};
use crate::panic::drop_quietly;
use crate::sync::lock;

/// Listed with several flags, and woken by the first that is set.
pub(super) struct Waiter(Mutex<Option<Polled>>);

/// With which waker, and by which thread.
struct Polled {
    waker: Waker,
    by: ThreadOrigin,
}

impl Polled {
    fn here(waker: Waker) -> Self {
        Polled { waker, by: ThreadOrigin::here() }
    }
}

impl Waiter {
    pub(super) fn new(waker: Waker) -> Self {
        Waiter(Mutex::new(Some(Polled::here(waker))))
    }

    /// Has this one woken from now on.
    pub(super) fn replace(&self, waker: Waker) {
        // The one before is foreign code, and is dropped when the lock is not held any more.
        let polled = Polled::here(waker);
        let before = change_between_forks(|| lock(&self.0).replace(polled));
        drop(before);
    }
}

/// The waiters that are listed with one flag, by their addresses. Without any, it holds no memory.
#[derive(Default)]
pub(super) struct Waiters(Mutex<BTreeMap<usize, Arc<Waiter>>>);

impl Waiters {
    pub(super) fn add(&self, waiter: &Arc<Waiter>) {
        change_between_forks(|| lock(&self.0).insert(Arc::as_ptr(waiter).addr(), waiter.clone()));
    }

    pub(super) fn remove(&self, waiter: &Arc<Waiter>) {
        change_between_forks(|| lock(&self.0).remove(&Arc::as_ptr(waiter).addr()));
    }

    pub(super) fn take(&self) -> Wakers {
        Wakers(change_between_forks(|| std::mem::take(&mut *lock(&self.0))))
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        lock(&self.0).len()
    }
}

/// Who is to be woken, once no lock is held that their code might want.
#[must_use = "the waiters sleep on until they are woken"]
pub(crate) struct Wakers(BTreeMap<usize, Arc<Waiter>>);

impl Wakers {
    /// Never panics: a waker is foreign code, in which the thread that sets a token has no part.
    pub(crate) fn wake(self) {
        for waiter in self.0.into_values() {
            let Some(Polled { waker, by }) = change_between_forks(|| lock(&waiter.0).take()) else {
                continue;
            };
            if !by.is_in_this_process() {
                // Its destructor is as foreign as it is.
                std::mem::forget(waker);
            } else if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                drop_quietly(payload);
            }
        }
    }
}
