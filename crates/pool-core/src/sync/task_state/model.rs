//! Who has the closure and who the result.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread::{self, Thread};

use super::*;

/// A job whose closure and result are one value, to be touched by one at a time.
struct Job {
    state: TaskState<Thread>,
    value: UnsafeCell<usize>,
}

impl Job {
    fn new() -> Arc<Self> {
        Arc::new(Job { state: TaskState::uncounted(), value: UnsafeCell::new(1) })
    }

    fn run(&self) -> bool {
        if self.state.claim().is_err() {
            return false;
        }
        // SAFETY: it is claimed.
        self.value.with_mut(|value| unsafe { *value += 1 });
        let (seen, waiter) = self.state.finish();
        if seen.is_detached() {
            // SAFETY: it was detached before it was done.
            self.value.with_mut(|value| unsafe { *value = 0 });
            self.state.discard();
        }
        if let Some(thread) = waiter {
            thread.unpark();
        }
        true
    }

    fn join(&self) -> usize {
        loop {
            if self.state.take().is_ok() {
                // SAFETY: it was taken.
                return self.value.with(|value| unsafe { *value });
            }
            let (seen, _) = self.state.wait(thread::current());
            if seen.is_left_alone() {
                assert!(self.run());
            } else if !seen.has_ended() {
                thread::park();
            }
        }
    }
}

#[test]
fn it_runs_once_and_the_waiter_has_the_result() {
    loom::model(|| {
        let job = Job::new();
        let workers = [(); 2].map(|()| {
            let job = job.clone();
            thread::spawn(move || job.run())
        });
        assert_eq!(job.join(), 2);
        let ran = workers.map(|worker| worker.join().unwrap());
        assert_eq!(ran.iter().filter(|ran| **ran).count(), 1);
    });
}

#[test]
fn a_waiter_that_is_taking_its_place_again_learns_of_the_end() {
    let check = |end: fn(&Job)| {
        loom::model(move || {
            let job = Job::new();
            // As after a wake-up for no reason.
            job.state.wait(thread::current());
            let other = job.clone();
            // Not joined: loom takes an unpark of a thread that waits in a join for the end of that join.
            thread::spawn(move || end(&other));
            assert_eq!(job.join(), 2);
        })
    };
    check(|job| assert!(job.run()));
    check(|job| job.state.orphan().into_iter().for_each(|thread| thread.unpark()));
}

#[test]
fn an_orphan_is_run_by_its_waiter() {
    loom::model(|| {
        let job = Job::new();
        let pool = thread::spawn({
            let job = job.clone();
            move || {
                if let Some(thread) = job.state.orphan() {
                    thread.unpark();
                }
            }
        });
        assert_eq!(job.join(), 2);
        pool.join().unwrap();
    });
}

#[test]
fn a_detached_result_is_dropped_by_the_second_to_come() {
    loom::model(|| {
        let job = Job::new();
        let worker = thread::spawn({
            let job = job.clone();
            move || job.run()
        });
        if job.state.detach().is_done() {
            // SAFETY: it was done before it was detached.
            job.value.with_mut(|value| unsafe { *value = 0 });
            job.state.discard();
        }
        worker.join().unwrap();
        // SAFETY: the only other thread has ended.
        assert_eq!(job.value.with(|value| unsafe { *value }), 0);
    });
}

/// As in the first, but the worker comes first, so that the result is there before anyone waits. (loom looks at a job that ends
/// between two accesses of one thread, not at one that has ended before the first.)
#[test]
fn a_waiter_that_comes_when_the_job_is_done_has_the_result() {
    loom::model(|| {
        let job = Job::new();
        let joiner = thread::spawn({
            let job = job.clone();
            move || job.join()
        });
        job.run();
        assert_eq!(joiner.join().unwrap(), 2);
    });
}

#[test]
fn a_thread_that_sees_the_end_sees_what_the_job_has_done() {
    loom::model(|| {
        let job = Job::new();
        let instrumentation = thread::spawn({
            let job = job.clone();
            move || {
                if job.state.look().has_ended() {
                    // SAFETY: no thread writes any more.
                    assert_eq!(job.value.with(|value| unsafe { *value }), 2);
                }
            }
        });
        assert!(job.run());
        instrumentation.join().unwrap();
    });
}

/// The thread that claims the job counts it, unless the pool has handed it back before; then the pool has.
#[test]
fn a_job_that_is_handed_back_counts_once() {
    loom::model(|| {
        let job = Arc::new(TaskState::<Thread>::counted());
        let claimer = thread::spawn({
            let job = job.clone();
            move || job.claim().is_ok_and(TaskSnapshot::is_counted)
        });
        let seen = job.count_no_more();
        let counted_here = seen.is_queued();
        assert_ne!(claimer.join().unwrap(), counted_here);
        assert!(!job.look().is_counted());
    });
}

/// The second ticket of a job is the pool's, and leaves alone what the pool has handed back.
#[test]
fn a_job_that_is_handed_back_is_not_run_by_its_second_ticket() {
    loom::model(|| {
        let job = Arc::new(TaskState::<Thread>::counted());
        let worker = thread::spawn({
            let job = job.clone();
            move || job.claim_counted()
        });
        let was_queued = job.count_no_more().is_queued();
        assert_ne!(worker.join().unwrap(), was_queued);
    });
}
