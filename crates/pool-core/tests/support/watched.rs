//! A strategy that keeps account of which workers are about to pop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use pool_core::strategy::{Ends, Look, Outlet, Parking, Pop, Search, Strategy};
use pool_core::{BuildError, Job};

use super::deque::{Deque, Head, Tail};

/// Whether the worker of a seat is expected to pop.
pub type Expected = Arc<[AtomicBool; SEATS]>;

/// Seats beyond share an entry with others.
const SEATS: usize = 32;

/// A deque whose outlets keep account of it.
pub struct Watched {
    pub deque: Deque,
    pub expected: Expected,
}

pub struct WatchedHead {
    head: Head,
    expected: Expected,
    seat: usize,
}

impl Outlet for WatchedHead {
    fn pop(&mut self, search: &mut Search<'_>) -> Pop {
        self.expected[self.seat % SEATS].store(true, SeqCst);
        self.head.pop(search)
    }

    fn has_work(&self) -> bool {
        self.head.has_work()
    }

    fn look(&mut self) -> Look {
        self.head.look()
    }

    fn turn_away(&mut self) {
        self.expected[self.seat % SEATS].store(false, SeqCst);
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        self.head.drain(jobs);
    }
}

impl Strategy for Watched {
    type Inlet = Tail;
    type Outlet = WatchedHead;
    const NAME: &'static str = "watched";

    fn open(&self, seats: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let ends = self.deque.open(seats, parking)?;
        let watched = |head, seat| WatchedHead { head, expected: self.expected.clone(), seat };
        let outlets = ends.outlets.into_iter().enumerate().map(|(seat, head)| watched(head, seat)).collect();
        // Nobody sits at the spare one, which is for draining.
        Ok(Ends { inlet: ends.inlet, outlets, spare: watched(ends.spare, 0) })
    }
}
