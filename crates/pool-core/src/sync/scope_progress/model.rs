//! How a scope ends, and that a thread that waits for it learns of it.

use loom::cell::UnsafeCell;
use loom::sync::Arc;

use super::*;
use crate::sync::Ordering::AcqRel;
use crate::sync::model::bounded;

/// A scope whose queue is a number of jobs.
struct Model {
    progress: Progress,
    queue: AtomicUsize,
    /// Jobs that have run.
    ran: AtomicUsize,
    /// What the jobs borrow.
    borrowed: UnsafeCell<u32>,
}

impl Progress {
    /// Counts a job and has `push` put it in the queue. Returns whether the caller is to send a ticket.
    fn push(&self, at_home: bool, push: impl FnOnce()) -> bool {
        self.begin(at_home);
        push();
        self.pushed(at_home)
    }
}

impl Model {
    fn new(workers: usize) -> Arc<Self> {
        Model::of(Progress::new(workers, false))
    }

    /// The scope of a worker.
    fn of_worker(workers: usize) -> Arc<Self> {
        Model::of(Progress::new(workers, true))
    }

    fn of(progress: Progress) -> Arc<Self> {
        let [queue, ran] = [0, 0].map(AtomicUsize::new);
        Arc::new(Model { progress, queue, ran, borrowed: UnsafeCell::new(7) })
    }

    fn push(&self) -> bool {
        self.push_counted_in(false)
    }

    /// By the thread that has opened the scope.
    fn push_at_home(&self) -> bool {
        self.push_counted_in(true)
    }

    fn push_counted_in(&self, at_home: bool) -> bool {
        self.progress.push(at_home, || {
            self.queue.fetch_add(1, Release);
        })
    }

    fn has_jobs(&self) -> bool {
        self.queue.load(Acquire) > 0
    }

    fn run_one(&self) -> bool {
        let taken = self.queue.fetch_update(AcqRel, Acquire, |jobs| jobs.checked_sub(1)).is_ok();
        if taken {
            self.ran.fetch_add(1, Relaxed);
            self.progress.end(1, false);
        }
        taken
    }

    fn use_what_is_borrowed(&self) {
        // SAFETY: only the scope's owner writes, at its end, as the models are to show.
        self.borrowed.with(|value| assert_eq!(unsafe { *value }, 7));
    }

    /// The scope is over, says the thread that waits for it, and what its jobs borrowed goes away.
    fn leave_frame(&self) {
        // SAFETY: no job uses it any more, as the models are to show.
        self.borrowed.with_mut(|value| unsafe { *value = 0 });
    }

    /// A worker that has come by with a ticket.
    fn work(&self) {
        loop {
            self.progress.take_ticket();
            while self.run_one() {}
            if !self.progress.leave(|| self.has_jobs()) {
                return;
            }
        }
    }

    /// The thread that waits for the end, outside.
    fn wait(&self) {
        while !self.progress.is_over() {
            if self.progress.is_abandoned() && self.run_one() {
                continue;
            }
            self.progress
                .sleep(false, || self.progress.is_over() || self.progress.is_abandoned() && self.has_jobs());
        }
    }

    /// The thread that waits for the end and is a worker.
    fn help(&self) {
        while !self.progress.is_over() {
            if !self.run_one() {
                self.progress.sleep(true, || self.progress.is_over() || self.has_jobs());
            }
        }
    }
}

fn check(model: impl Fn() + Sync + Send + 'static) {
    bounded(3, model);
}

#[test]
fn every_job_is_run_and_the_end_is_heard_of() {
    check(|| {
        let scope = Model::new(1);
        assert!(scope.push());
        let worker = loom::thread::spawn({
            let scope = scope.clone();
            move || scope.work()
        });
        let late = scope.push();
        // A second ticket is claimed only when the first has been given back.
        let second = late.then(|| {
            let scope = scope.clone();
            loom::thread::spawn(move || scope.work())
        });
        scope.wait();
        assert_eq!(scope.ran.load(Relaxed), 2);
        worker.join().unwrap();
        second.map(|worker| worker.join().unwrap());
    });
}

#[test]
fn the_end_is_not_seen_before_that_of_jobs_that_are_counted_elsewhere() {
    check(|| {
        let scope = Model::new(1);
        assert!(scope.push_at_home());
        // A worker has taken it.
        scope.queue.fetch_sub(1, AcqRel);
        let worker = loom::thread::spawn({
            let scope = scope.clone();
            move || {
                // The job, which starts another.
                scope.push();
                scope.use_what_is_borrowed();
                scope.progress.end(1, false);
                scope.work();
            }
        });
        scope.help();
        scope.leave_frame();
        worker.join().unwrap();
        assert_eq!(scope.queue.load(Relaxed), 0);
    });
}

#[test]
fn a_job_that_is_pushed_by_a_job_wakes_a_helper() {
    check(|| {
        // The only ticket's holder is busy with a job of the scope, which pushes one more.
        let scope = Model::new(1);
        assert!(scope.progress.push(false, || {}), "this one is taken at once");
        let worker = loom::thread::spawn({
            let scope = scope.clone();
            move || {
                assert!(!scope.push(), "its own ticket is the only one");
                // It goes on until the other job has been run by another thread.
                while scope.ran.load(Acquire) < 1 {
                    loom::thread::yield_now();
                }
                scope.progress.end(1, false);
                scope.progress.leave(|| scope.has_jobs())
            }
        });
        scope.help();
        worker.join().unwrap();
    });
}

