//! A pool at work, and what its workers are at.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use pool_core::adapter::PoolContext;
use pool_core::{JobInfo, JobOutcome, Observer};

use crate::engine::Watcher;

/// What a worker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It runs a job, or half of a join.
    Runs,
    /// It looks for work, or runs what is no job: a join that began outside, a message of the pool.
    Awake,
    /// It sleeps.
    Sleeps,
}

/// Knows the pool that was started last, and what each worker is at.
pub(super) struct Watched {
    pool: Mutex<Option<Arc<PoolContext>>>,
    workers: Box<[Worker]>,
}

/// Written by the worker alone.
#[derive(Default)]
struct Worker {
    /// Jobs that it runs, in each other.
    running: AtomicU32,
    sleeps: AtomicBool,
}

impl Watched {
    pub(super) fn new(workers: usize) -> Self {
        Watched { pool: Mutex::default(), workers: (0..workers).map(|_| Worker::default()).collect() }
    }

    pub(super) fn pool(&self) -> Option<Arc<PoolContext>> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What each worker is at.
    pub(super) fn states(&self) -> Vec<State> {
        let state = |worker: &Worker| match (worker.sleeps.load(Relaxed), worker.running.load(Relaxed)) {
            (true, _) => State::Sleeps,
            (false, 0) => State::Awake,
            (false, _) => State::Runs,
        };
        self.workers.iter().map(state).collect()
    }

    fn begin(&self, worker: Option<usize>) {
        if let Some(worker) = worker.and_then(|worker| self.workers.get(worker)) {
            worker.running.store(worker.running.load(Relaxed) + 1, Relaxed);
        }
    }

    fn end(&self, worker: Option<usize>) {
        if let Some(worker) = worker.and_then(|worker| self.workers.get(worker)) {
            worker.running.store(worker.running.load(Relaxed).saturating_sub(1), Relaxed);
        }
    }

    fn set_asleep(&self, worker: usize, sleeps: bool) {
        if let Some(worker) = self.workers.get(worker) {
            worker.sleeps.store(sleeps, Relaxed);
        }
    }
}

impl Watcher for Watched {
    fn started(&self, pool: &Arc<PoolContext>) {
        *self.pool.lock().unwrap_or_else(PoisonError::into_inner) = Some(pool.clone());
    }
}

impl Observer for Watched {
    fn before_job(&self, job: JobInfo<'_>) {
        self.begin(job.worker);
    }

    fn after_job(&self, job: JobInfo<'_>, _: JobOutcome) {
        self.end(job.worker);
    }

    fn before_fork(&self, worker: usize) {
        self.begin(Some(worker));
    }

    fn after_fork(&self, worker: usize) {
        self.end(Some(worker));
    }

    fn before_park(&self, worker: usize) {
        self.set_asleep(worker, true);
    }

    fn after_park(&self, worker: usize) {
        self.set_asleep(worker, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_runs_until_its_outermost_work_has_ended() {
        let watched = Watched::new(2);
        assert_eq!(watched.states(), [State::Awake, State::Awake]);
        watched.before_park(0);
        watched.before_fork(1);
        watched.begin(Some(1));
        watched.end(Some(1));
        // A thread outside, and a worker that came later.
        watched.begin(None);
        watched.begin(Some(2));
        assert_eq!(watched.states(), [State::Sleeps, State::Runs]);
        watched.after_park(0);
        watched.after_fork(1);
        assert_eq!(watched.states(), [State::Awake, State::Awake]);
    }
}
