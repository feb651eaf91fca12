//! The smallest strategy, for the unit tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::strategy::{Caller, Ends, Inlet, Outlet, Parking, Pop, Push, Search, Strategy};
use crate::{BuildError, Job, Submit};

/// A queue behind a mutex.
pub(crate) struct Fifo;

type Jobs = Arc<Mutex<VecDeque<Job>>>;

pub(crate) struct FifoInlet(Jobs);

impl Inlet for FifoInlet {
    fn push(&self, job: Job, _: Submit, _: Caller) -> Push {
        self.0.lock().unwrap().push_back(job);
        Push::Queued
    }
}

pub(crate) struct FifoOutlet(Jobs);

impl Outlet for FifoOutlet {
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        self.0.lock().unwrap().pop_front().map_or(Pop::Empty, Pop::Job)
    }

    fn has_work(&self) -> bool {
        !self.0.lock().unwrap().is_empty()
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.0.lock().unwrap().drain(..));
    }
}

impl Strategy for Fifo {
    type Inlet = FifoInlet;
    type Outlet = FifoOutlet;
    const NAME: &'static str = "fifo";

    fn open(&self, slots: usize, _: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let jobs = Jobs::default();
        let outlets = (0..slots).map(|_| FifoOutlet(jobs.clone())).collect();
        Ok(Ends { inlet: FifoInlet(jobs.clone()), outlets, spare: FifoOutlet(jobs) })
    }
}
