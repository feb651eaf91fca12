use std::sync::{Arc, Mutex};

use pool_core::strategy::*;
use pool_core::*;

#[derive(Default)]
pub struct Lifo;

type Jobs = Arc<Mutex<Vec<Job>>>;

pub struct LifoInlet(Jobs);

impl Inlet for LifoInlet {
    fn push(&self, job: Job, _: Submit, _: Caller) -> Push {
        self.0.lock().unwrap().push(job);
        Push::Queued
    }
}

pub struct LifoOutlet(Jobs);

impl Outlet for LifoOutlet {
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        self.0.lock().unwrap().pop().map_or(Pop::Empty, Pop::Job)
    }

    fn has_work(&self) -> bool {
        !self.0.lock().unwrap().is_empty()
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.0.lock().unwrap().drain(..).rev());
    }
}

impl Strategy for Lifo {
    type Inlet = LifoInlet;
    type Outlet = LifoOutlet;
    const NAME: &'static str = "lifo";

    fn open(&self, slots: usize, _: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let jobs = Jobs::default();
        let outlets = (0..slots).map(|_| LifoOutlet(jobs.clone())).collect();
        Ok(Ends { inlet: LifoInlet(jobs.clone()), outlets, spare: LifoOutlet(jobs) })
    }
}
