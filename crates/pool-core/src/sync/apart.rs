//! A value away from its neighbours, so that threads that use those do not wait for its cache line.

use std::ops::Deref;

/// A value in a cache line of its own, with nothing but room around it. Not aligned to the line, since memory that is aligned to
/// more than 16 bytes takes the allocator ten times as long: for what is allocated often.
#[repr(C)]
pub(crate) struct Apart<T> {
    before: [u64; 7],
    value: T,
    after: [u64; 7],
}

impl<T> Apart<T> {
    pub(crate) fn new(value: T) -> Self {
        Apart { before: [0; 7], value, after: [0; 7] }
    }
}

impl<T> Deref for Apart<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.value
    }
}
