//! tokio's scheduler of tasks, driven from one of its own workers: jobs are spawned and awaited there, as in most programs
//! that use it, and not from a foreign thread.

use std::sync::Arc;

use super::row::Row;
use super::tokio::Tokio;
use crate::engine::{Spec, SpecError, Start};
use crate::workload::{Failure, Watch, Workload, check};
use crate::workloads::spawn_handle::Handle;

pub(super) fn row() -> Row {
    Row::peer("tokio-worker", "tokio", "work stealing of tasks, spawned and awaited by a task")
        .does::<TokioWorker, Handle>()
        .remarks(&[("spawn/handle", "the spawning and waiting thread is one of the workers")])
        .not_a_pool("it is `tokio`, driven from inside")
}

struct TokioWorker(Tokio);

impl Start for TokioWorker {
    fn check(spec: &Spec) -> Result<(), SpecError> {
        Tokio::check(spec)
    }

    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Tokio::start(spec).map(TokioWorker)
    }

    fn stop(self) {
        self.0.stop();
    }
}

impl Workload<TokioWorker> for Handle {
    fn iterate(&mut self, engine: &Arc<TokioWorker>, watch: &mut Watch) -> Result<(), Failure> {
        let jobs = self.jobs;
        let task = async move {
            let tasks: Vec<_> = (0..jobs).map(|i| tokio::spawn(async move { i })).collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.expect("the tasks neither panic nor are they cancelled");
            }
            sum
        };
        // With the way to the worker and back, once for all jobs.
        let sum = watch.run(|| engine.0.run(task));
        check(sum, jobs * (jobs - 1) / 2)
    }
}
