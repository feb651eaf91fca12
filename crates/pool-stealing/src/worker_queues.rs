//! A slot: what belongs to the worker that is there, and outlives it.
//!
//! # Two deques
//!
//! A worker pushes the jobs that it spawns into one deque, and runs what is in another, its *run queue*. It fills its run queue with
//! a batch at a time: of its own jobs, of the injector's, or of another worker's. Thieves reach both.
//!
//! One deque would do, if crossbeam's did not halve its buffer when jobs are popped from it one at a time. A job that
//! spawned 100,000 others had the buffer grown anew each time, out of pages that the system had to clear: 55 ns a
//! job, of which 20 were page faults. A deque that is only stolen from keeps its buffer, at the size of the longest queue
//! that it held; the run queue never grows. While a deque is short there is nothing to lose, and jobs are popped from it
//! directly, without the fence that stealing takes.
//!
//! # What a long queue leaves
//!
//! That buffer is given back when its worker has been at rest for a second: see [`ShrinkTimer`](pool_core::strategy::ShrinkTimer). A
//! worker cannot see how large it is, nor does it look at each push how long its deque is. So all who take jobs out of a
//! deque look at its length, which is no more than they do to see whether it is empty, and note the greatest. They take a
//! batch at most, so none of them overlooks a peak by more than that. To shrink, the worker pushes and pops a job
//! that does nothing: crossbeam then halves the buffer each time. It pushes two, since in a deque whose newest job runs first the
//! last one does not halve it.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

use crossbeam_deque::{Injector, Steal, Stealer, Worker};
use pool_core::strategy::KEPT_JOBS;
use pool_core::{CpuTime, Job, JobOrder};

use crate::demand::Demand;
use crate::header::Header;
use crate::refill::{BATCH, RefillLimit};
use crate::split::SplitStack;
use crate::sync::{Mutex, Thread, lock, thread};

/// A deque of so many jobs has the smallest buffer that there is, unless it was longer before.
const SHORT: usize = 32;

/// A shorter deque has a buffer that is kept: twice as large, since what was taken together with a peak was not seen.
const LONG: usize = KEPT_JOBS / 2;

pub(crate) struct WorkerQueues {
    index: usize,
    /// What the worker has forked.
    pub(crate) stack: SplitStack<Header>,
    /// The worker's own ends of its deques.
    own: OwnersOnly<Own>,
    /// The other end of its run queue, for all threads.
    run_queue: Stealer<Job>,
    /// The other end of the deque of jobs that it spawned.
    spawned: Stealer<Job>,
    /// How many jobs were seen in that deque, if it was [`LONG`], since the worker last asked.
    peak: AtomicUsize,
    /// A worker is here.
    taken: AtomicBool,
    /// Which one, so that it can be unparked, and seen to block.
    occupant: Mutex<Option<Occupant>>,
    /// Forks that the worker has stolen while it waited for a thief, until its next search tells the pool.
    stolen_forks: AtomicU64,
}

struct Occupant {
    thread: Thread,
    cpu_time: Option<CpuTime>,
}

struct Own {
    run_queue: Worker<Job>,
    spawned: Worker<Job>,
    order: JobOrder,
    /// The deque of spawned jobs has been long once.
    grown: Cell<bool>,
    /// The longest that it was, as far as seen, if it was [`LONG`] since its buffer was last given back.
    longest: Cell<usize>,
    /// What the worker has asked for while it waited in the midst of a job.
    demand: Cell<Demand>,
    refill: RefillLimit,
}

impl WorkerQueues {
    pub(crate) fn new(index: usize, order: JobOrder) -> Self {
        WorkerQueues::with(index, SplitStack::new(), order)
    }

    /// A slot that has no room for forks.
    pub(crate) fn without_room() -> Self {
        WorkerQueues::with(0, SplitStack::without_room(), JobOrder::OldestFirst)
    }

    fn with(index: usize, stack: SplitStack<Header>, order: JobOrder) -> Self {
        let (grown, longest) = (Cell::new(false), Cell::new(0));
        let spawned = match order {
            JobOrder::OldestFirst => Worker::new_fifo(),
            JobOrder::NewestFirst => Worker::new_lifo(),
        };
        let (run_queue, demand) = (Worker::new_fifo(), Cell::default());
        let own = Own { run_queue, spawned, order, grown, longest, demand, refill: RefillLimit::new() };
        WorkerQueues {
            index,
            stack,
            run_queue: own.run_queue.stealer(),
            spawned: own.spawned.stealer(),
            own: OwnersOnly(own),
            peak: AtomicUsize::new(0),
            taken: AtomicBool::new(false),
            occupant: Mutex::new(None),
            stolen_forks: AtomicU64::new(0),
        }
    }

    /// Gives the slot to the calling thread, unless a worker is here.
    pub(crate) fn take(&self) -> bool {
        let free = !self.taken.swap(true, Ordering::Acquire);
        if free {
            let occupant = Occupant { thread: thread::current(), cpu_time: CpuTime::of_this_thread() };
            *lock(&self.occupant) = Some(occupant);
        }
        free
    }

