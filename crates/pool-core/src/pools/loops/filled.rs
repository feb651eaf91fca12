//! Places of a vector that results are written to, one after the other.

use std::mem::{self, MaybeUninit};

use crate::panic::drop_quietly;

/// Results that were written into the first of some places. Dropped, it drops them.
pub(super) struct Filled<'a, R> {
    places: &'a mut [MaybeUninit<R>],
    /// So many of them hold a result.
    len: usize,
}

impl<'a, R> Filled<'a, R> {
    /// Writes results to the places, for as long as there are some of both.
    #[inline(always)]
    pub(super) fn of(places: &'a mut [MaybeUninit<R>], results: impl Iterator<Item = R>) -> Self {
        let mut filled = Filled { places, len: 0 };
        for (place, result) in filled.places.iter_mut().zip(results) {
            place.write(result);
            filled.len += 1;
        }
        filled
    }

    /// Leaves the results where they are, to a new owner, and says how many there are.
    pub(super) fn keep(self) -> usize {
        let len = self.len;
        mem::forget(self);
        len
    }
}

impl<R> Drop for Filled<'_, R> {
    fn drop(&mut self) {
        for place in &mut self.places[..self.len] {
            // SAFETY: it was written, and nobody else drops it: the vector does not know of it.
            drop_quietly(unsafe { place.assume_init_read() });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_was_written_is_dropped_or_kept() {
        let held = Arc::new(());
        let mut places = [const { MaybeUninit::uninit() }; 3];
        let clones = |clones| std::iter::repeat_n((), clones).map(|()| held.clone());
        let filled = Filled::of(&mut places, clones(2));
        assert_eq!(Arc::strong_count(&held), 3);
        drop(filled);
        assert_eq!(Arc::strong_count(&held), 1);
        let panics = clones(2).chain(std::iter::once_with(|| resume_unwind(Box::new(()))));
        assert!(catch_unwind(AssertUnwindSafe(|| Filled::of(&mut places, panics).keep())).is_err());
        assert_eq!(Arc::strong_count(&held), 1, "what was written before a panic is dropped");
        assert_eq!(Filled::of(&mut places, clones(1)).keep(), 1);
        assert_eq!(Arc::strong_count(&held), 2);
        // SAFETY: the first place was written, and is dropped once.
        unsafe { places[0].assume_init_drop() };
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
