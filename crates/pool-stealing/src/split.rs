//! The split stack: what a worker has forked, partly for everyone, mostly its own.
//!
//! A worker's forks lie on a stack of pointers, oldest at the bottom. Three indices divide it:
//!
//! ```text
//!     0 ......... lo ......... split ......... top
//!       stolen        public        private
//! ```
//!
//! Public forks are taken by thieves, oldest first, under the stack's lock. The private ones are the owner's, who
//! pushes and pops them with plain loads and stores. This is the private deque of Acar, Charguéraud and Rainey
//! ("Scheduling parallel programs by work stealing with private deques", 2013) with the split point of Lace (van Dijk and
//! van de Pol, 2014).
//!
//! # Who moves the split
//!
//! *The owner, when asked.* Thieves leave a mark; the owner looks at it after each push (one load, in a cache line that
//! changes only when another thread asks). If it is set, the owner clears it, and makes half of its private forks public,
//! at most [`MOST_PUBLISHED`] at once; none while there are public ones, for each of them costs the owner the lock.
//!
//! *A thief, when the owner does not answer*, because it is busy with a long leaf. Holding the lock, it sets
//! `split` to `top`, issues a heavy fence, and reads `top` again:
//!
//! | owner pops `t` | thief |
//! |---|---|
//! | `top = t` | `split = s` |
//! | light fence | heavy fence |
//! | `split > t`? then it is public: lock | `top <= lo`? then it is gone: `split` back to `lo` |
//!
//! The two fences order these as sequentially consistent ones do, so if the owner did not see the new split, the thief
//! sees the new top. What lies below both, the owner gives up only under the lock. The thief may read a `top`
//! that is newer still: then the owner has popped and pushed since, and the forks below that `top` are the new ones, whose
//! pops come after the heavy fence and so see the split.
//!
//! # The mark
//!
//! A thief that is about to sleep must be sure that a fork which it cannot see will find its mark. The owner writes
//! `top`, light fence, reads the mark; the thief sets the mark, heavy fence, reads `top`. One of them sees the other.
//!
//! A heavy fence is dear, and a mark that has been set needs no second one. So the mark has two bits:
//! `ASKED` (it is set) and `FENCED` (a heavy fence has followed). Who finds both set needs no fence: either the owner's
//! push came before that fence, so that its `top` is seen (the thread that sets `FENCED` releases it, one that finds it acquires), or
//! it came later and sees the mark. The rest of the word counts the askings, so that a thief cannot
//! declare fenced what has been cleared and asked anew behind its back.
//!
//! The mark is born fenced. A pool that never forks thus never issues a heavy fence, since no mark is ever cleared.
//!
//! # Without heavy fences
//!
//! [They may fail](pool_core::sync::fences), from the start or from some moment on. Then
//!
//! - *a thief takes nothing by a heavy fence*: it puts the split back, and the owner may have popped meanwhile or not. It may
//!   still take from an owner that is [off its CPU](pool_core::CpuTime), which is a fence against that one;
//! - *an owner makes public whatever it pushes* ([`publish_all`](SplitStack::publish_all)), under the lock, and leaves its
//!   mark for good, so that each of its pushes comes by there. Neither a fork nor a job of its own then needs a light
//!   fence: what is published is settled under the lock, the split is moved by the owner alone, and a thread that asks finds the
//!   mark fenced, by the owner itself.
//!
//! An owner learns of it when it next finds its mark, which all who look for work leave. Until then it is *unaware*: what
//! it has pushed it may have pushed without seeing the mark, and no other thread can be sure to see it. So
//! a worker that [asks](crate::calls::ask_all) in vain and is about to sleep looks again after a while ([`POLL`]), until the owner
//! has left a fenced mark: when it answers, goes to sleep or leaves its slot. For those who end their search or take the last
//! public fork, and would wake another if they saw work, an unaware owner is [as good as work](SplitStack::may_hide). (What was written becomes visible to others in
//! finite time without any fence, so some look finds it.) And so does a worker that sees private forks, which are *stranded*: they
//! can be taken as soon as their owner blocks. So halves of a join may still wait for each other, unless the first does so
//! without ever leaving the CPU.
//!
//! # Waiters
//!
//! A thread whose fork a worker has taken waits for what that worker forks. It is on a list under the lock, and a thread that
//! publishes unparks all on the list.
//!
//! The stack never looks at what its pointers point to: that is the business of those who push and take them.

