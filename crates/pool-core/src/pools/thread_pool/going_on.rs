//! Whom to wake when the pool closes: work that waits for something and would go on in another job.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::job::task::Waiter;

#[derive(Default)]
pub(super) struct GoingOn(Mutex<Wakers>);

#[derive(Default)]
struct Wakers {
    wakers: HashMap<u64, Waker>,
    next: u64,
    is_closed: bool,
}

impl GoingOn {
    /// `None` if the pool is closed.
    pub(super) fn enter(&self, waker: Waker) -> Option<u64> {
        let mut inner = self.lock();
        if inner.is_closed {
            drop(inner);
            // Its destructor is foreign code, here and below.
            drop(waker);
            return None;
        }
        let number = inner.next;
        inner.next += 1;
        inner.wakers.insert(number, waker);
        Some(number)
    }

    pub(super) fn leave(&self, number: u64) {
        let waker = self.lock().wakers.remove(&number);
        drop(waker);
    }

    /// Wakes all, and takes no more. Called when the pool's state says that it is closed.
    pub(super) fn close(&self) {
        let wakers = {
            let mut inner = self.lock();
            inner.is_closed = true;
            std::mem::take(&mut inner.wakers)
        };
        wakers.into_values().for_each(|waker| Waiter::Waker(waker).wake());
    }

    fn lock(&self) -> MutexGuard<'_, Wakers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
