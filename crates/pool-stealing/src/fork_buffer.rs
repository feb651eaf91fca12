//! Places for the forks of a [split stack](crate::split), which become more as forks nest deeper.
//!
//! A pool that never forks has none, and most recursions need few. Had each slot as many from the start as it may ever
//! need, their 128 KiB would have to be cleared whenever a pool is built: 10 to 30 us of 110 to 140, for two workers that
//! are started and stopped.
//!
//! The owner of the stack reads them without a lock, everyone else under the stack's lock; the owner alone makes more, and under
//! the lock. So no thread reads a place that is given up: not the owner, which is making more at that moment, and no thief,
//! which would hold the lock. The next to lock it sees the new places, and what was copied to them.

use std::ptr::{self, NonNull};

use crate::sync::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

/// How many there are when there are any.
const FIRST: usize = 256;

pub(crate) struct ForkBuffer<T> {
    /// The first of them.
    first: AtomicPtr<AtomicPtr<T>>,
    len: AtomicUsize,
    /// How many there may be.
    most: usize,
}

impl<T> ForkBuffer<T> {
    /// So many, and later at most so many.
    pub(crate) fn new(len: usize, most: usize) -> Self {
        let buffer = ForkBuffer {
            first: AtomicPtr::new(NonNull::dangling().as_ptr()),
            len: AtomicUsize::new(0),
            most,
        };
        if len > 0 {
            buffer.set(null_pointers(len));
        }
        buffer
    }

    /// The place with this number, if there is one.
    ///
    /// # Safety
    ///
    /// The calling thread is the owner, and does not [`grow`](ForkBuffer::grow) them while it uses the result; or it holds the
    /// stack's lock for as long.
    #[inline(always)]
    pub(crate) unsafe fn get(&self, index: usize) -> Option<&AtomicPtr<T>> {
        if index >= self.len.load(Relaxed) {
            return None;
        }
        // SAFETY: there are more than `index` of them.
        let place = unsafe { self.first.load(Relaxed).add(index) };
        // SAFETY: it is initialised, and stays until the owner makes more, which is not now: see above.
        Some(unsafe { &*place })
    }

    /// Whether there are not yet as many as there may be.
    pub(crate) fn may_grow(&self) -> bool {
        self.len.load(Relaxed) < self.most
    }

    /// Makes more of them, if there may be more.
    ///
    /// # Safety
    ///
    /// The calling thread is the owner, holds the stack's lock, and uses none of the places.
    pub(crate) unsafe fn grow(&self) {
        let (first, len) = (self.first.load(Relaxed), self.len.load(Relaxed));
        let buffer = null_pointers((2 * len).max(FIRST).min(self.most));
        for (index, place) in buffer.iter().enumerate().take(len) {
            // SAFETY: the caller is the owner.
            let old = unsafe { self.get(index) }.expect("there are `len` of them");
            place.store(old.load(Relaxed), Relaxed);
        }
        self.set(buffer);
        // SAFETY: they came from `set`, and are not used any more, says the caller.
        unsafe { free(first, len) };
    }

    fn set(&self, buffer: Box<[AtomicPtr<T>]>) {
        self.len.store(buffer.len(), Relaxed);
        self.first.store(Box::into_raw(buffer).cast(), Relaxed);
    }
}

impl<T> Drop for ForkBuffer<T> {
    fn drop(&mut self) {
        // SAFETY: they came from `set`, or there are none; and what is being dropped is not used.
        unsafe { free(self.first.load(Relaxed), self.len.load(Relaxed)) };
    }
}

fn null_pointers<T>(count: usize) -> Box<[AtomicPtr<T>]> {
    (0..count).map(|_| AtomicPtr::new(ptr::null_mut())).collect()
}

/// Frees so many places, of which this is the first; nothing if there are none.
///
/// # Safety
///
/// They came from [`ForkBuffer::set`], and are not used any more.
unsafe fn free<T>(first: *mut AtomicPtr<T>, len: usize) {
    if len > 0 {
        // SAFETY: `set` took the box apart, and the caller gives it up.
        drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(first, len)) });
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// As the owner; there is no other thread.
    fn get(buffer: &ForkBuffer<u8>, index: usize) -> Option<&AtomicPtr<u8>> {
        // SAFETY: no test keeps the result.
        unsafe { buffer.get(index) }
    }

    fn grow(buffer: &ForkBuffer<u8>) {
        // SAFETY: there is no other thread, and no place is in use.
        unsafe { buffer.grow() };
    }

    #[test]
    fn there_are_none_at_first_and_then_twice_as_many_each_time_up_to_the_most() {
        let buffer = ForkBuffer::<u8>::new(0, 3 * FIRST);
        assert!(get(&buffer, 0).is_none());
        for len in [FIRST, 2 * FIRST, 3 * FIRST] {
            assert!(buffer.may_grow());
            grow(&buffer);
            assert!(get(&buffer, len - 1).is_some() && get(&buffer, len).is_none());
        }
        assert!(!buffer.may_grow());
        assert!(!ForkBuffer::<u8>::new(0, 0).may_grow());
    }

    #[test]
    fn what_was_in_them_stays() {
        let buffer = ForkBuffer::<u8>::new(0, 2 * FIRST);
        grow(&buffer);
        let place = |index: usize| ptr::without_provenance_mut(index + 1);
        for index in 0..FIRST {
            get(&buffer, index).unwrap().store(place(index), Relaxed);
        }
        grow(&buffer);
        assert!((0..FIRST).all(|index| get(&buffer, index).unwrap().load(Relaxed) == place(index)));
        assert!(get(&buffer, FIRST).unwrap().load(Relaxed).is_null());
    }
}
