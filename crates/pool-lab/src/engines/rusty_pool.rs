//! rusty_pool: boxed jobs through a crossbeam channel; the pool can grow, but here it has a fixed size.

use std::time::Duration;

use rusty_pool::{JoinHandle, ThreadPool};

use super::row::Row;
use crate::engine::{Handles, Jobs, Spec, SpecError, Start, Survives, check_threads};

/// Idle threads beyond the core size would end after this; there are none.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

pub(super) fn row() -> Row {
    Row::peer("rusty_pool", "rusty_pool", "one crossbeam channel")
        .jobs::<RustyPool>()
        .survives::<RustyPool>()
        .handles::<RustyPool>()
        .fifo()
        .adapted::<RustyPool>()
}

pub(crate) struct RustyPool {
    pool: ThreadPool,
}

impl Start for RustyPool {
    /// Where the system refuses a thread it panics, and those that it has started stay.
    fn check(spec: &Spec) -> Result<(), SpecError> {
        check_threads(spec)
    }

    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let pool = ThreadPool::new(spec.threads(), spec.threads(), KEEP_ALIVE);
        // Otherwise the first jobs would start the threads.
        pool.start_core_threads();
        Ok(RustyPool { pool })
    }

    fn stop(self) {
        self.pool.shutdown_join();
    }
}

impl Jobs for RustyPool {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.pool.execute(job);
    }
}

impl Survives for RustyPool {}

impl Handles for RustyPool {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> JoinHandle<T> {
        self.pool.evaluate(job)
    }

    fn wait<T: Send + 'static>(&self, handle: JoinHandle<T>) -> T {
        handle.await_complete()
    }
}
