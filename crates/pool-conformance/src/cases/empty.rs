//! A pool that has no workers while there is nothing to do.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pool_core::{
    Job, JoinError, Pool, PoolExt, PoolState, Reason, Scaling, Shutdown, block_in_place, current,
};

use crate::case::{Case, case};
use crate::tools::{SharedCount, panic_on_purpose, until};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Empty, Hooks, Lifecycle, Replacement, ShutdownNow, TakesAll, WaitIdle};
    vec![
        case!("empty", the_first_job_starts_a_worker).needs(&[Empty]).submits(1),
        case!("empty", work_from_outside_that_is_no_job_starts_one).needs(&[Empty]),
        case!("empty", a_worker_that_is_about_to_go_leaves_nothing).needs(&[Empty]).submits(2),
        case!("empty", work_for_given_workers).needs(&[Empty, Lifecycle, WaitIdle]),
        case!("empty", it_ends_without_workers).needs(&[Empty]),
        case!("empty", a_shutdown_runs_what_is_queued).needs(&[Empty, Lifecycle]).queues(5),
        case!("empty", shutdown_now_gives_back_what_is_queued)
            .needs(&[Empty, Lifecycle, ShutdownNow])
            .queues(5),
        case!("empty", a_pause_holds_for_workers_that_come_later)
            .needs(&[Empty, Lifecycle, Counts])
            .queues(1),
        case!("empty", a_blocked_worker_is_none).needs(&[Empty, Claim::Limit, Claim::Parallel]).queues(1),
        case!("empty", workers_that_never_start_end_it).needs(&[Empty, Hooks]),
        case!("empty", a_worker_that_dies_is_replaced).needs(&[Empty, Hooks, Replacement]).submits(2),
        case!("empty", nothing_is_lost).needs(&[Empty, Counts, TakesAll]).submits(400),
    ]
}

fn scaling(most: usize, keep_alive: Duration) -> Setup {
    let rule = Scaling::between(0, most).keep_alive(keep_alive);
    Setup { scaling: Some(rule), ..Setup::threads(1) }
}

/// A pool whose workers do not wait for long, so that each job may find it with a worker, without, or with one that is about to
/// go.
fn hasty(subject: &Subject, most: usize) -> Arc<dyn Pool> {
    subject.build(scaling(most, Duration::ZERO))
}

fn is_empty(pool: &Arc<dyn Pool>) -> bool {
    let worker_counts = pool.stats().worker_counts;
    (worker_counts.now, worker_counts.wanted, pool.threads()) == (0, 0, 0)
        && pool.present_workers().is_empty()
}

fn the_first_job_starts_a_worker(subject: &Subject) {
    let pool = subject.build(scaling(2, Duration::from_millis(1)));
    assert!(is_empty(&pool) && pool.wait_idle(None));
    for number in 0..20 {
        assert_eq!(pool.spawn(move || number).unwrap().join().unwrap(), number);
        until(|| is_empty(&pool));
    }
    assert_eq!(pool.stats().worker_counts.lowest, 0);
}

fn work_from_outside_that_is_no_job_starts_one(subject: &Subject) {
    let pool = subject.build(scaling(2, Duration::from_millis(1)));
    for _ in 0..10 {
        assert_eq!(pool.scope(|scope| scope.spawn(|| 1).join().unwrap()), 1);
        until(|| is_empty(&pool));
        assert_eq!(pool.join(|| 2, || 3), (2, 3));
        until(|| is_empty(&pool));
        assert!(pool.install(|| current().is_some()), "on a worker");
        until(|| is_empty(&pool));
        assert_eq!(pool.map(&[4, 5], |number| number + 1), [5, 6]);
        until(|| is_empty(&pool));
    }
}

fn a_worker_that_is_about_to_go_leaves_nothing(subject: &Subject) {
    for most in [1, 2] {
        let pool = hasty(subject, most);
        for number in 0..200 {
            assert!(pool.install(|| current().is_some()));
            assert_eq!(pool.spawn(move || number).unwrap().join().unwrap(), number);
            assert_eq!(pool.join(|| number, || 1), (number, 1));
            assert_eq!(pool.scope(|scope| scope.spawn(|| number).join().unwrap()), number);
        }
    }
}

fn work_for_given_workers(subject: &Subject) {
    let pool = subject.build(scaling(2, Duration::from_millis(1)));
    assert!(pool.broadcast(|worker| worker).unwrap().is_empty());
    let rejected = pool.execute_on(0, || ()).unwrap_err();
    assert_eq!(rejected.reason(), Reason::NoSuchWorker(0));
    let ran = SharedCount::default();
    for key in 0..20 {
        let ran = ran.clone();
        pool.execute_keyed(key, move || ran.add()).unwrap();
        assert!(pool.wait_idle(None));
        until(|| is_empty(&pool));
    }
    assert_eq!(ran.get(), 20);
}