use std::time::Duration;

use crossbeam_utils::CachePadded;

use crate::fork_buffer::ForkBuffer;
use crate::sync::{
    AtomicPtr, AtomicUsize, Mutex, MutexGuard,
    Ordering::{Acquire, Relaxed, Release},
    Thread, lock, thread,
};
use pool_core::sync::fences::{can_fence, light_fence};

/// How deep forks may nest; below that they run in order. The stack of a thread, if it is the usual one, overflows sooner.
#[cfg(not(loom))]
const DEPTH: usize = 16_384;
#[cfg(loom)]
const DEPTH: usize = 3;

/// For how many forks there is room before the first. (Making room is modelled by itself.)
const AT_FIRST: usize = if cfg!(loom) { DEPTH } else { 0 };

/// The most forks that an owner makes public at once.
const MOST_PUBLISHED: usize = 16;

/// How often a thread looks for what an owner may not have told it of, while heavy fences fail.
pub(crate) const POLL: Duration = Duration::from_millis(10);

const ASKED: usize = 1;
const FENCED: usize = 2;
const ASKING: usize = 4;

pub(crate) struct SplitStack<T> {
    ends: CachePadded<Ends<T>>,
    mark: CachePadded<AtomicUsize>,
    public: CachePadded<Public>,
}

/// What the owner uses all the time.
struct Ends<T> {
    top: AtomicUsize,
    split: AtomicUsize,
    buffer: ForkBuffer<T>,
}

/// What thieves use.
struct Public {
    /// Changed only under the lock.
    lo: AtomicUsize,
    waiters: Mutex<Vec<Waiter>>,
}

struct Waiter {
    slot: usize,
    thread: Thread,
}

/// The next free place of a stack.
pub(crate) struct Room<'a, T> {
    stack: &'a SplitStack<T>,
    place: &'a AtomicPtr<T>,
    index: usize,
}

/// A fork that the owner has pushed and not popped.
pub(crate) struct Pushed<'a, T> {
    stack: &'a SplitStack<T>,
    index: usize,
}

/// What a thief has taken.
pub(crate) struct Taken<R> {
    pub(crate) fork: R,
    /// Nothing public was left then.
    pub(crate) was_last: bool,
}

impl<T> Clone for Pushed<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Pushed<'_, T> {}

/// The owner's side. Only the thread that is in the stack's slot may use it.
impl<T> SplitStack<T> {
    /// The next free place, if there is one.
    ///
    /// # Safety
    ///
    /// The calling thread is the owner, or the stack is one [without room](SplitStack::without_room).
    #[inline(always)]
    pub(crate) unsafe fn room(&self) -> Option<Room<'_, T>> {
        let index = self.ends.top.load(Relaxed);
        // SAFETY: the calling thread is the owner, or there are no places and never will be.
        let place = unsafe { self.ends.buffer.get(index) }?;
        Some(Room { stack: self, place, index })
    }

    /// As [`room`](SplitStack::room), where that has found none: makes more if there may be more, unless a thief is at the
    /// stack at this moment.
    ///
    /// # Safety
    ///
    /// As for [`room`](SplitStack::room); and what that has returned before is not in use any more.
    #[cold]
    pub(crate) unsafe fn make_room(&self) -> Option<Room<'_, T>> {
        if !self.ends.buffer.may_grow() {
            return None;
        }
        // A thief may hold it for as long as a heavy fence takes; and in a forked child, for ever.
        let lock = self.public.waiters.try_lock().ok()?;
        // SAFETY: the calling thread is the owner, since there may be room, and holds the lock; and no place is in use.
        unsafe { self.ends.buffer.grow() };
        drop(lock);
        // SAFETY: passed on.
        unsafe { self.room() }
    }

    /// Whether a thief wants something. To be asked after each push.
    #[inline(always)]
    pub(crate) fn is_asked(&self) -> bool {
        light_fence();
        self.mark.load(Relaxed) & (ASKED | FENCED) != 0
    }

    /// Answers those who asked: makes some forks public unless there are some, and unparks those who wait for them.
    /// Returns whether there are public ones.
    pub(crate) fn publish(&self) -> bool {
        self.mark.fetch_and(!(ASKED | FENCED), Relaxed);
        self.publish_some(
            |private, has_public| {
                if has_public { 0 } else { (private / 2).clamp(1, MOST_PUBLISHED).min(private) }
            },
        )
    }

    /// As [`publish`](SplitStack::publish), where heavy fences fail: makes everything public, and leaves the mark.
    pub(crate) fn publish_all(&self) {
        if self.mark.load(Relaxed) & FENCED == 0 {
            self.stay_asked();
        }
        self.publish_some(|private, _| private);
    }

    /// `count` says how many, knowing how many are private and whether some are public.
    fn publish_some(&self, count: impl FnOnce(usize, bool) -> usize) -> bool {
        let mut lock = lock(&self.public.waiters);
        let split = self.ends.split.load(Relaxed);
        let private = self.ends.top.load(Relaxed).saturating_sub(split);
        let has_public = split > self.public.lo.load(Relaxed);
        let published = count(private, has_public);
        self.ends.split.store(split + published, Relaxed);
        let waiters = std::mem::take(&mut *lock);
        drop(lock);
        waiters.into_iter().for_each(|waiter| waiter.thread.unpark());
        has_public || published > 0
    }

    /// Marks the stack as asked on behalf of those who sleep.
    pub(crate) fn stay_asked(&self) {
        // The owner sees its own writes, so later pushes need no fence; earlier ones are released to a thread that finds this.
        self.mark.fetch_or(FENCED, Release);
    }

    /// Whether the owner has nothing here.
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.top.load(Relaxed) == 0
    }
}

