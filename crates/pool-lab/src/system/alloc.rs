//! Counts allocations, for every engine alike.
//!
//! A program installs [`Counting`], the system's allocator with a counter in front; the library installs none, so a program
//! that links it keeps its own allocator, and its records have no allocations. Each thread counts on
//! a cache line of its own with a plain load and a plain store, about a nanosecond, where an allocation takes twenty at
//! least; a shared counter or a locked instruction would slow down the engines that allocate most.
//!
//! What is counted are calls for memory: `alloc`, `alloc_zeroed` and `realloc`. Giving it back is not.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam_utils::CachePadded;

/// Lines to count on. A thread takes the next one when it first allocates, and after the last comes the first again: two
/// living threads share one when that many have been started between them, and lose a count if both write at one moment.
const LINES: usize = 256;

static COUNTS: [CachePadded<AtomicU64>; LINES] = [const { CachePadded::new(AtomicU64::new(0)) }; LINES];

/// Threads that have taken a line so far.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// What a thread's line is before it has taken one.
const NONE: usize = usize::MAX;

thread_local! {
    // No destructor and no lazy beginning: this is used while threads end, and must not allocate.
    static LINE: Cell<usize> = const { Cell::new(NONE) };
}

#[cfg(test)]
#[global_allocator]
static COUNTING: Counting = Counting;

/// The number of allocations of all threads so far; `None` where [`Counting`] is not the program's allocator.
///
/// What a thread did before it was waited for is included. O(threads that there have been), at most 256.
pub(crate) fn allocations() -> Option<u64> {
    // No program gets here without an allocation.
    let used = THREADS.load(Ordering::Relaxed).min(LINES);
    let counts = COUNTS[..used].iter();
    (used > 0).then(|| counts.fold(0, |sum: u64, count| sum.wrapping_add(count.load(Ordering::Relaxed))))
}

#[inline]
fn count() {
    let line = match LINE.get() {
        NONE => take_line(),
        line => line,
    };
    let count = &COUNTS[line % LINES];
    count.store(count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

#[cold]
fn take_line() -> usize {
    let line = THREADS.fetch_add(1, Ordering::Relaxed) % LINES;
    LINE.set(line);
    line
}

/// The system's allocator, which counts the calls.
///
/// ```
/// #[global_allocator]
/// static COUNTING: pool_lab::system::Counting = pool_lab::system::Counting;
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Counting;

// SAFETY: every method hands its arguments to the system's allocator unchanged and returns what that returns, so the
// contract holds because it holds there. Counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: our caller guarantees what `System` asks for: a layout of non-zero size.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: our caller guarantees what `System` asks for: a layout of non-zero size.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: our caller guarantees that `memory` came from here, hence from `System`, with this layout, and that
        // the new size is neither zero nor too large.
        unsafe { System.realloc(memory, layout, size) }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: our caller guarantees that `memory` came from here, hence from `System`, with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::thread;

    use super::*;

    /// How many allocations this thread makes in `work`. Other tests run meanwhile, so the sum over all says nothing.
    fn own(work: impl FnOnce()) -> u64 {
        drop(black_box(Box::new(0)));
        let line = &COUNTS[LINE.get() % LINES];
        let before = line.load(Ordering::Relaxed);
        work();
        line.load(Ordering::Relaxed) - before
    }

    #[test]
    fn every_call_for_memory_counts_once() {
        // On a thread of its own, which has a line of its own as long as few are alive.
        let counts = thread::spawn(|| {
            let one = own(|| drop(black_box(Box::new(1))));
            let zeroed = own(|| drop(black_box(vec![0_u64; 100])));
            let mut vector = Vec::with_capacity(1);
            let grown = own(|| vector.extend([1, 2, 3]));
            (one, zeroed, grown, own(|| drop(vector)))
        });
        assert_eq!(counts.join().unwrap(), (1, 1, 1, 0));
    }

    #[test]
    fn the_sum_holds_what_a_thread_did_that_has_ended() {
        let before = allocations().unwrap();
        thread::spawn(|| (0..1_000).for_each(|i| drop(black_box(Box::new(i))))).join().unwrap();
        assert!(allocations().unwrap() - before >= 1_000);
    }
}