#[test]
fn a_ticket_that_is_refused_while_another_leaves_is_noticed() {
    check(|| {
        let scope = Model::new(2);
        assert!(scope.progress.push(false, || {}), "this one is run below");
        let worker = loom::thread::spawn({
            let scope = scope.clone();
            move || {
                scope.progress.end(1, false);
                if scope.progress.leave(|| scope.has_jobs()) {
                    scope.work();
                }
            }
        });
        if scope.push() {
            scope.progress.give_up();
        }
        scope.wait();
        worker.join().unwrap();
    });
}

#[test]
fn a_ticket_that_another_thread_finds_refused_while_the_last_leaves_is_noticed() {
    check(|| {
        let scope = Model::new(2);
        assert!(scope.progress.push(false, || {}), "its worker has come by");
        assert!(scope.push(), "its ticket is refused");
        let worker = loom::thread::spawn({
            let scope = scope.clone();
            move || {
                scope.progress.end(1, false);
                assert!(!scope.progress.leave(|| false), "it has not seen the second job");
            }
        });
        let dropper = loom::thread::spawn({
            let scope = scope.clone();
            move || scope.progress.give_up()
        });
        scope.wait();
        assert_eq!(scope.ran.load(Relaxed), 1);
        worker.join().unwrap();
        dropper.join().unwrap();
    });
}

#[test]
fn a_refused_ticket_leaves_the_jobs_to_the_waiter() {
    check(|| {
        let scope = Model::new(1);
        assert!(scope.push());
        let dropper = loom::thread::spawn({
            let scope = scope.clone();
            move || scope.progress.give_up()
        });
        scope.wait();
        assert_eq!(scope.ran.load(Relaxed), 1);
        dropper.join().unwrap();
    });
}

#[test]
fn the_end_is_not_seen_while_a_job_that_has_pushed_another_goes_on() {
    check(|| {
        let scope = Model::new(2);
        scope.progress.push(false, || {});
        let pusher = loom::thread::spawn({
            let scope = scope.clone();
            move || {
                scope.push();
                scope.use_what_is_borrowed();
                scope.progress.end(1, false);
            }
        });
        let other = loom::thread::spawn({
            let scope = scope.clone();
            move || scope.run_one()
        });
        if scope.progress.is_over() {
            scope.leave_frame();
        }
        pusher.join().unwrap();
        if !other.join().unwrap() {
            assert!(!scope.progress.is_over(), "the second has not run");
        }
    });
}

#[test]
fn all_that_jobs_have_done_comes_before_the_end() {
    check(|| {
        let scope = Model::new(2);
        let workers = [(); 2].map(|()| {
            scope.progress.push(false, || {});
            let scope = scope.clone();
            loom::thread::spawn(move || {
                scope.use_what_is_borrowed();
                scope.progress.end(1, false);
            })
        });
        if scope.progress.is_over() {
            scope.leave_frame();
        }
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        assert!(scope.progress.is_over());
    });
}

#[test]
fn a_job_that_is_pushed_when_tickets_are_refused_wakes_a_waiter_outside() {
    check(|| {
        let scope = Model::new(1);
        assert!(scope.progress.push(false, || {}), "this one is run below, by another thread outside");
        scope.progress.give_up();
        let other = loom::thread::spawn({
            let scope = scope.clone();
            move || {
                assert!(!scope.push(), "no ticket would be taken");
                scope.progress.end(1, false);
            }
        });
        scope.wait();
        other.join().unwrap();
        assert_eq!(scope.ran.load(Relaxed), 1);
    });
}

#[test]
fn what_a_job_takes_back_does_not_keep_the_scope() {
    check(|| {
        let scope = Model::of_worker(2);
        scope.progress.push(true, || {});
        let worker = loom::thread::spawn({
            let scope = scope.clone();
            move || {
                // The job, which pushes something and takes it back, unless the other thread has run it.
                scope.push();
                if scope.queue.fetch_update(AcqRel, Acquire, |jobs| jobs.checked_sub(1)).is_ok() {
                    scope.progress.take_back(false);
                }
                scope.use_what_is_borrowed();
                scope.progress.end(1, false);
            }
        });
        scope.help();
        scope.leave_frame();
        worker.join().unwrap();
    });
}

#[test]
fn a_job_gets_a_ticket_while_the_owner_goes_from_one_to_the_next() {
    check(|| {
        let scope = Model::new(2);
        // One is this worker's, which has a ticket.
        assert!(scope.progress.push(true, || {}));
        let worker = loom::thread::spawn({
            let scope = scope.clone();
            move || scope.push()
        });
        // The owner has run one, and runs another for long.
        scope.progress.begin(true);
        scope.progress.end(1, true);
        scope.progress.begin(true);
        assert!(worker.join().unwrap(), "two jobs are unfinished but for the owner's");
    });
}

#[test]
fn a_job_that_is_pushed_while_the_only_ticket_is_taken_has_one_as_well() {
    check(|| {
        let scope = Model::of_worker(2);
        assert!(scope.push_at_home());
        let worker = loom::thread::spawn({
            let scope = scope.clone();
            move || {
                scope.progress.take_ticket();
                assert!(scope.queue.fetch_update(AcqRel, Acquire, |jobs| jobs.checked_sub(1)).is_ok());
                // Before it runs what it has taken, which may wait for the other.
                scope.progress.send_next(|| scope.has_jobs())
            }
        });
        let pushed = scope.push_at_home();
        let sent = worker.join().unwrap();
        assert!(pushed != sent, "one of them sends a ticket for the second job");
    });
}
