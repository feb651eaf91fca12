use std::sync::{Arc, Mutex};

use pool_core::strategy::{Caller, Ends, Inlet, Outlet, Parking, Pop, Push, Search, Strategy};
use pool_core::{BuildError, Job, Submit};
use pool_lab::engine::Spec;
use pool_lab::engines::FromSpec;

/// The newest job first.
pub struct Stack;

#[derive(Clone, Default)]
pub struct Jobs(Arc<Mutex<Vec<Job>>>);

impl Strategy for Stack {
    type Inlet = Jobs;
    type Outlet = Jobs;
    const NAME: &'static str = "stack";

    fn open(&self, slots: usize, _: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        let jobs = Jobs::default();
        Ok(Ends { inlet: jobs.clone(), outlets: vec![jobs.clone(); slots], spare: jobs })
    }
}

impl FromSpec for Stack {
    fn from_spec(_: &Spec) -> Self {
        Stack
    }
}

impl Inlet for Jobs {
    fn push(&self, job: Job, _: Submit, _: Caller) -> Push {
        self.0.lock().unwrap().push(job);
        Push::Queued
    }
}

impl Outlet for Jobs {
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        self.0.lock().unwrap().pop().map_or(Pop::Empty, Pop::Job)
    }

    fn has_work(&self) -> bool {
        !self.0.lock().unwrap().is_empty()
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.append(&mut self.0.lock().unwrap());
    }
}
