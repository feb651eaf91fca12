//! The gate in front of the inlet: how a pool closes without a lock on the way in.
//!
//! Closing a pool means dropping its inlet, and the inlet must not be dropped under a thread that is pushing. A lock
//! around the inlet would make all submitters share a cache line; the gate makes them share nothing.
//!
//! # Protocol
//!
//! Each submitter has a *stripe*, two counters on a cache line of their own: how many entered and how many left.
//!
//! - **enter**: add one to `entered`; read `closed`; if it is false, the inlet may be used.
//! - **leave**: add one to `left`; read `closed` again, and if it is true, *sweep*.
//! - **close**: set `closed`; sweep.
//! - **sweep**: if on every stripe `left` equals `entered` (read in this order), drop the inlet, unless somebody has.
//!
//! All of these are sequentially consistent, so they have one total order.
//!
//! *Nobody pushes into a dropped inlet.* A sweep that drops has read each stripe after `closed` was set. A submitter that
//! entered before its stripe was read had also left (`left` is read first and never exceeds `entered`, so equality
//! means that nobody was inside in between). A submitter that entered later reads `closed` as true and
//! touches nothing.
//!
//! *Somebody drops it.* Let the last operation in the total order, among setting `closed` and all additions to `left` by
//! those who entered before that, be X. Whoever does X sweeps after it, and finds everything balanced, unless
//! a late submitter is passing by, who then sweeps itself when it leaves.
//!
//! *It is dropped once*, by an atomic swap. What submitters did happens before the drop: each addition to `left` is a
//! release that the sweep's read acquires.
//!
//! The entry counters are also the pool's count of submissions, so counting costs nothing extra.

use std::ops::Deref;

use crossbeam_utils::CachePadded;

use crate::sync::{Arc, AtomicBool, AtomicU64, Ordering::SeqCst, UnsafeCell, total_order};

/// How many stripes the threads outside the pool share.
#[cfg(not(loom))]
pub(crate) const OUTSIDE_STRIPES: usize = 8;
#[cfg(loom)]
pub(crate) const OUTSIDE_STRIPES: usize = 1;

/// The entry counters: some stripes for threads outside, one for each seat, and one that is not counted.
pub(crate) struct Passages {
    stripes: Box<[CachePadded<Stripe>]>,
}

#[derive(Default)]
struct Stripe {
    entered: AtomicU64,
    left: AtomicU64,
}

impl Stripe {
    fn is_quiet(&self) -> bool {
        let left = self.left.load(SeqCst);
        left == self.entered.load(SeqCst)
    }
}

impl Passages {
    pub(crate) fn new(seats: usize) -> Self {
        let stripes = (0..OUTSIDE_STRIPES + seats + 1).map(|_| CachePadded::default()).collect();
        Passages { stripes }
    }

    /// The stripe of the worker in this seat.
    pub(crate) fn of_seat(&self, seat: usize) -> usize {
        OUTSIDE_STRIPES + seat
    }

    /// The stripe of those whose passing is not a submission.
    pub(crate) fn uncounted(&self) -> usize {
        self.stripes.len() - 1
    }

    /// How many submissions have entered.
    pub(crate) fn submitted(&self) -> u64 {
        let counted = &self.stripes[..self.uncounted()];
        counted.iter().map(|stripe| stripe.entered.load(SeqCst)).sum()
    }

    /// Counts a submission to something that has no gate.
    pub(crate) fn enter(&self, stripe: usize) {
        self.stripes[stripe].entered.fetch_add(1, SeqCst);
    }

    fn are_quiet(&self) -> bool {
        self.stripes.iter().all(|stripe| stripe.is_quiet())
    }
}

/// An inlet behind its gate.
pub(crate) struct Gate<I> {
    passages: Arc<Passages>,
    closed: AtomicBool,
    dropped: AtomicBool,
    inlet: UnsafeCell<Option<I>>,
}

// SAFETY: the inlet is shared by reference between threads (`I: Sync`), and dropped by one of them (`I: Send`); the
// protocol above keeps the two apart.
unsafe impl<I: Send + Sync> Sync for Gate<I> {}

impl<I> Gate<I> {
    pub(crate) fn new(passages: Arc<Passages>, inlet: I) -> Self {
        Gate {
            passages,
            closed: AtomicBool::new(false),
            dropped: AtomicBool::new(false),
            inlet: UnsafeCell::new(Some(inlet)),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(SeqCst)
    }

    /// Lets the caller to the inlet, until the guard is dropped; `None` if the gate is closed.
    #[inline]
    pub(crate) fn enter(&self, stripe: usize) -> Option<Inside<'_, I>> {
        let passing = Passing::enter(self, stripe);
        if self.is_closed() {
            return None;
        }
        // SAFETY: this thread has entered and will not have left before the guard is dropped, and the gate was open after
        // it entered, so no sweep drops the inlet meanwhile.
        let inlet = self.inlet.with(|inlet| unsafe { &*inlet });
        Some(Inside { inlet: inlet.as_ref()?, _passing: passing })
    }

