//! Joins in a forked child, whatever the parent's threads were in the middle of.

#![cfg(unix)]

#[path = "../../pool-core/tests/support/child.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod child;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use pool_core::PoolExt;
use pool_stealing::{StealingPool, Worker, with_worker};

use self::child::{End, alone, fork_and_return, in_child};

fn fib(n: u64, worker: Worker<'_>) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = worker.join(|worker| fib(n - 1, worker), |worker| fib(n - 2, worker));
    a + b
}

fn spin(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Thieves lock the stack of the worker that forks, since it has forks and does not answer: for the time of a heavy fence.
#[test]
fn a_child_joins_while_thieves_are_at_work() {
    let pool = StealingPool::builder().threads(4).build().unwrap();
    let children = if cfg!(debug_assertions) { 2000 } else { 8000 };
    let child = |worker: &Worker<'_>| {
        in_child(|| {
            assert_eq!(worker.join(|worker| fib(9, worker), |worker| fib(8, worker)), (34, 21));
            assert_eq!(pool.join(|| 1, || 2), (1, 2));
        })
    };
    let unfinished = with_worker(&pool, |worker| {
        (0..children).find_map(|number: u64| {
            // Thieves use force after 50 microseconds.
            let wait = Duration::from_micros(40 + number % 60);
            let first = |worker: Worker<'_>| {
                let second = |worker: Worker<'_>| {
                    spin(wait);
                    Some(child(&worker)).filter(|end| *end != End::Done)
                };
                worker.join(second, |_| spin(Duration::from_micros(5))).0
            };
            worker.join(first, |_| spin(Duration::from_micros(5))).0
        })
    });
    assert_eq!(unfinished, None);
    assert_eq!(with_worker(&pool, |worker| fib(15, worker)), 610);
}

#[test]
fn a_join_from_before_ends_the_child_that_returns_into_it() {
    let pool = StealingPool::builder().threads(2).build().unwrap();
    let (both, release) = (Barrier::new(2), Barrier::new(2));
    let half = |forks: bool| {
        both.wait();
        let end = if forks { fork_and_return() } else { Some(End::Done) };
        if end.is_some() {
            release.wait();
        }
        end
    };
    // The half that forks is the owner's, and then the thief's.
    assert_eq!(pool.join(|| half(true), || half(false)).0, Some(End::Aborted));
    assert_eq!(pool.join(|| half(false), || half(true)).1, Some(End::Aborted));
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
}

#[test]
fn a_child_forked_while_the_global_pool_is_being_built_can_use_it() {
    let test = "a_child_forked_while_the_global_pool_is_being_built_can_use_it";
    alone(test, fork_while_the_global_pool_is_being_built);
}

fn fork_while_the_global_pool_is_being_built() {
    for _ in 0..40 {
        // In a process that has none yet.
        let end = in_child(|| {
            let (has_started, built) = (AtomicBool::new(false), AtomicBool::new(false));
            thread::scope(|threads| {
                threads.spawn(|| {
                    has_started.store(true, SeqCst);
                    assert_eq!(pool_stealing::global().join(|| 1, || 2), (1, 2));
                    built.store(true, SeqCst);
                });
                // A child that was forked while std starts a thread can start none.
                while !has_started.load(SeqCst) {
                    thread::yield_now();
                }
                loop {
                    let was_built = built.load(SeqCst);
                    let end = in_child(|| {
                        assert_eq!(pool_stealing::global().join(|| 3, || 4), (3, 4));
                        assert_eq!(
                            pool_core::global().unwrap().scope(|scope| scope.spawn(|| 5).join().unwrap()),
                            5
                        );
                    });
                    assert_eq!(end, End::Done);
                    if was_built {
                        break;
                    }
                }
            });
        });
        assert_eq!(end, End::Done);
    }
}
