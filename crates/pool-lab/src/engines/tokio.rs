//! tokio's scheduler of tasks: a job is a task that never waits.

use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use super::row::Row;
use crate::engine::{Handles, Jobs, Spec, SpecError, Start, Survives, check_threads};

pub(super) fn row() -> Row {
    Row::peer("tokio", "tokio", "work stealing of tasks (`spawn`)")
        .jobs::<Tokio>()
        .survives::<Tokio>()
        .handles::<Tokio>()
        // A task that a worker spawns may lie in that worker's own slot, from which others cannot steal it.
        .may_hold_jobs_back()
        .adapted::<Tokio>()
}

pub(crate) struct Tokio {
    runtime: Runtime,
}

impl Tokio {
    /// Runs a task on a worker, and waits for it.
    pub(super) fn run<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> T {
        let task = self.runtime.spawn(task);
        self.runtime.block_on(task).expect("a workload's tasks neither panic nor are they cancelled")
    }
}

impl Start for Tokio {
    /// Where the system refuses a thread `build` panics, and then waits without end for those that it has started.
    fn check(spec: &Spec) -> Result<(), SpecError> {
        check_threads(spec)
    }

    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let runtime = Builder::new_multi_thread().worker_threads(spec.threads()).build();
        Ok(Tokio { runtime: runtime.map_err(|error| spec.build_error(error))? })
    }

    /// Dropping a runtime waits for its workers. On a worker of another runtime it is not allowed, so there a
    /// thread is made for it.
    fn stop(self) {
        if Handle::try_current().is_ok() {
            // A runtime that panicked while it stopped has stopped.
            let _ = thread::spawn(move || drop(self.runtime)).join();
        }
    }
}

impl Jobs for Tokio {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        drop(self.runtime.spawn(async move { job() }));
    }
}

impl Survives for Tokio {}

impl Handles for Tokio {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> JoinHandle<T> {
        self.runtime.spawn(async move { job() })
    }

    fn wait<T: Send + 'static>(&self, handle: JoinHandle<T>) -> T {
        self.runtime.block_on(handle).expect("a workload's jobs neither panic nor are they cancelled")
    }
}
