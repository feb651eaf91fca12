//! What has ended and is kept for the next of its kind that the same thread makes: the states of scopes.
//!
//! In a recursion each scope has a few jobs, and to make its state, with the room for its jobs, takes as long as to run some of them.

use std::cell::RefCell;
use std::thread::LocalKey;

/// So many at most: a recursion leaves one at each level.
const KEPT: usize = 16;

pub(super) struct Spare<T>(RefCell<Vec<T>>);

impl<T> Spare<T> {
    pub(super) const fn new() -> Self {
        Spare(RefCell::new(Vec::new()))
    }

    /// What was kept last, if it fits. If not, all that is kept goes.
    pub(super) fn take(spare: &'static LocalKey<Self>, fits: impl FnOnce(&T) -> bool) -> Option<T> {
        let taken = spare.try_with(|Spare(kept)| {
            let mut kept = kept.borrow_mut();
            if fits(kept.last()?) { kept.pop().map(Ok) } else { Some(Err(std::mem::take(&mut *kept))) }
        });
        // What goes is dropped outside the cell: it may be the last to hold something of a program's.
        taken.ok().flatten()?.ok()
    }

    pub(super) fn keep(spare: &'static LocalKey<Self>, value: T) {
        // Returned if it finds no place, so that it is dropped outside the cell.
        let _full = spare.try_with(|Spare(kept)| {
            let mut kept = kept.borrow_mut();
            if kept.len() < KEPT {
                kept.push(value);
                return None;
            }
            Some(value)
        });
    }
}
