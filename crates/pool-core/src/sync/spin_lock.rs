//! A lock around a value that one thread wants nearly alone, for some nanoseconds each time.
//!
//! Taking it is one locked instruction, giving it back a store; a mutex takes two, as it has to know whether a thread sleeps. A thread
//! that finds it taken pauses, longer each time, and then yields: whoever has it may be off its CPU.

use std::hint::spin_loop;

use crate::sync::{
    AtomicBool,
    Ordering::{Acquire, Relaxed, Release},
    UnsafeCell, thread,
};

pub(crate) struct SpinLock<T> {
    is_taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by one thread at a time, which has taken the lock.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    pub(crate) fn new(value: T) -> Self {
        SpinLock { is_taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Calls `f` with the value. It must not come back here.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        if !self.try_take() {
            self.wait();
        }
        let _taken = Taken(&self.is_taken);
        // SAFETY: the lock is taken, and given back after this, also if `f` panics.
        self.value.with_mut(|value| f(unsafe { &mut *value }))
    }

    /// Not by a swap: one that fails writes, and in a model no thread ever has to see what another wrote beside it.
    #[inline(always)]
    fn try_take(&self) -> bool {
        self.is_taken.compare_exchange(false, true, Acquire, Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self) {
        const ROUNDS: u32 = if cfg!(loom) { 0 } else { 7 };
        for round in 0.. {
            if round < ROUNDS {
                (0..1 << round).for_each(|_| spin_loop());
            } else {
                thread::yield_now();
            }
            // A model may read for ever that it was taken, where hardware does not.
            let may_be_free = cfg!(loom) || !self.is_taken.load(Relaxed);
            if may_be_free && self.try_take() {
                return;
            }
        }
    }
}

struct Taken<'a>(&'a AtomicBool);

impl Drop for Taken<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.store(false, Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    use super::*;

    #[test]
    fn nothing_that_threads_add_is_lost() {
        let sum = SpinLock::new(0);
        std::thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(|| (0..10_000).for_each(|_| sum.with(|sum| *sum += 1)))));
        });
        assert_eq!(sum.with(|sum| *sum), 40_000);
    }

    #[test]
    fn a_panic_gives_it_back() {
        let lock = SpinLock::new(1);
        let panics = AssertUnwindSafe(|| lock.with(|_| resume_unwind(Box::new(()))));
        assert!(catch_unwind::<_, ()>(panics).is_err());
        assert_eq!(lock.with(|value| *value), 1);
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use super::*;
    use crate::sync::model::bounded;

    #[test]
    fn two_threads_have_the_value_one_after_the_other() {
        bounded(3, || {
            let sum = Arc::new(SpinLock::new(0));
            let other = sum.clone();
            let thread = loom::thread::spawn(move || other.with(|sum| *sum += 1));
            sum.with(|sum| *sum += 1);
            thread.join().unwrap();
            assert_eq!(sum.with(|sum| *sum), 2);
        });
    }
}
