//! Waiting until a pool is at rest.
//!
//! A thread in [`Quiescence::wait`] must learn that the last job has finished without each job asking whether
//! a thread waits. A worker therefore asks only when it is about to park:
//!
//! - waiter: announce (`watchers += 1`); fence; look at the counters; if not at rest, sleep.
//! - worker: count the job; ...; about to wait: fence; read `watchers`; if any, look at the counters; if at rest, wake.
//!
//! With sequentially consistent fences on both sides, either the worker sees the announcement or the waiter sees the
//! count; of two workers that finish at once, the one whose fence comes later sees both counts. A thread that ends a job
//! without being a worker (a cancellation, a rejection) settles at once in the same way.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::sync::{AtomicUsize, Condvar, Mutex, Ordering::SeqCst, fence, lock};

#[derive(Default)]
pub(crate) struct Quiescence {
    watchers: AtomicUsize,
    lock: Mutex<()>,
    reached: Condvar,
}

impl Quiescence {
    /// Waits until `is_at_rest`, at most this long. Returns whether that was so at some moment.
    pub(crate) fn wait(&self, limit: Option<Duration>, is_at_rest: impl Fn() -> bool) -> bool {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        self.watchers.fetch_add(1, SeqCst);
        fence(SeqCst);
        let mut guard = lock(&self.lock);
        let at_rest = loop {
            if is_at_rest() {
                break true;
            }
            guard = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.reached.wait(guard).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => break false,
                Some(left) => {
                    self.reached.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        };
        drop(guard);
        self.watchers.fetch_sub(1, SeqCst);
        at_rest
    }

    /// This process is a fork: the threads that waited are not in it, and may have left the lock locked.
    #[cfg(not(loom))]
    pub(crate) fn forked(&self) {
        self.watchers.store(0, SeqCst);
    }

    /// Wakes the waiters, if there are any and this is so.
    pub(crate) fn settle(&self, is_at_rest: impl FnOnce() -> bool) {
        fence(SeqCst);
        if self.watchers.load(SeqCst) != 0 && is_at_rest() {
            // The lock is what a watcher holds between looking and sleeping.
            drop(lock(&self.lock));
            self.reached.notify_all();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn in_a_forked_child_the_lock_is_not_taken() {
        let quiescence = Quiescence::default();
        // As a thread has left it that is not here any more.
        quiescence.watchers.store(1, SeqCst);
        let _locked = lock(&quiescence.lock);
        quiescence.forked();
        quiescence.settle(|| true);
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use super::*;
    use crate::sync::Ordering::{Acquire, Release};
    use crate::sync::model::bounded;
    use crate::sync::{AtomicU64, thread};

    #[test]
    fn a_waiter_learns_of_the_last_of_two_jobs() {
        bounded(3, || {
            let pool = Arc::new((Quiescence::default(), [AtomicU64::new(0), AtomicU64::new(0)]));
            let is_at_rest = |ended: &[AtomicU64; 2]| {
                ended.iter().map(|counters| counters.load(Acquire)).sum::<u64>() == 2
            };
            let workers = [0, 1].map(|index| {
                let pool = pool.clone();
                thread::spawn(move || {
                    let (quiescence, ended) = &*pool;
                    ended[index].store(1, Release);
                    quiescence.settle(|| is_at_rest(ended));
                })
            });
            assert!(pool.0.wait(None, || is_at_rest(&pool.1)));
            workers.into_iter().for_each(|worker| worker.join().unwrap());
        });
    }
}
