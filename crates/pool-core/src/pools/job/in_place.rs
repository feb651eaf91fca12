//! How deep jobs lie on each other that are run where they are submitted.
//!
//! A strategy may have the submitter run a job ([`Push::RunHere`](crate::strategy::Push::RunHere)), and that job may submit the next one.
//! Each lies on the stack of the one before. So at some depth a job is queued after all, past the limit of the queue: in the
//! pool's side queue, where a worker finds it that has ended what it runs. What a policy displaces is dropped by the submitter,
//! its destructor may submit as well, and so the same depth holds for that.
//!
//! The depth is that of the thread, whatever pools the jobs belong to: there is one stack.

use std::cell::Cell;

/// How many jobs lie on each other at most that are run in place of being queued, on any thread. See
/// [`Push::RunHere`](crate::strategy::Push::RunHere).
pub const MOST_IN_PLACE: usize = 32;

thread_local! {
    // Without a destructor, so that it can be used while other thread-local values are being dropped.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// One level, until it is dropped.
pub(crate) struct InPlace(());

impl InPlace {
    /// Begins a level, unless that is one too many.
    pub(crate) fn enter() -> Option<Self> {
        let depth = DEPTH.get();
        if depth == MOST_IN_PLACE {
            return None;
        }
        DEPTH.set(depth + 1);
        Some(InPlace(()))
    }
}

impl Drop for InPlace {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}
