//! What a pool measures of its load without being asked.

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

#[path = "support/hold.rs"]
mod hold;

use std::sync::{Arc, mpsc};
use std::time::Duration;

use pool_core::{Pool, ThreadPool};

use self::deque::{Deque, End};
use self::hold::hold;

fn pool(threads: usize) -> ThreadPool<Deque> {
    ThreadPool::with(Deque::taking_from(End::Oldest)).threads(threads).max_threads(4).build().unwrap()
}

#[test]
fn the_most_jobs_at_once_are_seen() {
    let (pool, (starts, started)) = (pool(3), mpsc::channel());
    assert_eq!(pool.stats().most_running, 0);
    let held: Vec<_> = (0..3).map(|_| hold(&pool, &starts)).collect();
    assert_eq!(started.iter().take(3).count(), 3);
    assert_eq!(pool.stats().most_running, 3);
    held.iter().for_each(|release| release.send(()).unwrap());
    pool.wait_idle(None);
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert_eq!(pool.stats().most_running, 3, "it stays");
}

/// One that starts counts itself, so nobody need look while it runs.
#[test]
fn a_job_that_starts_is_seen_by_its_worker() {
    let pool = pool(1);
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert_eq!(pool.stats().most_running, 1);
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn the_processor_time_of_workers_is_known_and_kept_when_they_leave() {
    const SOME: Duration = Duration::from_millis(3);
    let pool = Arc::new(pool(2));
    let used = {
        let pool = pool.clone();
        move || pool.metrics().processor_time().map_or(Duration::ZERO, |time| time.used)
    };
    let before = used();
    let compute = {
        let used = used.clone();
        move || while used() < before + SOME {}
    };
    pool.spawn(compute).unwrap().join().unwrap();
    let worked = used();
    assert!(worked >= before + SOME);
    pool.resize(1).unwrap();
    pool.resize(3).unwrap();
    pool.broadcast(|_| ()).unwrap();
    assert!(used() >= worked, "of one that has left");
    let _ = pool.shutdown();
    let time = pool.metrics().processor_time().unwrap();
    assert!(time.used >= worked);
    assert_eq!(time.waited, Some(Duration::ZERO), "there are none now");
    assert!(pool.metrics().age() >= SOME);
}
