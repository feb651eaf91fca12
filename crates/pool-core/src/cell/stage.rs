//! How far a claimable job has come, and who waits for it: one word and a place for the waiter.
//!
//! ```text
//! QUEUED --claim--> CLAIMED --finish--> DONE --take--> GONE
//! ```
//!
//! Beside the stage the word has flags, each set once and never cleared, but for `AWAITED`:
//!
//! - `AWAITED`: there is a waiter in the place for one.
//! - `ORPHANED`: the ticket was dropped; no worker will claim the job.
//! - `DETACHED`: nobody will ask for the result.
//! - `UNCOUNTED`: the job is none of the pool's: half of a join, or a job that the pool has handed back. If that is then
//!   submitted anew, its ticket counts, whatever has become of the job.
//!
//! # Who may touch what
//!
//! The closure belongs to whoever claimed, the result to whoever claimed until `finish`, and then to the handle; after
//! `detach` to whichever of the two came second. Each change of hands is an acquiring and releasing change of this one
//! word, and all changes of one word have one order, so no fences are needed.
//!
//! # No wake-up is lost
//!
//! The waiter puts itself in its place and then sets `AWAITED`; that change is before `finish` in the word's order, or after
//! it. If before, `finish` finds the flag, and through it the waiter. If after, the waiter finds `DONE`. The same holds for
//! `orphan`.

use crate::sync::{
    AtomicUsize, Mutex,
    Ordering::{AcqRel, Acquire, Relaxed},
    lock,
};

const QUEUED: usize = 0;
const CLAIMED: usize = 1;
const DONE: usize = 2;
const GONE: usize = 3;
const STAGE: usize = 3;

const AWAITED: usize = 4;
const ORPHANED: usize = 8;
const DETACHED: usize = 16;
const UNCOUNTED: usize = 32;

/// `W` is whoever is to be woken.
pub(crate) struct Stage<W> {
    word: AtomicUsize,
    waiter: Mutex<Option<W>>,
}

/// What the word has said at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen(usize);

impl Seen {
    pub(crate) fn is_queued(self) -> bool {
        self.0 & STAGE == QUEUED
    }

    pub(crate) fn is_running(self) -> bool {
        self.0 & STAGE == CLAIMED
    }

    pub(crate) fn is_done(self) -> bool {
        self.0 & STAGE == DONE
    }

    /// The job has ended, and the result may have been taken.
    pub(crate) fn has_ended(self) -> bool {
        self.0 & STAGE >= DONE
    }

    /// Nobody but the waiter can run the job.
    pub(crate) fn is_left_alone(self) -> bool {
        self.is_queued() && self.0 & ORPHANED != 0
    }

    pub(crate) fn is_detached(self) -> bool {
        self.0 & DETACHED != 0
    }

    pub(crate) fn is_counted(self) -> bool {
        self.0 & UNCOUNTED == 0
    }
}

impl<W> Stage<W> {
    /// Of a job that counts where it ends.
    pub(crate) fn counted() -> Self {
        Stage { word: AtomicUsize::new(QUEUED), waiter: Mutex::new(None) }
    }

    pub(crate) fn uncounted() -> Self {
        Stage { word: AtomicUsize::new(QUEUED | UNCOUNTED), waiter: Mutex::new(None) }
    }

    /// What the word says now.
    pub(crate) fn look(&self) -> Seen {
        Seen(self.word.load(Acquire))
    }

    /// Claims the closure. `Ok` if it is the caller's now; what was seen in any case.
    #[inline]
    pub(crate) fn claim(&self) -> Result<Seen, Seen> {
        self.step(QUEUED, |_| true)
    }

    /// Claims the closure of a job that counts. Returns whether it is the caller's now.
    pub(crate) fn claim_counted(&self) -> bool {
        self.step(QUEUED, Seen::is_counted).is_ok()
    }

    /// Takes the result. `Ok` if it is the caller's now.
    #[inline]
    pub(crate) fn take(&self) -> Result<Seen, Seen> {
        self.step(DONE, |_| true)
    }

    /// From this stage to the next, while this is so.
    #[inline]
    fn step(&self, from: usize, condition: impl Fn(Seen) -> bool) -> Result<Seen, Seen> {
        let mut seen = self.word.load(Acquire);
        while seen & STAGE == from && condition(Seen(seen)) {
            match self.word.compare_exchange_weak(seen, seen + 1, AcqRel, Acquire) {
                Ok(_) => return Ok(Seen(seen)),
                Err(now) => seen = now,
            }
        }
        Err(Seen(seen))
    }

