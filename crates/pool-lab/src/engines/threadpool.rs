//! threadpool: boxed jobs through a standard channel whose receiver is behind a mutex.

use threadpool::ThreadPool;

use super::row::Row;
use crate::engine::{Jobs, Spec, SpecError, Start, Survives, check_threads};

pub(super) fn row() -> Row {
    Row::peer("threadpool", "threadpool", "one queue behind a mutex")
        .jobs::<Threadpool>()
        .survives::<Threadpool>()
        .remarks(&[("lifecycle/start-stop", "does not wait until its threads have ended")])
        .fifo()
        .adapted::<Threadpool>()
}

pub(crate) struct Threadpool {
    pool: ThreadPool,
}

impl Start for Threadpool {
    /// Where the system refuses a thread it panics, and those that it has started stay.
    fn check(spec: &Spec) -> Result<(), SpecError> {
        check_threads(spec)
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
