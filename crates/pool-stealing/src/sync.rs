//! The primitives that the protocols use: std's, or loom's when a model is being checked.

#[cfg(loom)]
pub(crate) use loom::{
    hint::spin_loop,
    sync::atomic::{Ordering, fence},
    sync::{Mutex, MutexGuard},
    thread::{self, Thread, park},
};
#[cfg(loom)]
pub(crate) use pool_core::sync::model::{AtomicPtr, AtomicU32, AtomicUsize};

#[cfg(not(loom))]
pub(crate) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence},
    sync::{Mutex, MutexGuard},
    thread::{self, Thread, park},
};

use std::sync::PoisonError;
use std::time::Duration;

/// Locks a mutex under which nothing can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Parks this thread until it is unparked, for at most so long, or for no reason.
#[cfg(not(loom))]
pub(crate) fn park_at_most(limit: Duration) {
    thread::park_timeout(limit);
}

#[cfg(loom)]
pub(crate) fn park_at_most(_: Duration) {
    thread::yield_now();
}
