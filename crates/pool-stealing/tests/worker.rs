//! Joins by a worker's handle: the same answers, on whichever thread, however it is mixed with other joins.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use pool_core::{Shutdown, current};
use pool_stealing::{StealingPool, Worker, with_worker};

fn pool(threads: usize) -> StealingPool {
    StealingPool::builder().threads(threads).stack_size(16 << 20).build().unwrap()
}

fn fib(n: u64, worker: Worker<'_>) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = worker.join(|worker| fib(n - 1, worker), |worker| fib(n - 2, worker));
    a + b
}

#[test]
fn recursion_gives_the_right_answer() {
    for threads in 1..=4 {
        let pool = pool(threads);
        for _ in 0..50 {
            assert_eq!(with_worker(&pool, |worker| fib(16, worker)), 987);
        }
    }
}

/// Each kind of join inside each other, and jobs of all sorts run in between.
fn mixed(pool: &StealingPool, ran: &AtomicUsize, depth: u32, worker: Worker<'_>) {
    ran.fetch_add(1, Relaxed);
    let Some(below) = depth.checked_sub(1) else { return };
    match depth % 4 {
        0 => {
            pool.join(
                || with_worker(pool, |worker| mixed(pool, ran, below, worker)),
                || with_worker(pool, |worker| mixed(pool, ran, below, worker)),
            );
        }
        1 => pool.scope(|scope| {
            for _ in 0..2 {
                scope.execute(|| with_worker(pool, |worker| mixed(pool, ran, below, worker)));
            }
        }),
        _ => {
            // The handle is used twice, and something else in between.
            worker.join(|worker| mixed(pool, ran, below, worker), |_| ());
            assert_eq!(pool.spawn(|| 7).unwrap().join().unwrap(), 7);
            worker.join(|_| (), |worker| mixed(pool, ran, below, worker));
        }
    }
}

#[test]
fn it_mixes_with_everything_else_a_job_may_do() {
    for threads in 1..=3 {
        let pool = pool(threads);
        for _ in 0..20 {
            let ran = AtomicUsize::new(0);
            with_worker(&pool, |worker| mixed(&pool, &ran, 9, worker));
            assert_eq!(ran.into_inner(), (1 << 10) - 1, "each has two below it");
        }
    }
}

#[test]
fn the_second_half_has_the_handle_of_the_worker_that_runs_it() {
    let pool = pool(2);
    for _ in 0..100 {
        let meet = Barrier::new(2);
        let half = |worker: Worker<'_>| {
            meet.wait();
            let here = current().unwrap().index;
            // What it forks is pushed and popped on its own stack while the other does the same.
            assert_eq!(fib(10, worker), 55);
            here
        };
        let (one, other) = with_worker(&pool, |worker| worker.join(half, half));
        assert_ne!(one, other);
    }
}

#[test]
fn both_halves_run_whatever_panics_and_the_handle_is_good_afterwards() {
    let pool = pool(2);
    for seed in 0..100 {
        with_worker(&pool, |worker| {
            let ran = AtomicUsize::new(0);
            let half = |panics: bool, which: &'static str| {
                let ran = &ran;
                move |worker: Worker<'_>| {
                    assert_eq!(fib(4, worker), 3);
                    ran.fetch_add(1, Relaxed);
                    if panics {
                        resume_unwind(Box::new(which));
                    }
                }
            };
            let (first, second) = (seed % 2 == 0, seed % 3 == 0);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                worker.join(half(first, "first"), half(second, "second"));
            }));
            let payload = outcome.err().map(|payload| *payload.downcast::<&str>().unwrap());
            let expected = if first { Some("first") } else { second.then_some("second") };
            assert_eq!((payload, ran.into_inner()), (expected, 2));
            assert_eq!(fib(6, worker), 8);
        });
    }
}

/// Deeper than the stack of forks, so that the last halves run in order.
#[test]
fn a_chain_that_finds_no_room_runs_in_order() {
    fn chain(left: u64, worker: Worker<'_>) -> u64 {
        if left == 0 {
            return 0;
        }
        let (rest, one) = worker.join(|worker| chain(left - 1, worker), |_| 1);
        rest + one
    }
    let pool = StealingPool::builder().threads(2).stack_size(256 << 20).build().unwrap();
    for _ in 0..5 {
        assert_eq!(with_worker(&pool, |worker| chain(20_000, worker)), 20_000);
    }
}

#[test]
fn on_a_pool_that_is_gone_the_halves_run_here_in_order() {
    let pool = pool(1);
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    let order = std::sync::Mutex::new(Vec::new());
    let sum = with_worker(&pool, |worker| {
        assert_eq!(format!("{worker:?}"), "Worker { forks: false }");
        worker.join(|_| order.lock().unwrap().push(1), |_| order.lock().unwrap().push(2));
        fib(12, worker)
    });
    assert_eq!((sum, order.into_inner().unwrap()), (144, vec![1, 2]));
    let join = || with_worker(&pool, |worker| worker.join(|_| resume_unwind(Box::new(1_u8)), |_| ()));
    let payload = catch_unwind(AssertUnwindSafe(join)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&1_u8));
}

#[test]
fn workers_of_one_pool_join_on_another() {
    let (one, other) = (pool(2), pool(2));
    let sum = with_worker(&one, |worker| {
        let (a, b) = worker.join(
            |worker| with_worker(&other, |inner| fib(10, inner)) + fib(9, worker),
            |worker| fib(8, worker) + with_worker(&other, |inner| fib(7, inner)),
        );
        a + b
    });
    assert_eq!(sum, 55 + 34 + 21 + 13);
}

#[test]
fn many_threads_outside_at_once() {
    let pool = pool(2);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(with_worker(&pool, |worker| fib(9, worker)), 34);
                }
            });
        }
    });
}
