//! How detached jobs are counted and waited for, without measuring the counting.
//!
//! A job that was submitted with `execute` leaves no handle, so something must count. One atomic counter for
//! all would be contended by every job, and on the pools measured here it would cost more than the pool. Hence:
//!
//! - Each thread has a *slot* on a cache line of its own. A job adds its value and 1 to its thread's slot with
//!   plain loads and stores: about a nanosecond, the same for every engine.
//! - The thread that waits sleeps, because on a machine with few cores a polling thread would take the core
//!   that a worker needs.
//! - With its first job, and then with every 64th, each thread adds up the slots, which takes about 0.1 microseconds. When
//!   no more than 64 jobs a thread are missing, it *arms* the tally: from then on every job adds up, and the one that completes
//!   the count wakes the waiter. The end does not come unarmed: of all looks (each begins with a fence, and the fences have an
//!   order) the last sees every thread that has run a job and what it had counted at its own last look, since when it has run 63
//!   at most.
//!
//! So a batch takes as long as its jobs and one wake-up, and some microseconds for the armed jobs: about 10 with two
//! threads, and with each thread more in number and a little dearer. The same for every engine. (A waiter that estimates from
//! the pace so far when to look again is misled where jobs are of uneven length: `spawn/uneven` was measured half as long
//! again as it took.)
//!
//! Waking cannot get lost for good: a job stores its count and then reads `armed` with no fence between
//! (that would cost more than all the rest), so it may miss an arming at that very moment; therefore the waiter
//! looks for itself every millisecond.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use super::failure::Failure;
use crate::system::os::ExactTimers;

/// Threads that may have a slot of their own at once. Further ones share one slot, with atomic additions.
const SLOTS: usize = 128;

/// How many jobs a thread runs from one look at how many are missing to the next.
const STRIDE: u64 = 64;

/// How often a waiter looks for itself.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// A waiter gives up when no job has ended for so long.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
struct Slot {
    count: AtomicU64,
    sum: AtomicU64,
}

/// Counts jobs and adds up their values. Jobs hold it as `&'static Tally`, obtained from a [`Lease`].
#[derive(Debug)]
pub struct Tally {
    slots: Box<[CachePadded<Slot>]>,
    shared: CachePadded<Slot>,
    armed: CachePadded<AtomicBool>,
    expected: AtomicU64,
    waiter: Mutex<Option<Thread>>,
}

impl Tally {
    fn new() -> Self {
        Tally {
            slots: (0..SLOTS).map(|_| CachePadded::default()).collect(),
            shared: CachePadded::default(),
            armed: CachePadded::default(),
            expected: AtomicU64::new(0),
            waiter: Mutex::new(None),
        }
    }

    /// Called once by each job, as the last thing it does: one more job is done, and its value was this.
    #[inline]
    pub fn add(&self, value: u64) {
        let is_time_to_look = match own_slot() {
            Some(index) => {
                // Only this thread writes to the slot, so that no read-modify-write is needed.
                let slot = &self.slots[index];
                slot.sum.store(slot.sum.load(Ordering::Relaxed).wrapping_add(value), Ordering::Relaxed);
                let before = slot.count.load(Ordering::Relaxed);
                slot.count.store(before + 1, Ordering::Release);
                before.is_multiple_of(STRIDE)
            }
            None => {
                self.shared.sum.fetch_add(value, Ordering::Relaxed);
                self.shared.count.fetch_add(1, Ordering::Release);
                // How many threads share it is not known.
                true
            }
        };
        if is_time_to_look || self.armed.load(Ordering::Relaxed) {
            self.look();
        }
    }

    #[cold]
    fn look(&self) {
        // Of the jobs that end at the same moment, the last in the order of these fences sees all counts.
        fence(Ordering::SeqCst);
        if !self.armed.load(Ordering::Acquire) {
            if !self.is_near_the_end() {
                return;
            }
            self.armed.store(true, Ordering::Relaxed);
        }
        self.wake_waiter_at_the_end();
    }

