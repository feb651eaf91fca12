//! The waiters of a flag.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use crate::panic::drop_quietly;
use crate::sync::lock;

/// Listed with several flags, and woken by the first that is set.
pub(super) struct Waiter(Mutex<Option<Waker>>);

impl Waiter {
    pub(super) fn new(waker: Waker) -> Self {
        Waiter(Mutex::new(Some(waker)))
    }

    /// Has this one woken from now on.
    pub(super) fn replace(&self, waker: Waker) {
        // The one before is foreign code, and is dropped when the lock is not held any more.
        let before = lock(&self.0).replace(waker);
        drop(before);
    }
}

/// The waiters that are listed with one flag, by their addresses. Without any, it holds no memory.
#[derive(Default)]
pub(super) struct Waiters(Mutex<BTreeMap<usize, Arc<Waiter>>>);

impl Waiters {
    pub(super) fn add(&self, waiter: &Arc<Waiter>) {
        lock(&self.0).insert(Arc::as_ptr(waiter).addr(), waiter.clone());
    }

    pub(super) fn remove(&self, waiter: &Arc<Waiter>) {
        lock(&self.0).remove(&Arc::as_ptr(waiter).addr());
    }

    pub(super) fn take(&self) -> Wakers {
        Wakers(std::mem::take(&mut *lock(&self.0)))
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
            let waker = lock(&waiter.0).take();
            if let Some(waker) = waker
                && let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake()))
            {
                drop_quietly(payload);
            }
        }
    }
}
