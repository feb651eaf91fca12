//! The pools of this process, so that a forked child can be told that they are dead there.
//!
//! `fork` copies one thread, and every lock in the state that it is in. The thread that forks therefore takes the
//! registry's lock before, and both processes give it back afterwards; the child first goes through the pools and
//! has each shut its gate by plain stores. No other lock is touched.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};

use crate::os;

/// A pool, as the child sees it.
pub(crate) trait AtFork: Send + Sync {
    /// The process is a fork, and the pool has no threads in it. Must take no lock.
    fn forked(&self);
}

type Pools = Vec<Weak<dyn AtFork>>;

static POOLS: Mutex<Pools> = Mutex::new(Vec::new());

thread_local! {
    /// The registry's lock, between the preparation of a fork and its end.
    static HELD: RefCell<Option<MutexGuard<'static, Pools>>> = const { RefCell::new(None) };
}

/// From now on a forked child tells this pool.
pub(crate) fn register(pool: Arc<dyn AtFork>) {
    static HANDLERS: Once = Once::new();
    HANDLERS.call_once(|| os::at_fork(before, in_parent, in_child));
    let mut pools = lock();
    pools.retain(|pool| pool.strong_count() > 0);
    pools.push(Arc::downgrade(&pool));
}

fn lock() -> MutexGuard<'static, Pools> {
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

// Unwinding out of these aborts the process. Nothing in them panics: no cell is borrowed across a call.

extern "C" fn before() {
    let pools = lock();
    // A thread in its last destructors holds the lock no longer than this; its child is none that goes on.
    let _ = HELD.try_with(|held| *held.borrow_mut() = Some(pools));
}

extern "C" fn in_parent() {
    let _ = HELD.try_with(|held| held.take());
}

extern "C" fn in_child() {
    let pools = HELD.try_with(|held| held.take()).ok().flatten();
    for pool in pools.iter().flat_map(|pools| pools.iter()).filter_map(Weak::upgrade) {
        pool.forked();
    }
}
