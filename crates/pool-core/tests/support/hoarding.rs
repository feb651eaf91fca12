//! A strategy whose workers hold jobs that nobody else sees.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use pool_core::strategy::{Ends, Outlet, Parking, Pop, Search, Strategy};
use pool_core::{BuildError, Job};

use super::deque::{Deque, DequeInlet, DequeOutlet, End};

/// A deque of whose jobs a worker takes two at a time. Nobody sees the second before the worker has left.
pub struct Hoarding;

pub struct Hoarder {
    head: DequeOutlet,
    second: Option<Job>,
    left: Arc<Mutex<VecDeque<Job>>>,
}

impl Outlet for Hoarder {
    fn pop(&mut self, search: &mut Search<'_>) -> Pop {
        if let Some(job) = self.second.take().or_else(|| self.left.lock().unwrap().pop_front()) {
            return Pop::Job(job);
        }
        let popped = self.head.pop(search);
        if let Pop::Job(_) = popped
            && let Pop::Job(second) = self.head.pop(search)
        {
            self.second = Some(second);
        }
        popped
    }

    fn has_work(&self) -> bool {
        !self.left.lock().unwrap().is_empty() || self.head.has_work()
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.second.take());
        jobs.extend(self.left.lock().unwrap().drain(..));
        self.head.drain(jobs);
    }

    fn detach(&mut self) {
        self.left.lock().unwrap().extend(self.second.take());
    }
}

impl Strategy for Hoarding {
    type Inlet = DequeInlet;
    type Outlet = Hoarder;
    const NAME: &'static str = "hoarding";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let ends = Deque::taking_from(End::Oldest).open(slots, parking)?;
        let left = Arc::default();
        let hoarder = |head| Hoarder { head, second: None, left: Arc::clone(&left) };
        let spare = hoarder(ends.spare);
        Ok(Ends { inlet: ends.inlet, outlets: ends.outlets.into_iter().map(hoarder).collect(), spare })
    }
}