    /// Lets nobody in any more, and drops the inlet as soon as those inside have left. Returns whether this call was
    /// the first.
    pub(crate) fn close(&self) -> bool {
        let first = !self.closed.swap(true, SeqCst);
        self.sweep();
        first
    }

    /// Lets nobody in any more and never drops the inlet: this process is a fork, and the threads that may have been
    /// inside, or hold what the drop needs, are not in it.
    pub(crate) fn abandon(&self) {
        self.dropped.store(true, SeqCst);
        self.closed.store(true, SeqCst);
    }

    #[cold]
    fn sweep(&self) {
        total_order();
        if self.passages.are_quiet() && !self.dropped.swap(true, SeqCst) {
            self.inlet.with_mut(|inlet| {
                // SAFETY: the gate is closed and nobody is inside (see the protocol), and the swap let one thread
                // through; so this is the only reference.
                unsafe { *inlet = None };
            });
        }
    }
}

/// The inlet, for a thread that is inside the gate.
pub(crate) struct Inside<'a, I> {
    inlet: &'a I,
    _passing: Passing<'a, I>,
}

impl<I> Deref for Inside<'_, I> {
    type Target = I;

    #[inline]
    fn deref(&self) -> &I {
        self.inlet
    }
}

/// A thread that is inside the gate; leaves when dropped, also when the push panics.
struct Passing<'a, I> {
    gate: &'a Gate<I>,
    stripe: &'a Stripe,
}

impl<'a, I> Passing<'a, I> {
    #[inline]
    fn enter(gate: &'a Gate<I>, stripe: usize) -> Self {
        let stripe = &*gate.passages.stripes[stripe];
        stripe.entered.fetch_add(1, SeqCst);
        total_order();
        Passing { gate, stripe }
    }
}

impl<I> Drop for Passing<'_, I> {
    #[inline]
    fn drop(&mut self) {
        self.stripe.left.fetch_add(1, SeqCst);
        total_order();
        if self.gate.is_closed() {
            self.gate.sweep();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_closed_gate_lets_nobody_in_and_drops_the_inlet_once() {
        let inlet = Arc::new(());
        let passages = Arc::new(Passages::new(1));
        let gate = Gate::new(passages.clone(), inlet.clone());
        drop(gate.enter(0).unwrap());
        drop(gate.enter(passages.uncounted()).unwrap());
        assert_eq!(passages.submitted(), 1);
        assert!(gate.close());
        assert!(!gate.close());
        assert_eq!(Arc::strong_count(&inlet), 1);
        assert!(gate.enter(0).is_none());
        assert_eq!(passages.submitted(), 2, "a submission that is turned away still counts as one");
    }

    #[test]
    fn whoever_is_inside_keeps_the_inlet_alive() {
        let inlet = Arc::new(());
        let gate = Gate::new(Arc::new(Passages::new(0)), inlet.clone());
        let inside = gate.enter(0).unwrap();
        gate.close();
        assert_eq!(Arc::strong_count(&inside), 2);
        drop(inside);
        assert_eq!(Arc::strong_count(&inlet), 1);
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::atomic::AtomicUsize;
    use loom::thread;

    use super::*;

    /// Counts its drops, and fails when it is used after one.
    struct Inlet {
        alive: Arc<AtomicUsize>,
    }

    impl Drop for Inlet {
        fn drop(&mut self) {
            assert_eq!(self.alive.fetch_sub(1, SeqCst), 1);
        }
    }

    #[test]
    fn the_inlet_is_dropped_exactly_once_and_never_under_a_submitter() {
        let mut model = loom::model::Builder::new();
        // Without a bound it takes minutes; each deleted fence is found with two preemptions.
        model.preemption_bound = Some(3);
        model.check(|| {
            let alive = Arc::new(AtomicUsize::new(1));
            let passages = Arc::new(Passages::new(1));
            let gate = Arc::new(Gate::new(passages, Inlet { alive: alive.clone() }));
            let submitters: Vec<_> = (0..2)
                .map(|stripe| {
                    let gate = gate.clone();
                    thread::spawn(move || {
                        if let Some(inlet) = gate.enter(stripe) {
                            assert_eq!(inlet.alive.load(SeqCst), 1);
                        }
                    })
                })
                .collect();
            gate.close();
            for submitter in submitters {
                submitter.join().unwrap();
            }
            assert_eq!(alive.load(SeqCst), 0, "somebody drops the inlet");
        });
    }
}