impl<'a, T> Room<'a, T> {
    #[inline(always)]
    pub(crate) fn push(self, fork: *mut T) -> Pushed<'a, T> {
        let Room { stack, place, index } = self;
        place.store(fork, Relaxed);
        stack.ends.top.store(index + 1, Release);
        Pushed { stack, index }
    }
}

impl<T> Pushed<'_, T> {
    /// Pops it, all above having been popped. Returns `false` if it is public: then [`reclaim`](Pushed::reclaim) says
    /// whether it is still there.
    #[inline(always)]
    pub(crate) fn pop(self) -> bool {
        let ends = &self.stack.ends;
        // A release: a thread that finds that the fork is gone then finds the jobs that were pushed before. (Of older forks a thief
        // learns through the lock or a heavy fence.)
        ends.top.store(self.index, Release);
        light_fence();
        ends.split.load(Relaxed) <= self.index
    }

    /// Whether it was stolen before the process was forked. For the child, where no other thread is and the lock may be held for
    /// ever.
    pub(crate) fn was_stolen(self) -> bool {
        self.stack.public.lo.load(Relaxed) > self.index
    }

    /// Takes a public fork back. Returns `false` if it was stolen.
    pub(crate) fn reclaim(self) -> bool {
        let SplitStack { ends, public, .. } = self.stack;
        let _lock = lock(&public.waiters);
        let stolen = public.lo.load(Relaxed) > self.index;
        if stolen {
            public.lo.store(self.index, Relaxed);
        }
        if ends.split.load(Relaxed) > self.index {
            ends.split.store(self.index, Relaxed);
        }
        !stolen
    }
}

/// The side of thieves.
impl<T> SplitStack<T> {
    pub(crate) fn new() -> Self {
        SplitStack::with(ForkBuffer::new(AT_FIRST, DEPTH))
    }

    /// A stack without room or owner.
    pub(crate) fn without_room() -> Self {
        SplitStack::with(ForkBuffer::new(0, 0))
    }

    pub(crate) fn with(buffer: ForkBuffer<T>) -> Self {
        let ends = Ends { top: AtomicUsize::new(0), split: AtomicUsize::new(0), buffer };
        SplitStack {
            ends: CachePadded::new(ends),
            mark: CachePadded::new(AtomicUsize::new(ASKED | FENCED)),
            public: CachePadded::new(Public { lo: AtomicUsize::new(0), waiters: Mutex::new(Vec::new()) }),
        }
    }

    /// Whether there is a fork that was not taken.
    pub(crate) fn has_forks(&self) -> bool {
        // In this order: with the owner's push comes what it did to `lo` before.
        let top = self.ends.top.load(Acquire);
        top > self.public.lo.load(Relaxed)
    }

