//! The gate in front of the inlet: how a pool closes without a lock on the way in.
//!
//! Closing a pool means dropping its inlet, and the inlet must not be dropped under a thread that is pushing. A lock
//! around the inlet would make all submitters share a cache line; the gate makes them share nothing.
//!
//! # Protocol
//!
//! Each submitter has a *stripe*, two counters on a cache line of their own: how many entered and how many left.
//!
//! - **enter**: add one to `entered`; read the state; if it is `OPEN`, the inlet may be used.
//! - **leave**: add one to `left`; read the state again, and if it is not `OPEN`, *sweep*.
//! - **close**: set the state to `CLOSING`; *heavy fence*; set it to `CLOSED`; sweep.
//! - **sweep**: fence; if the state is `CLOSED` and on every stripe `left` equals `entered` (read in this order), drop
//!   the inlet, unless that was done.
//!
//! Between the addition and the reading of the state lies a fence. On a stripe that threads share, the addition is a
//! locked instruction and so a fence already. A stripe that a worker or [another thread](crate::sync::stripes) has to itself is
//! written by that thread alone, so that a load and a store are an addition, and the fence is a
//! [light](crate::sync::fences) one, which costs nothing: two locked instructions less for each job. `close` pays for that
//! with the heavy one, but only if such a thread has submitted more than [`FEW`] jobs. The first few it counts
//! with locked instructions, which need no heavy fence:
//!
//! *`close` reads at most `FEW` entries.* Then the thread's next entry is a locked one that comes later in the one order
//! of sequentially consistent operations, and so it finds the gate shut.
//!
//! A gate that is made where there are [no heavy fences](crate::sync::fences) has no light ones either: all its entries are
//! locked instructions, and it closes without a heavy fence.
//!
//! # Why it is right
//!
//! *No thread pushes into a dropped inlet.* A sweep that drops has read `CLOSED`, so it comes after the heavy fence. If a
//! submitter entered and read `OPEN`, its fence came before the heavy one, or it would have read `CLOSING`; so the sweep
//! sees its entry. And since the sweep found the stripe balanced, the submitter has left (`left` is read first and never
//! exceeds `entered`, so equality means that no thread was inside in between). A thread that reads anything but `OPEN`
//! touches nothing.
//!
//! *It is dropped.* Of the threads that leave, some read `OPEN`. Their fence came before the heavy one, by the same
//! argument, and every sweep that reads `CLOSED` sees that they have left. All others sweep, as the closer does. The
//! fences in the sweeps have a total order; let X be the last of them. The thread that issues it finds the state `CLOSED`, as it
//! was set before the closer's own fence, and sees whatever was done before the other fences: all additions to `left`.
//! So it finds everything balanced.
//!
//! Why `CLOSING`: one who leaves may read the new state before the heavy fence is over, while another who entered in
//! time is still invisible to it. It must not drop the inlet then, and need not, as the closer is still to sweep.
//!
//! *It is dropped once*, by an atomic swap. What submitters did happens before the drop: each addition to `left` is a
//! release that the sweep's read acquires.
//!
//! # If the heavy fence fails
//!
//! A submitter may then be inside unseen, for as long as it pushes, and nothing here can find out. So `close` sets the state
//! to `UNFENCED` instead of `CLOSED`, and no sweep drops the inlet: it goes with the gate, to which there is no reference any more
//! by then. *No thread pushes into a dropped inlet* needs no other reason.
//!
//! The workers have to learn in another way that nothing more will come. The thread that closes tells them, and they leave when
//! they find the channel empty and the gate [quiet](Gate::is_quiet). A submitter that they did not see has read `OPEN` and
//! pushes all the same. When it leaves, it reads the state, and if that is `UNFENCED`, it sees to it that what it pushed
//! is not [forgotten](Late). Only one that reads `OPEN` again does not: its job is not seen by the workers, though
//! all of them have been told, have looked for some milliseconds and are gone, and the state that the first of them saw is
//! not seen by it. Hardware does not delay stores for so long, but nothing forbids it. Then the job lies in the channel until its
//! handle is joined, or until the pool is dropped and it with it.
//!
//! The entry counters are also the pool's count of submissions, so counting costs nothing extra.
//!
//! # What comes late
//!
//! Each sweep ends with a [call](Late), by a thread that is not inside. So a thread that has pushed into a channel that is being
//! closed looks afterwards whether its job is one that will not be run any more, and sees what the closer did before `close`:
//! it has read the state that was set after that.

use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Weak;

use crossbeam_utils::CachePadded;

use crate::sync::fences::{can_fence, heavy_fence, light_fence};
use crate::sync::{
    Arc, AtomicBool, AtomicU8, AtomicU64,
    Ordering::{Relaxed, Release, SeqCst},
    UnsafeCell, fence, total_order,
};

