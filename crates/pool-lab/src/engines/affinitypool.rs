//! affinitypool: a queue of several shards for blocking jobs. A job whose future is dropped is cancelled, so it has no detached
//! jobs.

use std::future::Future;
use std::pin::Pin;

use affinitypool::Threadpool;
use futures_lite::future::block_on;

use super::row::Row;
use crate::engine::{Handles, Spec, SpecError, Start, check_threads};

pub(super) fn row() -> Row {
    Row::peer("affinitypool", "affinitypool", "a lock-free queue in shards, a shard a producer")
        .handles::<AffinityPool>()
        .remarks(&[("spawn/handle", "its future has no name, so that each is boxed here")])
        .not_a_pool("it has no detached jobs: a job whose future is dropped is cancelled")
}

pub(crate) struct AffinityPool {
    pool: Threadpool,
}

impl Start for AffinityPool {
    /// Where the system refuses a thread it panics, and those that it has started stay.
    fn check(spec: &Spec) -> Result<(), SpecError> {
        check_threads(spec)
    }

    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(AffinityPool { pool: Threadpool::new(spec.threads()) })
    }

    /// Dropping the pool joins its threads.
    fn stop(self) {}
}

impl Handles for AffinityPool {
    type Handle<T: Send + 'static> = Pin<Box<dyn Future<Output = T> + Send>>;

    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> Self::Handle<T> {
        Box::pin(self.pool.spawn(job))
    }

    fn wait<T: Send + 'static>(&self, handle: Self::Handle<T>) -> T {
        block_on(handle)
    }
}
