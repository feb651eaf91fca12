//! The protocols between threads, and the primitives that they use: std's, or loom's when a model is being checked.
//!
//! | | |
//! |---|---|
//! | `gate` | how a pool closes while threads submit |
//! | `fences` | light fences, and the heavy one that pays for them |
//! | `stripes` | which counters a thread outside the pool uses |
//! | `quiescence` | waiting until a pool has nothing to do |
//! | `presence` | whether a pool that may be empty has a worker |
//! | `busy_time` | how long a worker works, and whether it waits |
//! | `task_state`, `task_ref` | who runs a claimable task, who has its result, who frees it |
//! | `scope_progress` | when the jobs of a scope are over |
//! | `apart` | a value in a cache line of its own |
//! | `spin_lock` | a lock that its owner wants nearly alone |
//! | `waiting_line` | who waits for room without blocking a thread |
//! | `spin_then_lock` | a lock that is held for nanoseconds |
//! | `model` | atomics and interrupts as loom's models see them |
//!
//! All of this compiles under loom, and nothing else of the crate does. What each protocol relies on is said in its file.

pub(crate) mod apart;
pub(crate) mod busy_time;
pub mod fences;
pub(crate) mod gate;
#[cfg(loom)]
pub mod model;
pub(crate) mod parking;
pub(crate) mod presence;
pub(crate) mod quiescence;
pub(crate) mod scope_progress;
pub(crate) mod spin_lock;
pub(crate) mod spin_then_lock;
pub(crate) mod stripes;
pub(crate) mod task_ref;
pub(crate) mod task_state;
pub(crate) mod waiting_line;

#[cfg(loom)]
pub(crate) use crate::sync::model::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize};
#[cfg(loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    sync::atomic::{Ordering, fence},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread::{self, Thread},
};

#[cfg(not(loom))]
pub(crate) use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread::{self, Thread},
};

pub(crate) use crossbeam_utils::CachePadded;

#[cfg(not(loom))]
pub(crate) use crate::os::current_cpu;

use std::sync::PoisonError;
use std::time::Instant;

/// There are no CPUs in a model.
#[cfg(loom)]
pub(crate) fn current_cpu() -> Option<usize> {
    None
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

#[cfg(loom)]
pub(crate) fn park_until(_: Option<Instant>) -> bool {
    thread::park();
    true
}

/// Locks a mutex under which nothing can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// std's cell with loom's face: access by closure, so that loom can watch it.
#[cfg(not(loom))]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// A point in the one total order of sequentially consistent operations.
///
/// Where the operations around it are sequentially consistent themselves, it is nothing. loom treats
/// those as acquire and release only and knows the order from fences alone, so the model gets one.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) fn total_order() {}

#[cfg(loom)]
pub(crate) fn total_order() {
    loom::sync::atomic::fence(Ordering::SeqCst);
}