/// How many stripes there are for threads outside the pool, and how many of these, the first, have one
/// [owner](crate::sync::stripes) each.
#[cfg(not(loom))]
pub(crate) const OUTSIDE_STRIPES: usize = 16;
#[cfg(not(loom))]
pub(crate) const OWN_STRIPES: usize = 8;
#[cfg(loom)]
pub(crate) const OUTSIDE_STRIPES: usize = 1;
#[cfg(loom)]
pub(crate) const OWN_STRIPES: usize = 0;

/// So many entries a thread counts with locked instructions even on its own stripe: a pool that takes few jobs needs no
/// heavy fence to close.
#[cfg(not(loom))]
const FEW: u64 = 64;
#[cfg(loom)]
const FEW: u64 = 0;

/// Everyone may enter.
const OPEN: u8 = 0;
/// No thread may enter, but some that did may be invisible yet.
const CLOSING: u8 = 1;
/// No thread may enter, and all that did can be seen.
const CLOSED: u8 = 2;
/// No thread may enter, and some that did may stay invisible: the inlet is not dropped before the gate.
const UNFENCED: u8 = 3;

/// The entry counters: some stripes for threads outside, one for each slot, and one that is not counted.
pub(crate) struct EntryCounters {
    stripes: Box<[CachePadded<Stripe>]>,
}

#[derive(Default)]
struct Stripe {
    entered: AtomicU64,
    left: AtomicU64,
}

impl Stripe {
    /// Counts an entry of the only thread that uses this stripe, unless it is one of the first [`FEW`].
    #[inline(always)]
    fn enter_lightly(&self) -> bool {
        let entered = self.entered.load(Relaxed);
        let light = entered > FEW;
        if light {
            self.entered.store(entered + 1, Relaxed);
            light_fence();
        }
        light
    }

    fn is_quiet(&self) -> bool {
        let left = self.left.load(SeqCst);
        left == self.entered.load(SeqCst)
    }
}

impl EntryCounters {
    pub(crate) fn new(slots: usize) -> Self {
        let stripes = (0..OUTSIDE_STRIPES + slots + 1).map(|_| CachePadded::default()).collect();
        EntryCounters { stripes }
    }

    /// The stripe of the worker in this slot.
    #[inline]
    pub(crate) fn of_slot(&self, slot: usize) -> usize {
        OUTSIDE_STRIPES + slot
    }

    /// The stripe of threads whose passing is not a submission.
    pub(crate) fn uncounted(&self) -> usize {
        self.stripes.len() - 1
    }

    /// How many submissions have entered.
    pub(crate) fn submitted(&self) -> u64 {
        let counted = &self.stripes[..self.uncounted()];
        counted.iter().map(|stripe| stripe.entered.load(SeqCst)).sum()
    }
    fn are_quiet(&self) -> bool {
        self.stripes.iter().all(|stripe| stripe.is_quiet())
    }

    /// Whether a thread may have entered without a locked instruction.
    fn have_light_entries(&self) -> bool {
        let of_outside = &self.stripes[..OWN_STRIPES];
        let of_slots = &self.stripes[OUTSIDE_STRIPES..self.uncounted()];
        of_outside.iter().chain(of_slots).any(|stripe| stripe.entered.load(SeqCst) > FEW)
    }
}

/// Who sees to what is pushed while the gate is being closed.
pub(crate) trait Late: Send + Sync {
    /// A thread has closed the gate, or has left it after that. What it may have pushed is visible now.
    fn surfaced(&self);
}

/// An inlet behind its gate.
pub(crate) struct Gate<I> {
    entry_counters: Arc<EntryCounters>,
    state: AtomicU8,
    /// Whether there are heavy fences here, and so light ones. To find out takes some milliseconds in a process that has
    /// threads already, so it is done once, when its first pool is built, and not under a submitter.
    has_light_fences: bool,
    dropped: AtomicBool,
    inlet: UnsafeCell<Option<I>>,
    late: Weak<dyn Late>,
}

// SAFETY: the inlet is shared by reference between threads (`I: Sync`), and dropped by one of them (`I: Send`); the
// protocol above keeps the two apart.
unsafe impl<I: Send + Sync> Sync for Gate<I> {}

impl<I> Gate<I> {
    pub(crate) fn new(entry_counters: Arc<EntryCounters>, inlet: I, late: Weak<dyn Late>) -> Self {
        Gate {
            entry_counters,
            state: AtomicU8::new(OPEN),
            has_light_fences: can_fence(),
            dropped: AtomicBool::new(false),
            inlet: UnsafeCell::new(Some(inlet)),
            late,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(SeqCst) != OPEN
    }

    /// Lets the caller to the inlet, until the guard is dropped; `None` if the gate is closed.
    #[inline]
    pub(crate) fn enter(&self, stripe: usize) -> Option<Inside<'_, I>> {
        self.enter_as(stripe, false)
    }