    /// Whether the jobs could end before any thread looks again.
    fn is_near_the_end(&self) -> bool {
        let counts = self.all_slots().map(|slot| slot.count.load(Ordering::Acquire));
        let (jobs, threads) =
            counts.fold((0, 0), |(jobs, threads), count| (jobs + count, threads + u64::from(count > 0)));
        self.expected.load(Ordering::Relaxed).saturating_sub(jobs) <= STRIDE * threads
    }

    fn wake_waiter_at_the_end(&self) {
        if self.count() >= self.expected.load(Ordering::Relaxed)
            && let Some(waiter) = &*lock(&self.waiter)
        {
            waiter.unpark();
        }
    }

    /// Starts a batch of so many jobs. All jobs of earlier batches must have ended.
    pub fn begin(&self, jobs: u64) {
        // Not when the waiter goes: the thread that ran the last job may arm it after that.
        self.armed.store(false, Ordering::Relaxed);
        for slot in self.all_slots() {
            slot.count.store(0, Ordering::Relaxed);
            slot.sum.store(0, Ordering::Relaxed);
        }
        self.expected.store(jobs, Ordering::Relaxed);
    }

    /// Changes the number of jobs in the batch.
    pub fn expect(&self, jobs: u64) {
        self.expected.store(jobs, Ordering::Relaxed);
        // A thread that finds it armed finds the new number.
        self.armed.store(true, Ordering::Release);
    }

    /// The number of jobs of the batch that have ended so far, or a little less. O(threads that ever counted).
    pub fn done(&self) -> u64 {
        self.count()
    }

    /// How many jobs of the batch each thread has run that has run any. Threads beyond 128 count as one.
    pub fn by_thread(&self) -> impl Iterator<Item = u64> {
        self.all_slots().map(|slot| slot.count.load(Ordering::Acquire)).filter(|jobs| *jobs > 0)
    }

    /// Waits until all jobs of the batch have ended, and returns the sum of their values. What the jobs wrote
    /// is visible afterwards.
    ///
    /// # Errors
    ///
    /// [`Failure::Stalled`] when no job ends for 30 seconds, [`Failure::TooMany`] when more jobs ran than
    /// there are in the batch.
    pub fn wait(&self) -> Result<u64, Failure> {
        *lock(&self.waiter) = Some(thread::current());
        let count = self.sleep_until_done();
        *lock(&self.waiter) = None;
        let expected = self.expected.load(Ordering::Relaxed);
        if count? > expected {
            return Err(Failure::TooMany { expected });
        }
        Ok(self.all_slots().fold(0, |sum, slot| sum.wrapping_add(slot.sum.load(Ordering::Relaxed))))
    }

    fn sleep_until_done(&self) -> Result<u64, Failure> {
        let _exact = ExactTimers::start();
        let expected = self.expected.load(Ordering::Relaxed);
        let mut last = (self.count(), Instant::now());
        loop {
            let (count, now) = (self.count(), Instant::now());
            if count >= expected {
                return Ok(count);
            }
            if count == last.0 && now - last.1 > PATIENCE {
                return Err(Failure::Stalled { missing: expected - count });
            }
            thread::park_timeout(LOOK_AGAIN);
            if count != last.0 {
                last = (count, now);
            }
        }
    }

    fn count(&self) -> u64 {
        self.all_slots().map(|slot| slot.count.load(Ordering::Acquire)).sum()
    }

    /// All slots that any thread has ever had, and the shared one.
    fn all_slots(&self) -> impl Iterator<Item = &Slot> {
        let used = SLOTS_EVER_USED.load(Ordering::Relaxed);
        self.slots[..used].iter().map(Deref::deref).chain([&*self.shared])
    }
}

