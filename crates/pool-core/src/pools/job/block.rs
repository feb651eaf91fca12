//! Memory for tasks that are too large to lie in a job itself.
//!
//! A job is often started, run and freed by one thread, and in a recursion many of one size are: eight at each level, say, where
//! glibc's allocator keeps seven blocks of a size for a thread, and goes a long way for the eighth. So a thread keeps some blocks of one
//! size, for all tasks that fit in. In a scope a node of UTS (eight jobs of 32 bytes each) memory took 224 of 750 instructions a job.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::Cell;
use std::ptr;

/// Of a block. Two cache lines would be too much for most.
const LAYOUT: Layout = Layout::new::<Block>();

#[repr(align(16))]
struct Block {
    _room: [u8; 64],
}

/// So many does a thread keep at most, 2 KiB.
const KEPT: usize = 32;

thread_local! {
    static SPARE: Spare = const { Spare { blocks: [const { Cell::new(ptr::null_mut()) }; KEPT], len: Cell::new(0) } };
}

/// Moves the task to memory of its own.
pub(super) fn store<T>(task: T) -> *mut T {
    if !fits::<T>() {
        return Box::into_raw(Box::new(task));
    }
    let place = SPARE.try_with(Spare::pop).ok().flatten().unwrap_or_else(allocate).cast::<T>();
    // SAFETY: a block is large enough and aligned for `T`, and nothing else uses this one.
    unsafe { place.write(task) };
    place
}

/// Moves the task out again, and frees the memory.
///
/// # Safety
///
/// The place is from [`store`] of the same type, and is used no more.
pub(super) unsafe fn take<T>(place: *mut T) -> T {
    if !fits::<T>() {
        // SAFETY: it came from `Box::into_raw`, and is taken back once.
        return *unsafe { Box::from_raw(place) };
    }
    // SAFETY: the task lies there, and nobody uses it there any more.
    let task = unsafe { place.read() };
    free(place.cast());
    task
}

const fn fits<T>() -> bool {
    size_of::<T>() <= LAYOUT.size() && align_of::<T>() <= LAYOUT.align()
}

#[cold]
fn allocate() -> *mut u8 {
    // SAFETY: the layout has a size.
    let block = unsafe { alloc(LAYOUT) };
    if block.is_null() {
        handle_alloc_error(LAYOUT);
    }
    block
}

/// The block is one of [`allocate`]'s that nothing uses.
fn free(block: *mut u8) {
    // Where thread-local values are being dropped, none is kept.
    if !SPARE.try_with(|spare| spare.push(block)).unwrap_or(false) {
        deallocate(block);
    }
}

#[cold]
fn deallocate(block: *mut u8) {
    // SAFETY: it came from `alloc` with this layout.
    unsafe { dealloc(block, LAYOUT) };
}

/// A stack of blocks.
struct Spare {
    blocks: [Cell<*mut u8>; KEPT],
    len: Cell<usize>,
}

impl Spare {
    #[inline]
    fn pop(&self) -> Option<*mut u8> {
        let last = self.len.get().checked_sub(1)?;
        self.len.set(last);
        Some(self.blocks[last].get())
    }

    /// Returns whether there was room.
    #[inline]
    fn push(&self, block: *mut u8) -> bool {
        let len = self.len.get();
        let Some(place) = self.blocks.get(len) else { return false };
        place.set(block);
        self.len.set(len + 1);
        true
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        while let Some(block) = self.pop() {
            deallocate(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[repr(align(64))]
    struct Aligned(u8);

    #[test]
    fn tasks_of_all_sizes_come_back() {
        let (large, aligned) = (store([7_u64; 100]), store(Aligned(8)));
        assert!(aligned.is_aligned());
        // SAFETY: stored above.
        assert_eq!(unsafe { take(large) }, [7; 100]);
        // SAFETY: stored above.
        assert_eq!(unsafe { take(aligned) }.0, 8);
        let small: Vec<_> = (0..2 * KEPT).map(|n| store((Arc::new(n), [n; 6]))).collect();
        for (n, place) in small.into_iter().enumerate() {
            // SAFETY: stored above.
            let (shared, copies) = unsafe { take(place) };
            assert_eq!((*shared, copies), (n, [n; 6]));
        }
    }

    #[test]
    fn a_thread_uses_what_it_has_kept_and_frees_it_at_its_end() {
        let place = store([1_u64; 8]) as usize;
        thread::spawn(move || {
            // SAFETY: stored above; that was another thread's, which is allowed.
            assert_eq!(unsafe { take(place as *mut [u64; 8]) }, [1; 8]);
            assert_eq!(SPARE.with(|spare| spare.len.get()), 1);
            let again = store([2_u32; 3]);
            assert_eq!(again as usize, place);
            // SAFETY: stored above.
            assert_eq!(unsafe { take(again) }, [2; 3]);
        })
        .join()
        .unwrap();
    }
}
