//! What a worker handles besides jobs: one word of signals, read a few times for each pop.
//!
//! While no signal is set, a worker's loop pays for all of them with loads of one cache line that no thread writes.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use crossbeam_utils::CachePadded;

#[derive(Default)]
pub(super) struct Signals(CachePadded<AtomicU32>);

/// A bit of the word.
#[derive(Clone, Copy)]
pub(super) struct Signal(u32);

impl Signal {
    /// Jobs are put aside instead of being run, for the caller of `shutdown_now`.
    pub(super) const GIVES_BACK: Signal = Signal(1);
    /// There are tickets in the side queue.
    pub(super) const SIDE_QUEUE: Signal = Signal(1 << 1);
    /// No job is to be started.
    pub(super) const PAUSED: Signal = Signal(1 << 2);
    /// There are too many workers, or too few.
    pub(super) const WORKERS: Signal = Signal(1 << 3);
    /// As `GIVES_BACK`, from the end of a pause: a job that a worker held during the pause is put aside as well.
    pub(super) const GIVES_BACK_HELD: Signal = Signal(1 << 6);
    /// A mailbox holds mail.
    pub(super) const MAIL: Signal = Signal(1 << 4);
    /// The pool scales itself, or follows the CPU limit, for as long as it lives.
    pub(super) const ADAPTS: Signal = Signal(1 << 5);
    /// This process is a fork of the pool's, and a thread that was in a job is here.
    pub(super) const FORKED: Signal = Signal(1 << 8);
    /// The pool is closed, and the channel will not say so: see `closing`.
    pub(super) const UNFENCED: Signal = Signal(1 << 7);
    /// Submitters wait for room that do not block their threads.
    pub(super) const ROOM: Signal = Signal(1 << 9);
    /// One of two: something would take the room that a pop has made.
    pub(super) const ROOM_OR_SIDE_QUEUE: Signal = Signal(Signal::ROOM.0 | Signal::SIDE_QUEUE.0);
}

impl Signals {
    #[inline]
    pub(super) fn now(&self) -> SignalSet {
        SignalSet(self.0.load(SeqCst))
    }

    /// This process is a fork: no other signal counts any more.
    pub(super) fn forked(&self) {
        self.0.store(Signal::FORKED.0, SeqCst);
    }

    pub(super) fn put(&self, signal: Signal, is_so: bool) {
        if is_so {
            self.0.fetch_or(signal.0, SeqCst);
        } else {
            self.0.fetch_and(!signal.0, SeqCst);
        }
    }
}

/// The signals that were set at some moment.
#[derive(Clone, Copy)]
pub(super) struct SignalSet(u32);

impl SignalSet {
    #[inline]
    pub(super) fn is_nothing(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(super) fn has(self, signal: Signal) -> bool {
        self.0 & signal.0 != 0
    }

    #[inline]
    pub(super) fn or(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 | other.0)
    }
}
