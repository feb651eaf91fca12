//! tokio's pool for blocking work, limited to N threads.

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::row::Row;
use crate::engine::{Handles, Jobs, Spec, SpecError, Start, Survives};

pub(super) fn row() -> Row {
    Row::peer("tokio-blocking", "tokio", "one queue behind a mutex (`spawn_blocking`)")
        .jobs::<TokioBlocking>()
        .survives::<TokioBlocking>()
        .handles::<TokioBlocking>()
        .fifo()
        .adapted::<TokioBlocking>()
}

pub(crate) struct TokioBlocking {
    runtime: Runtime,
}

impl Start for TokioBlocking {
    /// The scheduler itself has no thread, as it has nothing to do.
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let runtime = Builder::new_current_thread().max_blocking_threads(spec.threads()).build();
        Ok(TokioBlocking { runtime: runtime.map_err(|error| spec.build_error(error))? })
    }

    /// Dropping a runtime waits for its threads.
    fn stop(self) {}
}

impl Jobs for TokioBlocking {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        drop(self.runtime.spawn_blocking(job));
    }
}

impl Survives for TokioBlocking {}

impl Handles for TokioBlocking {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> JoinHandle<T> {
        self.runtime.spawn_blocking(job)
    }

    fn wait<T: Send + 'static>(&self, handle: JoinHandle<T>) -> T {
        self.runtime.block_on(handle).expect("a workload's jobs neither panic nor are they cancelled")
    }
}