    /// The claimer has left the result. Returns what was seen, and whom to wake. If it was detached, the result is the
    /// caller's.
    #[inline]
    pub(crate) fn finish(&self) -> (Seen, Option<W>) {
        let seen = self.word.fetch_add(DONE - CLAIMED, AcqRel);
        debug_assert_eq!(seen & STAGE, CLAIMED);
        let waiter = if seen & AWAITED != 0 { self.take_waiter() } else { None };
        (Seen(seen), waiter)
    }

    /// The result of a detached job was taken out to be dropped.
    pub(crate) fn discard(&self) {
        self.word.fetch_add(GONE - DONE, AcqRel);
    }

    /// The ticket is gone. Returns whom to wake.
    pub(crate) fn orphan(&self) -> Option<W> {
        let seen = self.word.fetch_or(ORPHANED, AcqRel);
        if seen & AWAITED != 0 { self.take_waiter() } else { None }
    }

    /// Nobody will ask for the result. Returns what was seen: if it is done, the result is the caller's.
    pub(crate) fn detach(&self) -> Seen {
        Seen(self.word.fetch_or(DETACHED, AcqRel))
    }

    /// The pool gives the job out of its hands.
    pub(crate) fn count_no_more(&self) -> Seen {
        Seen(self.word.fetch_or(UNCOUNTED, AcqRel))
    }

    /// Leaves a waiter, in the place of an earlier one, which comes back to be dropped. What is seen afterwards says whether
    /// it will be woken.
    pub(crate) fn wait(&self, waiter: W) -> (Seen, Option<W>) {
        let before = lock(&self.waiter).replace(waiter);
        (Seen(self.word.fetch_or(AWAITED, AcqRel)), before)
    }

    /// Takes the waiter out, if there is one.
    #[cold]
    pub(crate) fn take_waiter(&self) -> Option<W> {
        lock(&self.waiter).take()
    }

    /// What the word says to the only one who has the job.
    pub(crate) fn at_last(&mut self) -> Seen {
        Seen(self.word.load(Relaxed))
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread::{self, Thread};

    use super::*;

    /// A job whose closure and result are one value, to be touched by one at a time.
    struct Job {
        stage: Stage<Thread>,
        value: UnsafeCell<usize>,
    }

    impl Job {
        fn new() -> Arc<Self> {
            Arc::new(Job { stage: Stage::uncounted(), value: UnsafeCell::new(1) })
        }

        fn run(&self) -> bool {
            if self.stage.claim().is_err() {
                return false;
            }
            // SAFETY: it is claimed.
            self.value.with_mut(|value| unsafe { *value += 1 });
            let (seen, waiter) = self.stage.finish();
            if seen.is_detached() {
                // SAFETY: it was detached before it was done.
                self.value.with_mut(|value| unsafe { *value = 0 });
                self.stage.discard();
            }
            if let Some(thread) = waiter {
                thread.unpark();
            }
            true
        }

        fn join(&self) -> usize {
            loop {
                if self.stage.take().is_ok() {
                    // SAFETY: it was taken.
                    return self.value.with(|value| unsafe { *value });
                }
                let (seen, _) = self.stage.wait(thread::current());
                if seen.is_left_alone() {
                    assert!(self.run());
                } else if !seen.has_ended() {
                    thread::park();
                }
            }
        }
    }

    #[test]
    fn it_runs_once_and_the_waiter_has_the_result() {
        loom::model(|| {
            let job = Job::new();
            let workers = [(); 2].map(|()| {
                let job = job.clone();
                thread::spawn(move || job.run())
            });
            assert_eq!(job.join(), 2);
            let ran = workers.map(|worker| worker.join().unwrap());
            assert_eq!(ran.iter().filter(|ran| **ran).count(), 1);
        });
    }

    #[test]
    fn an_orphan_is_run_by_its_waiter() {
        loom::model(|| {
            let job = Job::new();
            let pool = thread::spawn({
                let job = job.clone();
                move || {
                    if let Some(thread) = job.stage.orphan() {
                        thread.unpark();
                    }
                }
            });
            assert_eq!(job.join(), 2);
            pool.join().unwrap();
        });
    }

    #[test]
    fn a_detached_result_is_dropped_by_whoever_comes_second() {
        loom::model(|| {
            let job = Job::new();
            let worker = thread::spawn({
                let job = job.clone();
                move || job.run()
            });
            if job.stage.detach().is_done() {
                // SAFETY: it was done before it was detached.
                job.value.with_mut(|value| unsafe { *value = 0 });
                job.stage.discard();
            }
            worker.join().unwrap();
            // SAFETY: the only other thread has ended.
            assert_eq!(job.value.with(|value| unsafe { *value }), 0);
        });
    }
}