    /// Frees the slot. Only the thread that has taken it may call this.
    pub(crate) fn free(&self) {
        lock(&self.occupant).take();
        self.taken.store(false, Ordering::Release);
    }

    /// How many forks the worker has stolen while it waited, since this was last asked. For the worker in this slot.
    pub(crate) fn take_stolen_forks(&self) -> u64 {
        let forks = self.stolen_forks.load(Ordering::Relaxed);
        self.stolen_forks.store(0, Ordering::Relaxed);
        forks
    }

    /// Whether there are jobs here.
    pub(crate) fn has_jobs(&self) -> bool {
        !self.run_queue.is_empty() || !self.spawned.is_empty()
    }

    /// Takes one job, the oldest.
    pub(crate) fn steal(&self) -> Option<Job> {
        self.note_length(self.spawned.len());
        [&self.run_queue, &self.spawned].into_iter().find_map(|deque| retry(|| deque.steal()))
    }

    /// Takes up to a batch of jobs into the run queue of another slot, and one of them out of it.
    ///
    /// What the worker has in its run queue it is about to run, so that is taken only when there is nothing else.
    pub(crate) fn steal_batch(&self, thief: Owner<'_>) -> Option<Job> {
        let len = self.spawned.len();
        self.note_length(len);
        let spawned = if len > 0 { retry(|| thief.fill_run_queue(&self.spawned)) } else { None };
        spawned.or_else(|| {
            if self.run_queue.is_empty() { None } else { retry(|| thief.fill_run_queue(&self.run_queue)) }
        })
    }

    /// The deque of spawned jobs has been seen to be this long.
    #[inline]
    fn note_length(&self, len: usize) {
        if len >= LONG && len > self.peak.load(Ordering::Relaxed) {
            // A thread that writes less at the same moment is a batch or two behind.
            self.peak.store(len, Ordering::Relaxed);
        }
    }

    /// Unparks the worker that is here.
    pub(crate) fn unpark(&self) {
        if let Some(occupant) = &*lock(&self.occupant) {
            occupant.thread.unpark();
        }
    }

    /// Waits until it is certain whether the worker here has been off its CPU meanwhile: if so, that is a fence against it.
    pub(crate) fn is_off_cpu(&self) -> bool {
        let cpu_time = lock(&self.occupant).as_ref().and_then(|occupant| occupant.cpu_time);
        fence(Ordering::SeqCst);
        let is_off_cpu = cpu_time.is_some_and(CpuTime::stands_still);
        fence(Ordering::SeqCst);
        is_off_cpu
    }
}

/// What only the thread in the slot may use.
struct OwnersOnly<T>(T);

// SAFETY: the value is reached through an `Owner` only, and those are on one thread at a time. A thread that starts
// later synchronises with the one that left, through `WorkerQueues::taken`.
unsafe impl<T: Send> Sync for OwnersOnly<T> {}

/// The thread that is in a slot, for as long as it is there. The value stays on that thread.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    slot: &'a WorkerQueues,
    not_send: PhantomData<*mut ()>,
}

impl<'a> Owner<'a> {
    /// # Safety
    ///
    /// The calling thread has taken the slot, and does not free it while the result is in use.
    #[inline(always)]
    pub(crate) unsafe fn new(slot: &'a WorkerQueues) -> Self {
        Owner { slot, not_send: PhantomData }
    }

    pub(crate) fn index(self) -> usize {
        self.slot.index
    }

