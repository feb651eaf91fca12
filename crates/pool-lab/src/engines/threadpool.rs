//! threadpool: boxed jobs through a standard channel whose receiver is behind a mutex.

use threadpool::ThreadPool;

use crate::adapter;
use crate::engine::{self, Engine, Jobs, Start, Survives};
use crate::spec::{Spec, SpecError};

pub(crate) fn entry() -> Engine {
    Engine::new("threadpool", env!("VERSION_THREADPOOL"), "one queue behind a mutex")
        .jobs::<Threadpool>()
        .survives::<Threadpool>()
        .remarks(&[("lifecycle/start-stop", "does not wait until its threads have ended")])
        .pool(adapter::build::<Threadpool>)
}

pub(crate) struct Threadpool {
    pool: ThreadPool,
}

impl Start for Threadpool {
    /// Where the system refuses a thread it panics, and those that it has started stay.
    fn check(spec: &Spec) -> Result<(), SpecError> {
        engine::check_threads(spec)
    }

    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(Threadpool { pool: ThreadPool::new(spec.threads()) })
    }

    /// `join` waits for the jobs; the threads end soon after the drop.
    fn stop(self) {
        self.pool.join();
    }
}

impl Jobs for Threadpool {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.pool.execute(job);
    }
}

impl Survives for Threadpool {}
