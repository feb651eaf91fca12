//! A shared pool is a pool.

use std::sync::Arc;
use std::time::Duration;

use super::{Pool, PoolState, Shutdown};
use crate::adapter::PoolContext;
use crate::unsupported::{ResizeError, Unsupported};
use crate::{Job, Rejected, Stats, Submit, Timings};

impl<P: Pool + ?Sized> Pool for Arc<P> {
    fn submit(&self, job: Job, submit: Submit) -> Result<(), Rejected> {
        (**self).submit(job, submit)
    }

    fn join_erased(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        (**self).join_erased(a, b)
    }

    fn context(&self) -> &Arc<PoolContext> {
        (**self).context()
    }

    fn state(&self) -> PoolState {
        (**self).state()
    }

    fn shutdown(&self) -> Shutdown {
        (**self).shutdown()
    }

    fn shutdown_now(&self) -> (Vec<Job>, Shutdown) {
        (**self).shutdown_now()
    }

    fn shutdown_timeout(&self, limit: Duration) -> Result<Shutdown, Unsupported> {
        (**self).shutdown_timeout(limit)
    }

    fn shutdown_now_timeout(&self, limit: Duration) -> Result<(Vec<Job>, Shutdown), Unsupported> {
        (**self).shutdown_now_timeout(limit)
    }

    fn cancel_running(&self) -> usize {
        (**self).cancel_running()
    }

    fn pause(&self) -> Result<(), Unsupported> {
        (**self).pause()
    }

    fn resume(&self) -> Result<(), Unsupported> {
        (**self).resume()
    }

    fn resize(&self, threads: usize) -> Result<(), ResizeError> {
        (**self).resize(threads)
    }

    fn submit_to(&self, worker: usize, job: Job) -> Result<(), Rejected> {
        (**self).submit_to(worker, job)
    }

    fn submit_keyed(&self, key: u64, job: Job) -> Result<(), Rejected> {
        (**self).submit_keyed(key, job)
    }

    fn present_workers(&self) -> Vec<usize> {
        (**self).present_workers()
    }

    fn threads(&self) -> usize {
        (**self).threads()
    }

    fn stats(&self) -> Stats {
        (**self).stats()
    }

    fn timings(&self) -> Option<Timings> {
        (**self).timings()
    }

    fn wait_idle(&self, limit: Option<Duration>) -> bool {
        (**self).wait_idle(limit)
    }
}