    /// Whether there is one that can be taken, perhaps by force. The others are [stranded](SplitStack::has_stranded).
    pub(crate) fn has_takeable(&self) -> bool {
        self.has_forks() && (self.has_public() || can_fence())
    }

    /// Whether there are forks that are the owner's own until it pushes the next, or is off its CPU, since heavy fences fail.
    pub(crate) fn has_stranded(&self) -> bool {
        self.has_forks() && !self.has_public() && !can_fence()
    }

    /// Whether heavy fences fail, and the owner does not know: it may have pushed what no other thread sees.
    pub(crate) fn may_hide(&self) -> bool {
        !can_fence() && self.mark.load(Acquire) & FENCED == 0
    }

    /// Whether there is one that can be taken at once.
    pub(crate) fn has_public(&self) -> bool {
        self.ends.split.load(Relaxed) > self.public.lo.load(Relaxed)
    }

    /// Leaves a mark, if there is none.
    pub(crate) fn ask(&self) {
        let mark = self.mark.load(Relaxed);
        if mark & (ASKED | FENCED) == 0 {
            // If this fails, another thread has asked.
            let _ = self.mark.compare_exchange(mark, mark + ASKING + ASKED, Relaxed, Relaxed);
        }
    }

    /// The mark, if a heavy fence is needed before anyone can rely on it. To be shown to
    /// [`fenced`](SplitStack::fenced) after that.
    pub(crate) fn unfenced_mark(&self) -> Option<usize> {
        self.ask();
        let mark = self.mark.load(Acquire);
        (mark & FENCED == 0).then_some(mark)
    }

    /// A heavy fence has followed this mark.
    pub(crate) fn fenced(&self, mark: usize) {
        if mark & ASKED != 0 {
            let _ = self.mark.compare_exchange(mark, mark | FENCED, Release, Relaxed);
        }
    }

    /// Takes the oldest fork, if it is public, or if it can be made so by this fence: a heavy one, or one against the owner
    /// alone, that tells whether it has worked. `accept` gets the fork under the lock and has the last word.
    pub(crate) fn take<R>(
        &self,
        fence: Option<&dyn Fn() -> bool>,
        accept: impl FnOnce(*mut T) -> Option<R>,
    ) -> Option<Taken<R>> {
        let lock = self.public.waiters.try_lock().ok()?;
        let lo = self.public.lo.load(Relaxed);
        let is_public = self.ends.split.load(Relaxed) > lo;
        if !is_public && !fence.is_some_and(|fence| self.force(lo, fence, &lock)) {
            return None;
        }
        // SAFETY: this thread holds the lock.
        let place = unsafe { self.ends.buffer.get(lo) }.expect("what is public has a place");
        let fork = accept(place.load(Relaxed))?;
        self.public.lo.store(lo + 1, Relaxed);
        // Under the lock, because another thief moves the split up and down again when it tries force.
        let was_last = !self.has_public();
        drop(lock);
        Some(Taken { fork, was_last })
    }

    /// Moves the split over the owner's head. Returns whether something is public now.
    #[cold]
    fn force(&self, lo: usize, fence: &dyn Fn() -> bool, _lock: &MutexGuard<'_, Vec<Waiter>>) -> bool {
        let Ends { top, split, .. } = &*self.ends;
        let wanted = top.load(Acquire);
        if wanted <= lo {
            return false;
        }
        split.store(wanted, Relaxed);
        // Without the fence the owner may have missed the new split, and nothing can be said about its forks.
        let sure = if fence() { top.load(Acquire).clamp(lo, wanted) } else { lo };
        split.store(sure, Relaxed);
        sure > lo
    }

    /// Has this thread unparked when forks are published. Returns `false`, and does nothing, if there are some now.
    pub(crate) fn wait(&self, slot: usize) -> bool {
        let mut waiters = lock(&self.public.waiters);
        if self.has_public() {
            return false;
        }
        if !waiters.iter().any(|waiter| waiter.slot == slot) {
            waiters.push(Waiter { slot, thread: thread::current() });
        }
        true
    }

    /// The thread of this slot does not wait any more.
    pub(crate) fn stop_waiting(&self, slot: usize) {
        lock(&self.public.waiters).retain(|waiter| waiter.slot != slot);
    }
}
