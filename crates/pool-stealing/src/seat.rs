//! A seat: what belongs to the worker that sits there, and outlives it.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
    /// Forks that the worker has stolen while it waited for a thief, until its next search tells the pool.
    stolen_forks: AtomicU64,
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
            stolen_forks: AtomicU64::new(0),
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

    /// How many forks the worker has stolen while it waited, since this was last asked. For whoever sits here.
    pub(crate) fn take_stolen_forks(&self) -> u64 {
        let forks = self.stolen_forks.load(Ordering::Relaxed);
        self.stolen_forks.store(0, Ordering::Relaxed);
        forks
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

    pub(crate) fn count_stolen_fork(self) {
        let forks = &self.seat.stolen_forks;
        forks.store(forks.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
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
