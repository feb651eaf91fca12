//! A fork: a closure that waits on its owner's stack for the thread that runs it.
//!
//! ```text
//! machine stack of the owner                split stack of the owner's slot
//! +----------------------------+            +-----+
//! | run: fn(&Header)           | <----------|  *  |
//! | theft: latch, thief        |            +-----+
//! | closure                    |
//! | result                     |
//! +----------------------------+
//! ```
//!
//! The frame lives in the function that joins, which leaves it only when the fork is settled: popped by the owner, who
//! then runs the closure itself, or stolen and done. Nothing is allocated, and a fork that is not stolen costs the
//! writing of one function pointer and the closure.
//!
//! # Who may touch what
//!
//! The split stack hands each frame to one thread: to its owner ([`pop`](crate::split::Pushed::pop),
//! [`reclaim`](crate::split::Pushed::reclaim)) or to one thief ([`take`](crate::split::SplitStack::take)). A thief writes
//! `stolen_by` while it holds the stack's lock, under which the owner finds out about it. From then on closure and
//! result are the thief's, until it sets the latch (a release, which the owner acquires). **After that the thief never
//! touches the frame again**, for it may be gone.
//!
//! A thief gets at a frame's contents because the owner wrote them before it pushed: the push is a release that the thief
//! acquires, directly when it moves the split itself, through the stack's lock when the owner did.

use std::cell::UnsafeCell;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::thread;

use crate::current_worker;
use crate::header::{Header, Stolen};
use crate::worker::Worker;

#[repr(C)]
pub(crate) struct Frame<F, R> {
    header: Header,
    closure: UnsafeCell<ManuallyDrop<F>>,
    result: UnsafeCell<MaybeUninit<thread::Result<R>>>,
}

impl<F: FnOnce(Worker<'_>) -> R + Send, R: Send> Frame<F, R> {
    #[inline(always)]
    pub(crate) fn new(closure: F) -> Self {
        Frame {
            header: Header::new(run::<F, R>),
            closure: UnsafeCell::new(ManuallyDrop::new(closure)),
            result: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// What goes on the split stack.
    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *mut Header {
        // A pointer to the whole frame, since that is what `run` makes of it.
        (&raw const *self).cast::<Header>().cast_mut()
    }

    /// Takes the closure out, to be run by the owner.
    ///
    /// # Safety
    ///
    /// The frame is the caller's (it was never pushed, or was popped, or reclaimed), and nothing was taken out before.
    #[inline(always)]
    pub(crate) unsafe fn take_closure(&self) -> F {
        // SAFETY: the frame is the caller's, so no other thread reads it.
        let closure = unsafe { &mut *self.closure.get() };
        // SAFETY: nothing was taken out before.
        unsafe { ManuallyDrop::take(closure) }
    }

    /// Takes the result out.
    ///
    /// # Safety
    ///
    /// The frame was stolen and is [done](Stolen::is_done), and nothing was taken out before.
    pub(crate) unsafe fn take_result(&self) -> thread::Result<R> {
        // SAFETY: the thief has set the latch, and touches nothing any more; that it is set was seen with an acquire.
        let result = unsafe { &*self.result.get() };
        // SAFETY: the thief stored it before it set the latch.
        unsafe { result.assume_init_read() }
    }

    /// The frame as its owner sees it, once it is stolen.
    ///
    /// # Safety
    ///
    /// The owner has found, under the stack's lock, that the frame was stolen.
    pub(crate) unsafe fn stolen(&self) -> Stolen<'_> {
        // SAFETY: passed on.
        unsafe { self.header.stolen() }
    }
}

/// # Safety
///
/// `header` is the first field of a `Frame<F, R>` that is the caller's; its closure is still there.
unsafe fn run<F: FnOnce(Worker<'_>) -> R + Send, R: Send>(header: NonNull<Header>) {
    // SAFETY: the frame begins with its header (`repr(C)`), and the pointer was made from the whole of it.
    let frame = unsafe { header.cast::<Frame<F, R>>().as_ref() };
    // SAFETY: the frame is the caller's, and its closure is still there.
    let closure = unsafe { frame.take_closure() };
    // SAFETY: this thread is about to run a fork, and leaves its slot, if it has one, when it has returned from that.
    let thief = unsafe { current_worker::worker_if_any() }.for_thief();
    let result = catch_unwind(AssertUnwindSafe(|| closure(thief)));
    // SAFETY: only the thief touches the result before the latch is set.
    unsafe { (*frame.result.get()).write(result) };
}

#[cfg(loom)]
impl<F, R> Frame<F, R> {
    /// The end of the frame: fails if the thief may touch it afterwards.
    pub(crate) fn end(&mut self) {
        self.header.end();
    }
}
