//! The part of a fork's frame that thieves know, and how it passes from its owner to a thief: see [`frame`](crate::frame).

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use crate::sync::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

/// The part of a frame that is the same for all types.
pub(crate) struct Header {
    /// Runs the closure of the frame that this header is the first field of, and stores the result.
    run: unsafe fn(NonNull<Header>),
    /// Written by the thief.
    stolen_by: UnsafeCell<MaybeUninit<StolenBy>>,
}

impl Header {
    /// `run` runs the closure of the frame that begins with this, and stores the result.
    #[inline(always)]
    pub(crate) fn new(run: unsafe fn(NonNull<Header>)) -> Self {
        Header { run, stolen_by: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// The frame as its owner sees it, once it is stolen.
    ///
    /// # Safety
    ///
    /// The owner has found, under the stack's lock, that the frame was stolen.
    pub(crate) unsafe fn stolen(&self) -> Stolen<'_> {
        // SAFETY: the thief writes it before it lets go of the lock, and only once.
        let stolen_by = unsafe { &*self.stolen_by.get() };
        // SAFETY: as above.
        Stolen(unsafe { stolen_by.assume_init_ref() })
    }

    /// The end of the frame: fails if the thief may touch it afterwards.
    #[cfg(loom)]
    pub(crate) fn end(&mut self) {
        // SAFETY: the frame was stolen, says the caller, which a model may.
        let stolen_by = unsafe { self.stolen_by.get_mut().assume_init_mut() };
        stolen_by.latch.with_mut(|latch| assert_eq!(*latch, DONE));
    }
}

struct StolenBy {
    latch: AtomicU32,
    /// The thief's slot.
    thief: usize,
}

/// What a latch says.
const PENDING: u32 = 0;
/// The owner is parked, or about to be.
const AWAITED: u32 = 1;
const DONE: u32 = 2;

/// A stolen frame, as its owner sees it.
#[derive(Clone, Copy)]
pub(crate) struct Stolen<'a>(&'a StolenBy);

impl Stolen<'_> {
    /// Whether the thief has run it.
    pub(crate) fn is_done(self) -> bool {
        self.0.latch.load(Acquire) == DONE
    }

    /// Has the owner unparked when it is done.
    pub(crate) fn await_done(self) {
        // If this fails, it is done, or was announced before.
        let _ = self.0.latch.compare_exchange(PENDING, AWAITED, Relaxed, Relaxed);
    }

    pub(crate) fn thief(self) -> usize {
        self.0.thief
    }
}

/// A frame in the hands of its thief.
#[must_use = "its owner waits for it"]
pub(crate) struct TakenFrame(NonNull<Header>);

impl TakenFrame {
    /// Takes possession.
    ///
    /// # Safety
    ///
    /// The pointer comes from [`Frame::as_ptr`](crate::frame::Frame::as_ptr), the split stack hands it to the caller, and its lock is held.
    pub(crate) unsafe fn new(frame: *mut Header, thief: usize) -> Option<Self> {
        let frame = NonNull::new(frame)?;
        // SAFETY: the frame's owner does not leave it before the latch is set.
        let header = unsafe { frame.as_ref() };
        // SAFETY: the owner looks at it under the same lock, later.
        unsafe { (*header.stolen_by.get()).write(StolenBy { latch: AtomicU32::new(PENDING), thief }) };
        Some(TakenFrame(frame))
    }

    /// Runs the closure and sets the latch. Returns whether the owner has to be unparked.
    pub(crate) fn run(self) -> bool {
        // SAFETY: the owner does not leave the frame before the latch is set.
        let header = unsafe { self.0.as_ref() };
        // SAFETY: the frame is the thief's, and since `self` is consumed, it was not run.
        unsafe { (header.run)(self.0) };
        let stolen_by = header.stolen_by.get().cast::<StolenBy>();
        // SAFETY: `TakenFrame::new` wrote it. There is no reference to more than the latch, since the rest may vanish under it.
        let latch = unsafe { &(*stolen_by).latch };
        // The last touch.
        latch.swap(DONE, Release) == AWAITED
    }
}