    /// As [`enter`](Gate::enter). `is_own`: no other thread uses this stripe.
    // Always inlined, and so is what it calls, since the guard would else be passed through memory (20 instructions).
    #[inline(always)]
    pub(crate) fn enter_as(&self, stripe: usize, is_own: bool) -> Option<Inside<'_, I>> {
        let stripe = &*self.entry_counters.stripes[stripe];
        let light = is_own && self.has_light_fences && stripe.enter_lightly();
        if !light {
            stripe.entered.fetch_add(1, SeqCst);
            total_order();
        }
        let entry = Entry { gate: self, stripe, light };
        if self.is_closed() {
            return None;
        }
        // SAFETY: this thread has entered and will not have left before the guard is dropped, and the gate was open after
        // it entered, so no sweep drops the inlet meanwhile.
        let inlet = self.inlet.with(|inlet| unsafe { &*inlet });
        Some(Inside { inlet: NonNull::from(inlet.as_ref()?), _entry: entry })
    }

    /// Lets no thread in any more, and drops the inlet as soon as those inside have left, unless it ends
    /// [unfenced](Gate::unfenced). Returns whether this call was the first.
    pub(crate) fn close(&self) -> bool {
        let first = self.state.compare_exchange(OPEN, CLOSING, SeqCst, SeqCst).is_ok();
        if first {
            total_order();
            let needs_fence = self.has_light_fences && self.entry_counters.have_light_entries();
            let state = if needs_fence && !heavy_fence() { UNFENCED } else { CLOSED };
            self.state.store(state, SeqCst);
        }
        self.sweep();
        first
    }

    /// The inlet of a gate that was closed without a heavy fence: it stays, and workers do not learn through it that
    /// nothing more will come.
    pub(crate) fn unfenced(&self) -> Option<&I> {
        if self.state.load(SeqCst) != UNFENCED {
            return None;
        }
        // SAFETY: in this state no sweep drops the inlet, and the gate, which does, is borrowed for as long as the result.
        self.inlet.with(|inlet| unsafe { &*inlet }).as_ref()
    }

    /// Whether all have left who can be seen inside. What they pushed is visible then.
    pub(crate) fn is_quiet(&self) -> bool {
        fence(SeqCst);
        self.entry_counters.are_quiet()
    }

    /// Lets no thread in any more and never drops the inlet: this process is a fork, and the threads that may have been
    /// inside, or hold what the drop needs, are not in it.
    pub(crate) fn abandon(&self) {
        self.dropped.store(true, SeqCst);
        self.state.store(CLOSED, SeqCst);
    }

    #[cold]
    fn sweep(&self) {
        fence(SeqCst);
        let state = self.state.load(SeqCst);
        let is_last = state == CLOSED && self.entry_counters.are_quiet();
        if is_last && !self.dropped.swap(true, SeqCst) {
            self.inlet.with_mut(|inlet| {
                // SAFETY: the gate is closed and no thread is inside (see the protocol), and the swap let one thread
                // through; so this is the only reference.
                unsafe { *inlet = None };
            });
        }
        self.late.upgrade().into_iter().for_each(|late| late.surfaced());
    }
}

/// The inlet, for a thread that is inside the gate.
pub(crate) struct Inside<'a, I> {
    /// No reference: it is good until the thread has left, which is before the function that drops this returns, and a
    /// reference would promise more.
    inlet: NonNull<I>,
    _entry: Entry<'a, I>,
}

impl<I> Deref for Inside<'_, I> {
    type Target = I;

    #[inline]
    fn deref(&self) -> &I {
        // SAFETY: the pointer came from a reference when this thread was let in, and it has not left.
        unsafe { self.inlet.as_ref() }
    }
}

/// A thread that is inside the gate; leaves when dropped, also when the push panics.
struct Entry<'a, I> {
    gate: &'a Gate<I>,
    stripe: &'a Stripe,
    /// It counts without locked instructions.
    light: bool,
}

impl<I> Drop for Entry<'_, I> {
    #[inline(always)]
    fn drop(&mut self) {
        let left = &self.stripe.left;
        if self.light {
            left.store(left.load(Relaxed) + 1, Release);
            light_fence();
        } else {
            left.fetch_add(1, SeqCst);
            total_order();
        }
        if self.gate.is_closed() {
            self.gate.sweep();
        }
    }
}

/// For gates without a pool.
#[cfg(test)]
fn unheard() -> Weak<dyn Late> {
    struct Unheard;
    impl Late for Unheard {
        fn surfaced(&self) {}
    }
    Weak::<Unheard>::new()
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod asymmetric;

#[cfg(all(test, loom))]
mod model;