    pub(crate) fn count_stolen_fork(self) {
        let forks = &self.slot.stolen_forks;
        forks.store(forks.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    pub(crate) fn take_demand(self) -> Demand {
        self.slot.own.0.demand.take()
    }

    pub(crate) fn keep_demand(self, demand: Demand) {
        self.slot.own.0.demand.set(demand);
    }

    /// How many jobs the worker has in its run queue.
    pub(crate) fn run_queue_len(self) -> usize {
        self.slot.own.0.run_queue.len()
    }

    /// Puts a job behind those that the worker has spawned before.
    #[inline]
    pub(crate) fn push(self, job: Job) {
        self.slot.own.0.spawned.push(job);
    }

    /// Takes the next job out of the worker's run queue. Newest first, what it has spawned comes before that.
    #[inline]
    pub(crate) fn pop_run_queue(self) -> Option<Job> {
        let Own { spawned, order, run_queue, .. } = &self.slot.own.0;
        // A look costs less than to find nothing in a pop, as a worker does for each job from outside.
        if *order == JobOrder::NewestFirst
            && !spawned.is_empty()
            && let Some(job) = spawned.pop()
        {
            return Some(job);
        }
        run_queue.pop()
    }

    /// Takes the job that the worker has spawned last, if that runs first, nobody has taken it, and it is such a one.
    pub(crate) fn pop_newest_if(self, is_such: fn(&mut Job) -> bool) -> Option<Job> {
        let Own { spawned, order, .. } = &self.slot.own.0;
        if *order != JobOrder::NewestFirst {
            return None;
        }
        let mut job = spawned.pop()?;
        if is_such(&mut job) {
            return Some(job);
        }
        spawned.push(job);
        None
    }

    /// Takes the next job out of the worker's run queue, or else out of those that it spawned if they are few.
    #[inline]
    pub(crate) fn pop(self) -> Option<Job> {
        if let Some(job) = self.pop_run_queue() {
            return Some(job);
        }
        let Own { spawned, grown, order, .. } = &self.slot.own.0;
        if *order == JobOrder::NewestFirst {
            return None;
        }
        if !grown.get() {
            if spawned.len() <= SHORT {
                return spawned.pop();
            }
            grown.set(true);
        }
        None
    }

    /// As [`pop`](Owner::pop), from those that it spawned if they are many: takes a batch of them into its run queue.
    #[inline]
    pub(crate) fn pop_batch(self) -> Option<Job> {
        let Own { spawned, grown, .. } = &self.slot.own.0;
        if !grown.get() {
            return None;
        }
        let len = spawned.len();
        self.slot.note_length(len);
        if len > 0 { retry(|| self.fill_run_queue(&self.slot.spawned)) } else { None }
    }

    /// Notes how long the deque of spawned jobs is now.
    pub(crate) fn note_length(self) {
        self.slot.note_length(self.slot.own.0.spawned.len());
    }

    /// Whether the deque of spawned jobs may have a buffer to be given back; and then, whether a quarter of it was needed
    /// since this was last asked.
    pub(crate) fn needs_room(self) -> Option<bool> {
        let Own { longest, .. } = &self.slot.own.0;
        let peak = match self.slot.peak.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.slot.peak.swap(0, Ordering::Relaxed),
        };
        longest.set(longest.get().max(peak));
        (longest.get() > 0).then(|| peak >= longest.get() / 4)
    }

    /// Gives the buffer of the deque of spawned jobs back, if that is empty. A thief may take what is pushed for it, and finds
    /// that it is no job.
    #[cold]
    pub(crate) fn give_room_back(self) {
        let Own { spawned, grown, longest, .. } = &self.slot.own.0;
        // It cannot have been doubled more often. Where there is nothing to halve, this takes some nanoseconds.
        for _ in 0..usize::BITS {
            (0..2).for_each(|_| spawned.push(Job::noop()));
            (0..2).for_each(|_| drop(spawned.pop()));
        }
        grown.set(false);
        longest.set(0);
    }

    /// Moves the jobs that it spawned to the injector. Returns whether there were any.
    pub(crate) fn hand_over(self, injector: &Injector<Job>) -> bool {
        let spawned = &self.slot.own.0.spawned;
        let had_jobs = !spawned.is_empty();
        std::iter::from_fn(|| spawned.pop()).for_each(|job| injector.push(job));
        had_jobs
    }

    /// Takes some of the injector's jobs into the worker's run queue, which is mostly empty, and one of them out of it: see
    /// [`RefillLimit`].
    pub(crate) fn take_injected(self, injector: &Injector<Job>) -> Option<Job> {
        let Own { run_queue, refill, .. } = &self.slot.own.0;
        let job = retry(|| injector.steal_batch_with_limit_and_pop(run_queue, refill.limit()))?;
        refill.note(1 + run_queue.len());
        Some(job)
    }

    /// As [`take_injected`](Owner::take_injected), from a deque.
    fn fill_run_queue(self, deque: &Stealer<Job>) -> Steal<Job> {
        deque.steal_batch_with_limit_and_pop(&self.slot.own.0.run_queue, BATCH)
    }

    /// Whether the worker holds jobs that it is about to run.
    pub(crate) fn has_run_queue(self) -> bool {
        !self.slot.own.0.run_queue.is_empty()
    }

    #[inline(always)]
    pub(crate) fn slot(self) -> &'a WorkerQueues {
        self.slot
    }

    #[inline(always)]
    pub(crate) fn stack(self) -> &'a SplitStack<Header> {
        &self.slot.stack
    }
}

/// Steals until it is certain whether there was something.
pub(crate) fn retry<T>(mut steal: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match steal() {
            Steal::Success(stolen) => return Some(stolen),
            Steal::Empty => return None,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_worker_takes_what_it_can_run_soon() {
        let slot = WorkerQueues::new(0, JobOrder::OldestFirst);
        // SAFETY: no other thread knows the slot.
        let owner = unsafe { Owner::new(&slot) };
        let injector = Injector::new();
        (0..200).for_each(|_| injector.push(Job::noop()));
        assert!(owner.take_injected(&injector).is_some());
        assert!(owner.has_run_queue(), "nothing is known of them yet");
        while owner.pop_run_queue().is_some() {}
        slot.own.0.refill.have_taken(Duration::from_millis(1));
        assert!(owner.take_injected(&injector).is_some());
        assert!(!owner.has_run_queue(), "they have been long");
    }
}
