//! A seat: what belongs to the worker that sits there, and outlives it.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_deque::{Stealer, Worker};
use pool_core::Job;

use crate::sync::{Mutex, Thread};

pub(crate) struct Seat {
    /// The worker's own end of the deque of jobs that it spawned.
    deque: Worker<Job>,
    /// The other end of it, for everyone.
    pub(crate) stealer: Stealer<Job>,
    /// Somebody sits here.
    pub(crate) taken: AtomicBool,
    /// Who, so that they can be unparked.
    pub(crate) thread: Mutex<Option<Thread>>,
}

// SAFETY: all but `deque` is `Sync`. The deque's own end is reached through an `Owner` only, and of those there is at
// most one thread's at a time; who sits down later synchronises with who left through `taken`.
unsafe impl Sync for Seat {}

impl Seat {
    pub(crate) fn new() -> Self {
        let deque = Worker::new_fifo();
        Seat { stealer: deque.stealer(), deque, taken: AtomicBool::new(false), thread: Mutex::new(None) }
    }

    /// Sits down, unless somebody does.
    pub(crate) fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::Acquire)
    }

    /// Leaves.
    pub(crate) fn leave(&self) {
        self.taken.store(false, Ordering::Release);
    }
}

/// The thread that sits in a seat, for as long as it does. It stays on that thread.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    seat: &'a Seat,
    not_send: PhantomData<*mut ()>,
}

impl<'a> Owner<'a> {
    /// # Safety
    ///
    /// The calling thread has taken the seat, and does not leave it while the result is in use.
    pub(crate) unsafe fn new(seat: &'a Seat) -> Self {
        Owner { seat, not_send: PhantomData }
    }

    pub(crate) fn deque(self) -> &'a Worker<Job> {
        &self.seat.deque
    }
}
