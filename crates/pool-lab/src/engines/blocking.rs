//! blocking: the pool of the process for blocking jobs, which starts threads as jobs queue, here N at most.

use std::num::NonZeroUsize;

use blocking::{Task, set_max_blocking_threads, unblock};
use futures_lite::future::block_on;

use super::row::Row;
use crate::engine::{Handles, Spec, SpecError, Start};

pub(super) fn row() -> Row {
    Row::peer("blocking", "blocking", "one queue behind a mutex, for the whole process, as in smol")
        .handles::<Blocking>()
        .not_a_pool("there is one for the whole process, which does not stop")
}

pub(crate) struct Blocking;

impl Start for Blocking {
    /// It starts threads as jobs come, and ends those that have been idle for half a second.
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        set_max_blocking_threads(NonZeroUsize::new(spec.threads()).expect("a spec has at least one thread"));
        Ok(Blocking)
    }

    fn stop(self) {}
}

impl Handles for Blocking {
    type Handle<T: Send + 'static> = Task<T>;

    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> Task<T> {
        unblock(job)
    }

    fn wait<T: Send + 'static>(&self, handle: Task<T>) -> T {
        block_on(handle)
    }
}
