//! A strategy that keeps account of which workers are about to pop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use pool_core::strategy::{Ends, Look, Outlet, Parking, Pop, Search, Strategy};
use pool_core::{BuildError, Job};

use super::deque::{Deque, DequeInlet, DequeOutlet};

/// Whether the worker of a slot is expected to pop.
pub type Expected = Arc<[AtomicBool; SLOTS]>;

/// Slots beyond share an entry with others.
const SLOTS: usize = 32;

/// A deque whose outlets keep account of it.
pub struct Watched {
    pub deque: Deque,
    pub expected: Expected,
}

pub struct WatchedHead {
    head: DequeOutlet,
    expected: Expected,
    slot: usize,
}

impl Outlet for WatchedHead {
    fn pop(&mut self, search: &mut Search<'_>) -> Pop {
        self.expected[self.slot % SLOTS].store(true, SeqCst);
        self.head.pop(search)
    }

    fn has_work(&self) -> bool {
        self.head.has_work()
    }

    fn look(&mut self) -> Look {
        self.head.look()
    }

    fn turn_away(&mut self) {
        self.expected[self.slot % SLOTS].store(false, SeqCst);
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        self.head.drain(jobs);
    }
}

impl Strategy for Watched {
    type Inlet = DequeInlet;
    type Outlet = WatchedHead;
    const NAME: &'static str = "watched";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let ends = self.deque.open(slots, parking)?;
        let watched = |head, slot| WatchedHead { head, expected: self.expected.clone(), slot };
        let outlets = ends.outlets.into_iter().enumerate().map(|(slot, head)| watched(head, slot)).collect();
        // Nobody is at the spare one, which is for draining.
        Ok(Ends { inlet: ends.inlet, outlets, spare: watched(ends.spare, 0) })
    }
}
