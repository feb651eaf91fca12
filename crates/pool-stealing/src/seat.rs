//! A seat: what belongs to the worker that sits there, and outlives it.
//!
//! # Two deques
//!
//! A worker pushes the jobs that it spawns into one deque, and runs what is in another, its *hand*. It fills its hand with
//! a batch at a time: of its own jobs, of the injector's, or of another worker's. Thieves reach both.
//!
//! One deque would do, if crossbeam's did not halve its buffer when jobs are popped from it one at a time. A job that
//! spawned 100,000 others had the buffer grown anew each time, out of pages that the system had to clear: 55 ns a
//! job, of which 20 were page faults. A deque that is only stolen from keeps its buffer, at the size of the longest queue
//! that it held; the hand never grows. While a deque is short there is nothing to lose, and jobs are popped from it
//! directly, without the fence that stealing takes.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_deque::{Injector, Steal, Stealer, Worker};
use pool_core::Job;

use crate::frame::Header;
use crate::shared::retry;
use crate::split::SplitStack;
use crate::sync::{Mutex, Thread, lock, thread};

/// The most jobs that a worker takes into its hand at once.
///
/// Enough to make the cost of sharing small; few enough that one worker does not hoard.
const BATCH: usize = 32;

/// A deque of so many jobs has the smallest buffer that there is, unless it was longer before.
const SHORT: usize = 32;

pub(crate) struct Seat {
    index: usize,
    /// What the worker has forked.
    pub(crate) stack: SplitStack<Header>,
    /// The worker's own ends of its deques.
    own: OwnersOnly<Own>,
    /// The other end of its hand, for everyone.
    hand: Stealer<Job>,
    /// The other end of the deque of jobs that it spawned.
    spawned: Stealer<Job>,
    /// Somebody sits here.
    taken: AtomicBool,
    /// Who does, so that it can be unparked.
    thread: Mutex<Option<Thread>>,
    /// Forks that the worker has stolen while it waited for a thief, until its next search tells the pool.
    stolen_forks: AtomicU64,
}

struct Own {
    hand: Worker<Job>,
    spawned: Worker<Job>,
    /// The deque of spawned jobs has been long once.
    grown: Cell<bool>,
}

impl Seat {
    pub(crate) fn new(index: usize) -> Self {
        Seat::with(index, SplitStack::new())
    }

    /// A seat that has no room for forks.
    pub(crate) fn without_room() -> Self {
        Seat::with(0, SplitStack::without_room())
    }

    fn with(index: usize, stack: SplitStack<Header>) -> Self {
        let own = Own { hand: Worker::new_fifo(), spawned: Worker::new_fifo(), grown: Cell::new(false) };
        Seat {
            index,
            stack,
            hand: own.hand.stealer(),
            spawned: own.spawned.stealer(),
            own: OwnersOnly(own),
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

    /// Whether there are jobs here.
    pub(crate) fn has_jobs(&self) -> bool {
        !self.hand.is_empty() || !self.spawned.is_empty()
    }

    /// Takes one job, the oldest.
    pub(crate) fn steal(&self) -> Option<Job> {
        [&self.hand, &self.spawned].into_iter().find_map(|deque| retry(|| deque.steal()))
    }

    /// Takes up to a batch of jobs into the hand of another seat, and one of them out of it.
    ///
    /// What the worker has in its hand it is about to run, so that is taken only when there is nothing else.
    pub(crate) fn steal_batch(&self, thief: Owner<'_>) -> Option<Job> {
        let deques = [&self.spawned, &self.hand].into_iter();
        deques.filter(|deque| !deque.is_empty()).find_map(|deque| retry(|| thief.fill_hand(deque)))
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

    /// How many jobs the worker has in its hand.
    pub(crate) fn hand_len(self) -> usize {
        self.seat.own.0.hand.len()
    }

    /// Puts a job behind those that the worker has spawned before.
    #[inline]
    pub(crate) fn push(self, job: Job) {
        self.seat.own.0.spawned.push(job);
    }

    /// Takes the next job out of the worker's hand.
    #[inline]
    pub(crate) fn pop_hand(self) -> Option<Job> {
        self.seat.own.0.hand.pop()
    }

    /// Takes the next job out of the worker's hand, or else out of those that it spawned if they are few.
    #[inline]
    pub(crate) fn pop(self) -> Option<Job> {
        if let Some(job) = self.pop_hand() {
            return Some(job);
        }
        let Own { spawned, grown, .. } = &self.seat.own.0;
        if !grown.get() {
            if spawned.len() <= SHORT {
                return spawned.pop();
            }
            grown.set(true);
        }
        None
    }

    /// As [`pop`](Owner::pop), from those that it spawned if they are many: takes a batch of them into its hand.
    #[inline]
    pub(crate) fn pop_batch(self) -> Option<Job> {
        let Own { spawned, grown, .. } = &self.seat.own.0;
        let is_long = grown.get() && !spawned.is_empty();
        if is_long { retry(|| self.fill_hand(&self.seat.spawned)) } else { None }
    }

    /// Takes up to a batch of the injector's jobs into the worker's hand, and one of them out of it.
    pub(crate) fn take_injected(self, injector: &Injector<Job>) -> Option<Job> {
        retry(|| injector.steal_batch_with_limit_and_pop(&self.seat.own.0.hand, BATCH))
    }

    /// As [`take_injected`](Owner::take_injected), from a deque.
    fn fill_hand(self, deque: &Stealer<Job>) -> Steal<Job> {
        deque.steal_batch_with_limit_and_pop(&self.seat.own.0.hand, BATCH)
    }

    /// Whether the worker holds jobs that it is about to run.
    pub(crate) fn has_hand(self) -> bool {
        !self.seat.own.0.hand.is_empty()
    }

    #[inline(always)]
    pub(crate) fn seat(self) -> &'a Seat {
        self.seat
    }

    #[inline(always)]
    pub(crate) fn stack(self) -> &'a SplitStack<Header> {
        &self.seat.stack
    }
}
