//! How far a claimable job has come, and who waits for it: one word and a place for the waiter.
//!
//! ```text
//! QUEUED --claim--> CLAIMED --finish--> DONE --take--> GONE
//! ```
//!
//! Beside the state the word has flags, each set once and never cleared, but for `AWAITED`:
//!
//! - `AWAITED`: there is a waiter in the place for one.
//! - `ORPHANED`: the ticket was dropped; no worker will claim the job.
//! - `DETACHED`: the result will not be asked for.
//! - `UNCOUNTED`: the job is none of the pool's: half of a join, or a job that the pool has handed back. If that is then
//!   submitted anew, its ticket counts, whatever has become of the job.
//!
//! # Who may touch what
//!
//! The closure belongs to the thread that claimed it, and so does the result until `finish`; then it is the handle's; after
//! `detach` to whichever of the two came second. Each change of hands is an acquiring and releasing change of this one
//! word, and all changes of one word have one order, so no fences are needed.
//!
//! # No wake-up is lost
//!
//! The waiter puts itself in its place and then sets `AWAITED`; that change is before `finish` in the word's order, or after
//! it. If before, `finish` finds the flag, and through it the waiter: that it acquires what the waiter released puts its taking
//! of the lock after the waiter's. (Locks have one order in a model anyway, so none fails without.) If after, the waiter finds
//! `DONE`. The same holds for `orphan`.
//!
//! `finish` and `orphan` never wait for the lock, which in a forked child may be held for ever. If a thread has it that puts a
//! waiter there, that thread's change of the word is the later one: were it the earlier, the lock would be free by now. So that
//! waiter finds `DONE` or `ORPHANED`. Any other thread that has it takes the waiter out, to wake it or because nobody waits.

use crate::sync::{
    AtomicUsize, Mutex,
    Ordering::{AcqRel, Acquire, Relaxed},
    lock,
};

const QUEUED: usize = 0;
const CLAIMED: usize = 1;
const DONE: usize = 2;
const GONE: usize = 3;
const STATE: usize = 3;

const AWAITED: usize = 4;
const ORPHANED: usize = 8;
const DETACHED: usize = 16;
const UNCOUNTED: usize = 32;

/// `W` is the waiter that is to be woken.
pub(crate) struct TaskState<W> {
    word: AtomicUsize,
    waiter: Mutex<Option<W>>,
}

/// What the word has said at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskSnapshot(usize);

impl TaskSnapshot {
    pub(crate) fn is_queued(self) -> bool {
        self.0 & STATE == QUEUED
    }

    pub(crate) fn is_running(self) -> bool {
        self.0 & STATE == CLAIMED
    }

    pub(crate) fn is_done(self) -> bool {
        self.0 & STATE == DONE
    }

    /// The job has ended, and the result may have been taken.
    pub(crate) fn has_ended(self) -> bool {
        self.0 & STATE >= DONE
    }

    /// Only the waiter can run the job.
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

impl<W> TaskState<W> {
    /// Of a job that counts where it ends.
    pub(crate) fn counted() -> Self {
        TaskState { word: AtomicUsize::new(QUEUED), waiter: Mutex::new(None) }
    }

    pub(crate) fn uncounted() -> Self {
        TaskState { word: AtomicUsize::new(QUEUED | UNCOUNTED), waiter: Mutex::new(None) }
    }

    /// What the word says now. A thread that sees the end sees what the job has done.
    pub(crate) fn look(&self) -> TaskSnapshot {
        TaskSnapshot(self.word.load(Acquire))
    }

    /// Claims the closure. `Ok` if it is the caller's now; what was seen in any case.
    #[inline]
    pub(crate) fn claim(&self) -> Result<TaskSnapshot, TaskSnapshot> {
        self.step(QUEUED, |_| true)
    }

    /// Claims the closure of a job that counts. Returns whether it is the caller's now.
    pub(crate) fn claim_counted(&self) -> bool {
        self.step(QUEUED, TaskSnapshot::is_counted).is_ok()
    }

    /// Takes the result. `Ok` if it is the caller's now.
    #[inline]
    pub(crate) fn take(&self) -> Result<TaskSnapshot, TaskSnapshot> {
        self.step(DONE, |_| true)
    }

    /// From this state to the next, while this is so.
    #[inline]
    fn step(
        &self,
        from: usize,
        condition: impl Fn(TaskSnapshot) -> bool,
    ) -> Result<TaskSnapshot, TaskSnapshot> {
        let mut seen = self.word.load(Acquire);
        while seen & STATE == from && condition(TaskSnapshot(seen)) {
            match self.word.compare_exchange_weak(seen, seen + 1, AcqRel, Acquire) {
                Ok(_) => return Ok(TaskSnapshot(seen)),
                Err(now) => seen = now,
            }
        }
        Err(TaskSnapshot(seen))
    }

    /// The claimer has left the result. Returns what was seen, and whom to wake. If it was detached, the result is the
    /// caller's.
    #[inline]
    pub(crate) fn finish(&self) -> (TaskSnapshot, Option<W>) {
        let seen = self.word.fetch_add(DONE - CLAIMED, AcqRel);
        debug_assert_eq!(seen & STATE, CLAIMED);
        let waiter = if seen & AWAITED != 0 { self.try_take_waiter() } else { None };
        (TaskSnapshot(seen), waiter)
    }

    /// The result of a detached job was taken out to be dropped. Only the task's drop asks for it, and comes later anyway.
    pub(crate) fn discard(&self) {
        self.word.fetch_add(GONE - DONE, Relaxed);
    }

    /// The ticket is gone. Returns whom to wake.
    pub(crate) fn orphan(&self) -> Option<W> {
        let seen = self.word.fetch_or(ORPHANED, AcqRel);
        if seen & AWAITED != 0 { self.try_take_waiter() } else { None }
    }

    /// The result will not be asked for. Returns what was seen: if it is done, the result is the caller's.
    pub(crate) fn detach(&self) -> TaskSnapshot {
        TaskSnapshot(self.word.fetch_or(DETACHED, AcqRel))
    }

    /// The pool gives the job out of its hands. Nothing else changes hands, so it is enough that the order of the word's
    /// changes tells whether the job was claimed before.
    pub(crate) fn count_no_more(&self) -> TaskSnapshot {
        TaskSnapshot(self.word.fetch_or(UNCOUNTED, Relaxed))
    }

    /// Leaves a waiter, in the place of an earlier one, which comes back to be dropped. What is seen afterwards says whether
    /// it will be woken.
    pub(crate) fn wait(&self, waiter: W) -> (TaskSnapshot, Option<W>) {
        let before = lock(&self.waiter).replace(waiter);
        (TaskSnapshot(self.word.fetch_or(AWAITED, AcqRel)), before)
    }

    /// Takes the waiter out, if there is one, unless another thread has the lock: see above.
    #[cold]
    pub(crate) fn try_take_waiter(&self) -> Option<W> {
        self.waiter.try_lock().ok()?.take()
    }

    /// What the word says to the only one who has the job.
    pub(crate) fn at_last(&mut self) -> TaskSnapshot {
        TaskSnapshot(self.word.load(Relaxed))
    }
}

#[cfg(all(test, loom))]
mod model;
