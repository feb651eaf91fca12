//! A seat: what belongs to the worker that sits there, and outlives it.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_deque::{Stealer, Worker};
use pool_core::Job;

use crate::frame::Header;
use crate::split::SplitStack;
use crate::sync::{Mutex, Thread, lock, thread};

pub(crate) struct Seat {
    index: usize,
    /// What the worker has forked.
    pub(crate) stack: SplitStack<Header>,
    /// The worker's own end of the deque of jobs that it spawned.
    deque: OwnersOnly<Worker<Job>>,
    /// The other end of it, for everyone.
    pub(crate) stealer: Stealer<Job>,
    /// Somebody sits here.
    taken: AtomicBool,
    /// Who does, so that it can be unparked.
    thread: Mutex<Option<Thread>>,
}

impl Seat {
    pub(crate) fn new(index: usize) -> Self {
        let deque = Worker::new_fifo();
        Seat {
            index,
            stack: SplitStack::new(),
            stealer: deque.stealer(),
            deque: OwnersOnly(deque),
            taken: AtomicBool::new(false),
            thread: Mutex::new(None),
        }
    }

    /// Sits the calling thread down, unless somebody sits here.
    pub(crate) fn take(&self) -> bool {
        let free = !self.taken.swap(true, Ordering::Acquire);
        if free {
            *lock(&self.thread) = Some(thread::current());
        }
        free
    }

    /// Frees the seat. Only whoever has taken it may call this.
    pub(crate) fn free(&self) {
        lock(&self.thread).take();
        self.taken.store(false, Ordering::Release);
    }

    /// Unparks whoever sits here.
    pub(crate) fn unpark(&self) {
        if let Some(thread) = &*lock(&self.thread) {
            thread.unpark();
        }
    }
}

/// What only the thread in the seat may use.
struct OwnersOnly<T>(T);

// SAFETY: the value is reached through an `Owner` only, and those are on one thread at a time. A thread that sits down
// later synchronises with the one that left, through `Seat::taken`.
unsafe impl<T: Send> Sync for OwnersOnly<T> {}

/// The thread that sits in a seat, for as long as it does. It stays on that thread.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    seat: &'a Seat,
    not_send: PhantomData<*mut ()>,
}

impl<'a> Owner<'a> {
    /// # Safety
    ///
    /// The calling thread has taken the seat, and does not free it while the result is in use.
    #[inline(always)]
    pub(crate) unsafe fn new(seat: &'a Seat) -> Self {
        Owner { seat, not_send: PhantomData }
    }

    pub(crate) fn index(self) -> usize {
        self.seat.index
    }

    #[inline(always)]
    pub(crate) fn deque(self) -> &'a Worker<Job> {
        &self.seat.deque.0
    }

    #[inline(always)]
    pub(crate) fn stack(self) -> &'a SplitStack<Header> {
        &self.seat.stack
    }
}
