//! Where a future is dropped whose next job the pool does not take.
//!
//! That is found out by the thread that wakes it, and wakers are called under locks: event-listener, for one, holds the lock of its list,
//! which the destructor of a listener takes as well. So the future is dropped in place only where its wake-up is known to come from
//! this crate: when it was woken during its poll, and its job submits the next; and when its pool closes. Otherwise a thread of its own
//! drops it. That is rare: the wake-up and the end of the pool have met.

use std::cell::Cell;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::shared::Shared;

thread_local! {
    /// The address of what the future that is at rest here shares with its handle.
    static AT_REST: Cell<usize> = const { Cell::new(0) };
}

fn address<T>(shared: &Arc<Shared<T>>) -> usize {
    Arc::as_ptr(shared).addr()
}

/// Calls what may submit this future's next job on this thread when nobody is inside the future.
pub(crate) fn with_future_at_rest<T, R>(shared: &Arc<Shared<T>>, f: impl FnOnce() -> R) -> R {
    /// Futures run within each other where one blocks and its worker helps.
    struct Before(usize);
    impl Drop for Before {
        fn drop(&mut self) {
            AT_REST.set(self.0);
        }
    }
    let _before = Before(AT_REST.replace(address(shared)));
    f()
}

/// Calls what drops this future: here, or on a thread that holds no lock.
pub(crate) fn drop_future<T>(shared: &Arc<Shared<T>>, drops: impl FnOnce() + Send + 'static) {
    if AT_REST.get() == address(shared) {
        return drops();
    }
    let ours = Arc::new(Mutex::new(Some(drops)));
    let theirs = ours.clone();
    let take_and_drop = move || {
        let drops = theirs.lock().unwrap_or_else(PoisonError::into_inner).take();
        drops.into_iter().for_each(|drops| drops());
    };
    if thread::Builder::new().name("pool-future-drop".into()).spawn(take_and_drop).is_err() {
        // Better a leak than a deadlock.
        mem::forget(ours);
    }
}