/// A [`Tally`] on loan. Jobs are `'static`, and an `Arc` in each would be a contended atomic; so tallies
/// live for ever, and are used again.
#[derive(Debug)]
pub struct Lease(&'static Tally);

static IDLE: Mutex<Vec<&'static Tally>> = Mutex::new(Vec::new());

impl Lease {
    /// A tally for the sole use of the caller.
    pub fn take() -> Self {
        let idle = lock(&IDLE).pop();
        Lease(idle.unwrap_or_else(|| Box::leak(Box::new(Tally::new()))))
    }

    /// The tally, for jobs to hold.
    pub fn tally(&self) -> &'static Tally {
        self.0
    }
}

/// Gives the tally back. After a [`Failure::Stalled`] the lease must be forgotten instead, because late jobs may still write
/// to the tally.
impl Drop for Lease {
    fn drop(&mut self) {
        lock(&IDLE).push(self.0);
    }
}

/// One bit for each slot that a living thread holds.
static TAKEN: Mutex<u128> = Mutex::new(0);

/// Slots from this one on were never used, and need not be read.
static SLOTS_EVER_USED: AtomicUsize = AtomicUsize::new(0);

/// A thread's claim to a slot, in every tally; it ends with the thread.
struct OwnSlot(Option<usize>);

impl OwnSlot {
    fn claim() -> Self {
        let mut taken = lock(&TAKEN);
        let free = taken.trailing_ones() as usize;
        if free >= SLOTS {
            return OwnSlot(None);
        }
        *taken |= 1 << free;
        SLOTS_EVER_USED.fetch_max(free + 1, Ordering::Relaxed);
        OwnSlot(Some(free))
    }
}

impl Drop for OwnSlot {
    fn drop(&mut self) {
        if let Some(index) = self.0 {
            *lock(&TAKEN) &= !(1 << index);
        }
    }
}

thread_local! {
    static OWN_SLOT: OwnSlot = OwnSlot::claim();
}

/// The slot of this thread; none when too many threads live, or when this one is about to end.
#[inline]
fn own_slot() -> Option<usize> {
    OWN_SLOT.try_with(|slot| slot.0).ok().flatten()
}

/// A lock that a panicking job may have poisoned guards nothing that a panic could leave half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_batch(tally: &'static Tally, threads: u64, jobs_each: u64) -> Result<u64, Failure> {
        tally.begin(threads * jobs_each);
        thread::scope(|scope| {
            for t in 0..threads {
                scope.spawn(move || (0..jobs_each).for_each(|i| tally.add(t * jobs_each + i)));
            }
            tally.wait()
        })
    }

    #[test]
    fn every_value_is_counted_once_batch_after_batch() {
        let lease = Lease::take();
        for jobs_each in [1, 10, 1_000, 100_000] {
            let n = 4 * jobs_each;
            assert_eq!(run_batch(lease.tally(), 4, jobs_each).unwrap(), n * (n - 1) / 2);
        }
    }

    #[test]
    fn more_threads_than_slots_share_one() {
        let lease = Lease::take();
        let tally = lease.tally();
        let threads = 2 * SLOTS as u64;
        let barrier = std::sync::Barrier::new(threads as usize);
        tally.begin(threads);
        thread::scope(|scope| {
            for t in 0..threads {
                let barrier = &barrier;
                scope.spawn(move || {
                    own_slot();
                    barrier.wait();
                    tally.add(t);
                });
            }
        });
        assert_eq!(tally.wait().unwrap(), threads * (threads - 1) / 2);
    }

    #[test]
    fn a_job_too_many_is_noticed() {
        let lease = Lease::take();
        lease.tally().begin(1);
        lease.tally().add(7);
        lease.tally().add(7);
        assert!(matches!(lease.tally().wait(), Err(Failure::TooMany { expected: 1 })));
    }

    #[test]
    fn a_slow_last_job_wakes_the_waiter() {
        let lease = Lease::take();
        let tally = lease.tally();
        tally.begin(1);
        let go = std::sync::Barrier::new(2);
        let sum = thread::scope(|scope| {
            scope.spawn(|| {
                go.wait();
                tally.add(5);
            });
            go.wait();
            tally.wait()
        });
        assert_eq!(sum.unwrap(), 5);
    }
}
