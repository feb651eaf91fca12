//! The primitives that the protocols use: std's, or loom's when a model is being checked.

#[cfg(loom)]
pub(crate) use loom::{
    hint::spin_loop,
    sync::atomic::{Ordering, fence},
    sync::{Mutex, MutexGuard},
    thread::{self, Thread, park},
};
#[cfg(loom)]
pub(crate) use pool_core::model::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize};

#[cfg(not(loom))]
pub(crate) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize, Ordering, fence},
    sync::{Mutex, MutexGuard},
    thread::{self, Thread, park},
};

#[cfg(not(loom))]
pub(crate) use pool_core::current_cpu;

use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// There are no CPUs in a model.
#[cfg(loom)]
pub(crate) fn current_cpu() -> Option<usize> {
    None
}

/// Locks a mutex under which nothing can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Parks this thread until it is unparked, the moment has come, or for no reason. Returns `false` when the moment had
/// come already.
#[cfg(not(loom))]
pub(crate) fn park_until(until: Option<Instant>) -> bool {
    match until.map(|until| until.saturating_duration_since(Instant::now())) {
        None => thread::park(),
        Some(left) if left.is_zero() => return false,
        Some(left) => thread::park_timeout(left),
    }
    true
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

#[cfg(loom)]
pub(crate) fn park_until(_: Option<Instant>) -> bool {
    thread::park();
    true
}