fn it_ends_without_workers(subject: &Subject) {
    for used in [false, true] {
        let pool = subject.build(scaling(1, Duration::from_millis(1)));
        if used {
            pool.scope(|scope| scope.execute(|| ()));
            until(|| is_empty(&pool));
        }
        assert_eq!(pool.state(), PoolState::Running);
        assert_eq!((pool.shutdown(), pool.shutdown()), (Shutdown::Terminated, Shutdown::Terminated));
        assert_eq!((pool.state(), pool.stats().worker_counts.now), (PoolState::Terminated, 0));
        assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
        assert_eq!(pool.scope(|scope| scope.spawn(|| 1).join().unwrap()), 1);
        drop(subject.build(scaling(1, Duration::ZERO)));
    }
    // While its last worker is about to go.
    for _ in 0..100 {
        let pool = hasty(subject, 1);
        pool.scope(|scope| scope.execute(|| ()));
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
    }
}

fn a_shutdown_runs_what_is_queued(subject: &Subject) {
    for _ in 0..20 {
        let pool = hasty(subject, 2);
        pool.pause().unwrap();
        let ran = SharedCount::default();
        for _ in 0..5 {
            let ran = ran.clone();
            pool.execute(move || ran.add()).unwrap();
        }
        assert_eq!((pool.shutdown(), ran.get()), (Shutdown::Terminated, 5));
    }
}

fn shutdown_now_gives_back_what_is_queued(subject: &Subject) {
    for _ in 0..20 {
        let pool = hasty(subject, 2);
        assert!(pool.shutdown_now_timeout(Duration::MAX).unwrap().0.is_empty());
        let pool = hasty(subject, 2);
        pool.pause().unwrap();
        let ran = SharedCount::default();
        for _ in 0..5 {
            let ran = ran.clone();
            pool.execute(move || ran.add()).unwrap();
        }
        let (jobs, shutdown) = pool.shutdown_now();
        assert_eq!((jobs.len(), ran.get(), shutdown), (5, 0, Shutdown::Terminated));
        jobs.into_iter().for_each(Job::run);
        assert_eq!(ran.get(), 5);
    }
}

fn a_pause_holds_for_workers_that_come_later(subject: &Subject) {
    let pool = hasty(subject, 1);
    for _ in 0..20 {
        pool.pause().unwrap();
        let job = pool.spawn(|| 1).unwrap();
        // A pool that does it wrong has a moment to be caught.
        let job = job.join_timeout(Duration::from_millis(1)).expect_err("nothing starts");
        assert_eq!(pool.counts().queued, 1);
        pool.resume().unwrap();
        assert_eq!(job.join().unwrap(), 1);
        until(|| is_empty(&pool));
    }
}

/// One that blocks until another has run something.
fn a_blocked_worker_is_none(subject: &Subject) {
    let pool = subject.build(Setup { spare_threads: 1, ..scaling(1, Duration::ZERO) });
    for _ in 0..50 {
        let (release, released) = std::sync::mpsc::channel();
        let blocked = pool.spawn(move || block_in_place(|| released.recv())).unwrap();
        until(|| pool.stats().worker_counts.blocked == 1);
        for _ in 0..5 {
            assert!(pool.install(|| current().is_some()));
        }
        release.send(7).unwrap();
        assert_eq!(blocked.join().unwrap(), Ok(7));
        until(|| is_empty(&pool));
    }
}

/// As any pool ends.
fn workers_that_never_start_end_it(subject: &Subject) {
    let pool = subject.build(scaling(2, Duration::from_millis(1)).on_start(|_| panic_on_purpose()));
    assert!(is_empty(&pool));
    let mut given_up = 0;
    while pool.state() != PoolState::Terminated {
        match pool.spawn(|| ()) {
            Ok(job) => {
                assert!(matches!(job.join(), Err(JoinError::Unrun(Reason::NoWorkers))));
                given_up += 1;
            }
            Err(rejected) => assert_eq!(rejected.reason(), Reason::NoWorkers),
        }
    }
    assert!(given_up > 0);
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
}

fn a_worker_that_dies_is_replaced(subject: &Subject) {
    let pool = subject.build(scaling(1, Duration::ZERO).on_panic(|_| panic_on_purpose()));
    for _ in 0..3 {
        let _ = pool.execute(|| panic_on_purpose());
        assert_eq!(pool.spawn(|| 1).unwrap().join().unwrap(), 1);
    }
    until(|| is_empty(&pool));
}

fn nothing_is_lost(subject: &Subject) {
    for most in [1, 3] {
        let pool = hasty(subject, most);
        thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    for round in 0..20 {
                        let jobs: Vec<_> =
                            (0..10).map(|number| pool.spawn(move || number).unwrap()).collect();
                        assert!(jobs.into_iter().map(|job| job.join().unwrap()).eq(0..10));
                        assert_eq!(pool.scope(|scope| scope.spawn(|| round).join().unwrap()), round);
                        if round % 4 == 0 {
                            until(|| is_empty(&pool) || pool.counts().queued + pool.counts().running > 0);
                        }
                    }
                });
            }
        });
        until(|| is_empty(&pool));
        let counts = pool.counts();
        assert_eq!((counts.completed, counts.accounted()), (440, 440));
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
    }
}
