//! The pool with its threads: answers, counts, wake-ups, losses.

#[path = "support/robbed.rs"]
mod robbed;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::time::{Duration, Instant};

use pool_core::{Pool, PoolExt, Shutdown};
use pool_stealing::{Stealing, StealingPool};

use self::robbed::have_three_stolen;

/// Long enough for the slowest machine: reaching it means that something hangs.
const FOREVER: Duration = Duration::from_secs(60);

fn pool(threads: usize) -> StealingPool {
    StealingPool::builder().threads(threads).build().unwrap()
}

#[test]
fn every_job_of_every_burst_runs() {
    for threads in 1..=4 {
        let pool = pool(threads);
        let (done, finished) = mpsc::channel();
        for burst in 0..2_000 {
            let size = burst % 9 + 1;
            for _ in 0..size {
                let done = done.clone();
                pool.execute(move || done.send(()).unwrap()).unwrap();
            }
            for _ in 0..size {
                finished.recv_timeout(FOREVER).expect("a job was not run: a wake-up was lost");
            }
        }
    }
}

#[test]
fn a_burst_of_blocking_jobs_wakes_as_many_workers() {
    for _ in 0..200 {
        let pool = pool(4);
        let all = Arc::new(Barrier::new(5));
        for _ in 0..4 {
            let all = all.clone();
            pool.execute(move || {
                all.wait();
            })
            .unwrap();
        }
        // Each job waits for the three others, so all four workers have to come.
        all.wait();
    }
}

#[test]
fn many_producers_lose_nothing() {
    let pool = pool(2);
    let ran = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    let ran = ran.clone();
                    pool.execute(move || {
                        ran.fetch_add(1, SeqCst);
                    })
                    .unwrap();
                }
            });
        }
    });
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    assert_eq!(ran.load(SeqCst), 80_000);
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.completed, counts.queued), (80_000, 80_000, 0));
}

#[test]
fn pools_start_and_stop_with_work_in_them() {
    for round in 0..300 {
        let pool = pool(round % 4 + 1);
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..50 {
            let ran = ran.clone();
            pool.execute(move || {
                ran.fetch_add(1, SeqCst);
            })
            .unwrap();
        }
        drop(pool);
        assert_eq!(ran.load(SeqCst), 50);
    }
}

#[test]
fn what_a_lost_worker_had_spawned_still_runs() {
    for _ in 0..20 {
        // The worker that spawns dies of its panic handler.
        let pool =
            StealingPool::builder().threads(1).on_panic(|_| panic!("the handler too")).build().unwrap();
        let pool = Arc::new(pool);
        let (done, finished) = mpsc::channel();
        let inner = pool.clone();
        pool.execute(move || {
            for _ in 0..40 {
                let done = done.clone();
                inner.execute(move || done.send(()).unwrap()).unwrap();
            }
            panic!("with forty jobs in its deque");
        })
        .unwrap();
        (0..40).for_each(|_| finished.recv_timeout(FOREVER).expect("a job died with its worker"));
        assert_eq!(pool.stats().workers[0].replaced, 1);
    }
}

#[test]
fn shutdown_now_reaches_jobs_in_every_deque() {
    let pool = Arc::new(pool(2));
    let (go, start) = mpsc::channel::<()>();
    let (ready, readies) = mpsc::channel();
    let blocker = pool.clone();
    let spawner = pool
        .spawn(move || {
            for _ in 0..10 {
                blocker.execute(|| ()).unwrap();
            }
            ready.send(()).unwrap();
            start.recv().unwrap();
        })
        .unwrap();
    readies.recv().unwrap();
    std::thread::scope(|scope| {
        let ending = scope.spawn(|| pool.shutdown_now());
        while pool.state() == pool_core::PoolState::Running {
            std::thread::yield_now();
        }
        go.send(()).unwrap();
        let (jobs, shutdown) = ending.join().unwrap();
        assert_eq!(shutdown, Shutdown::Terminated);
        let counts = pool.counts();
        assert_eq!(counts.discarded as usize, jobs.len());
        assert_eq!(counts.submitted, counts.completed + counts.discarded);
        assert_eq!(counts.submitted, 11);
    });
    spawner.join().unwrap();
}

#[test]
fn the_discipline_is_named() {
    let pool = StealingPool::with(Stealing::default()).threads(1).build().unwrap();
    assert_eq!(pool.name(), "stealing");
}

#[test]
fn jobs_behind_a_blocked_worker_are_stolen_and_counted_where_the_thief_sits() {
    for _ in 0..200 {
        let pool = Arc::new(pool(2));
        let robbed = have_three_stolen(&pool);
        let stats = pool.stats();
        let thief = &stats.workers[1 - robbed];
        assert!((1..=3).contains(&thief.steals) && thief.stolen_jobs == 3, "{stats:?}");
        assert_eq!((stats.workers[robbed].steals, stats.workers[robbed].stolen_jobs), (0, 0));
    }
}

#[test]
fn stolen_forks_are_steals_of_no_jobs() {
    for _ in 0..100 {
        let pool = pool(2);
        let both = Barrier::new(2);
        pool.join(|| both.wait(), || both.wait());
        let stats = pool.stats();
        let stolen_jobs = stats.workers.iter().map(|worker| worker.stolen_jobs).sum::<u64>();
        assert_eq!((stats.steals(), stolen_jobs), (1, 0), "{stats:?}");
    }
}

#[test]
fn forks_stolen_while_waiting_for_a_thief_are_counted() {
    for _ in 0..100 {
        let pool = pool(2);
        let (first, second) = (Barrier::new(2), Barrier::new(2));
        // The second half is stolen, and forks a half in turn that only the first worker can take, while it waits.
        let b = || {
            first.wait();
            pool.join(|| second.wait(), || second.wait());
        };
        pool.join(|| first.wait(), b);
        let deadline = Instant::now() + FOREVER;
        while pool.stats().steals() != 2 {
            assert!(Instant::now() < deadline, "{:?}", pool.stats());
            std::thread::yield_now();
        }
        assert!(pool.stats().workers.iter().all(|worker| worker.steals == 1));
    }
}
