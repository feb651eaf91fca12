//! No pool at all: every job gets a thread of its own.

use std::thread::{self, JoinHandle};

use super::row::Row;
use crate::engine::{Handles, Jobs, MadeOf, Scopes, Spec, SpecError, Start};

pub(super) fn row() -> Row {
    Row::baseline("thread-per-job", MadeOf::Std, "no pool: std::thread for every job")
        .jobs::<ThreadPerJob>()
        .handles::<ThreadPerJob>()
        .scopes::<ThreadPerJob>()
        .slow_jobs()
        .not_a_pool("it does not limit how many jobs run at once")
}

pub(crate) struct ThreadPerJob;

impl Start for ThreadPerJob {
    /// The number of threads has no meaning here.
    fn start(_: &Spec) -> Result<Self, SpecError> {
        Ok(ThreadPerJob)
    }

    fn stop(self) {}
}

impl Jobs for ThreadPerJob {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        drop(self.spawn(job));
    }
}

impl Handles for ThreadPerJob {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> JoinHandle<T> {
        // Panics when the system has no more threads, and the workload becomes an error row.
        thread::spawn(job)
    }

    fn wait<T: Send + 'static>(&self, handle: JoinHandle<T>) -> T {
        handle.join().expect("a workload's jobs do not panic")
    }
}

impl Scopes for ThreadPerJob {
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F) {
        let job = &job;
        thread::scope(|scope| {
            for i in 0..jobs {
                scope.spawn(move || job(i));
            }
        });
    }
}
