//! Fork-join: answers, exactly once, panics, depth, theft by force, and who waits for whom.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Barrier, Once, mpsc};
use std::time::{Duration, Instant};

use pool_core::{Pool, PoolExt, Shutdown};
use pool_stealing::StealingPool;

const FOREVER: Duration = Duration::from_secs(60);

fn pool(threads: usize) -> StealingPool {
    StealingPool::builder().threads(threads).stack_size(16 << 20).build().unwrap()
}

fn fib(pool: &StealingPool, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = pool.join(|| fib(pool, n - 1), || fib(pool, n - 2));
    a + b
}

fn spin(micros: u64) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(micros) {
        std::hint::spin_loop();
    }
}

/// Keeps the panics that the tests make on purpose out of the output.
fn expect_panics() {
    const ON_PURPOSE: [&str; 5] = ["leaf", "first", "second", "bottom", "in a destructor"];
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload().downcast_ref::<&str>().is_some_and(|text| ON_PURPOSE.contains(text)) {
                report(info);
            }
        }));
    });
}

#[test]
fn recursion_gives_the_right_answer() {
    for threads in 1..=4 {
        let pool = pool(threads);
        for _ in 0..50 {
            assert_eq!(pool.install(|| fib(&pool, 16)), 987);
            assert_eq!(fib(&pool, 5), 5, "each join from outside is taken to a worker");
        }
    }
}

/// A tree of joins with leaves that are short, long, or panic, as the seed will have it.
fn tree(pool: &StealingPool, runs: &AtomicUsize, depth: u32, seed: u64) -> u64 {
    if depth == 0 {
        runs.fetch_add(1, Relaxed);
        match seed {
            _ if seed.is_multiple_of(499) => panic!("leaf"),
            _ if seed.is_multiple_of(77) => spin(120),
            _ if seed.is_multiple_of(11) => spin(3),
            _ => {}
        }
        return 1;
    }
    let left = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1) >> 3;
    let right = seed.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3) >> 5;
    let (a, b) = pool.join(|| tree(pool, runs, depth - 1, left), || tree(pool, runs, depth - 1, right));
    a + b
}

#[test]
fn every_leaf_runs_exactly_once_whatever_panics() {
    expect_panics();
    for threads in 1..=4 {
        let pool = pool(threads);
        let mut panicked = 0;
        for seed in 0..400 {
            let runs = AtomicUsize::new(0);
            let outcome = catch_unwind(AssertUnwindSafe(|| pool.install(|| tree(&pool, &runs, 8, seed))));
            assert_eq!(runs.load(Relaxed), 256, "{threads} threads, seed {seed}");
            match outcome {
                Ok(leaves) => assert_eq!(leaves, 256),
                Err(payload) => {
                    assert_eq!(payload.downcast_ref::<&str>(), Some(&"leaf"));
                    panicked += 1;
                }
            }
        }
        assert!(panicked > 0 && panicked < 400, "the seeds give both: {panicked}");
    }
}

#[test]
fn the_first_payload_wins() {
    expect_panics();
    for threads in 1..=2 {
        let pool = pool(threads);
        for stolen in [false, true] {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                pool.join(
                    || {
                        if stolen {
                            spin(300);
                        }
                        panic!("first")
                    },
                    || panic!("second"),
                )
            }));
            assert_eq!(outcome.unwrap_err().downcast_ref::<&str>(), Some(&"first"));
            let outcome = catch_unwind(AssertUnwindSafe(|| pool.join(|| 1, || panic!("second"))));
            assert_eq!(outcome.unwrap_err().downcast_ref::<&str>(), Some(&"second"));
        }
        assert_eq!(pool.join(|| 1, || 2), (1, 2), "the pool goes on");
    }
}

/// Its destructor panics, which must neither replace the first payload nor abort.
struct Vicious;

impl Drop for Vicious {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("in a destructor");
        }
    }
}

#[test]
fn a_result_whose_destructor_panics_does_not_replace_the_payload() {
    expect_panics();
    let pool = pool(2);
    for round in 0..50 {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.join(
                || {
                    spin(round * 4);
                    panic!("first")
                },
                || Vicious,
            )
        }));
        assert_eq!(outcome.err().unwrap().downcast_ref::<&str>(), Some(&"first"));
    }
}

#[test]
fn a_long_first_half_does_not_keep_the_second_from_being_stolen() {
    // The first half waits for the second, so the second has to run on the other worker, which sleeps or is about to
    // at the time of the fork. The owner never joins again, so it has to be robbed.
    let pool = pool(2);
    for round in 0..300 {
        let (done, finished) = mpsc::channel();
        if round % 3 == 0 {
            while pool.stats().workers.iter().any(|worker| worker.parks == 0) {
                std::thread::yield_now();
            }
        }
        let pool = &pool;
        pool.install(move || {
            pool.join(
                move || finished.recv_timeout(FOREVER).expect("nobody stole the second half"),
                move || done.send(round).unwrap(),
            )
        });
    }
}

#[test]
fn a_leaf_hidden_below_waiting_frames_is_found() {
    fn nest(pool: &StealingPool, depth: u32, meet: &Barrier) {
        if depth == 0 {
            pool.join(|| meet.wait(), || meet.wait());
        } else {
            pool.join(|| nest(pool, depth - 1, meet), || ());
        }
    }
    let pool = pool(2);
    for round in 0..100 {
        let meet = Barrier::new(2);
        pool.install(|| nest(&pool, round % 41, &meet));
    }
}

#[test]
fn four_workers_are_found_for_four_leaves() {
    let pool = pool(4);
    for _ in 0..200 {
        let meet = Barrier::new(4);
        let leaf = || {
            meet.wait();
        };
        pool.join(|| pool.join(leaf, leaf), || pool.join(leaf, leaf));
    }
}

#[test]
fn work_forked_by_a_thief_comes_back_to_the_waiter() {
    let pool = pool(2);
    for _ in 0..200 {
        let (one, two) = (Barrier::new(2), Barrier::new(2));
        // The second half is stolen, since the first waits for it; the thief forks, and waits for its own second half,
        // which only the worker that waits for the thief can run.
        pool.join(
            || one.wait(),
            || {
                one.wait();
                pool.join(|| two.wait(), || two.wait());
            },
        );
    }
}

thread_local! {
    static JOINING: Cell<bool> = const { Cell::new(false) };
}

#[test]
fn a_waiter_runs_no_strangers_job() {
    let pool = Arc::new(pool(2));
    for _ in 0..200 {
        let strangers = Arc::new(AtomicUsize::new(0));
        let (stolen, was_stolen) = mpsc::channel();
        let (inner, counter) = (&pool, &strangers);
        pool.install(move || {
            JOINING.set(true);
            inner.join(
                move || was_stolen.recv_timeout(FOREVER).unwrap(),
                move || {
                    stolen.send(()).unwrap();
                    for _ in 0..20 {
                        let strangers = counter.clone();
                        inner
                            .execute(move || {
                                assert!(!JOINING.get(), "a waiter ran it");
                                strangers.fetch_add(1, SeqCst);
                            })
                            .unwrap();
                    }
                    spin(60);
                },
            );
            JOINING.set(false);
        });
        assert!(pool.wait_idle(Some(FOREVER)));
        assert_eq!(strangers.load(SeqCst), 20);
    }
    assert_eq!(pool.counts().panicked, 0);
}

#[test]
fn chains_deeper_than_the_stack_of_forks_run_in_order_and_once() {
    expect_panics();
    fn left(pool: &StealingPool, depth: usize) -> usize {
        if depth == 0 { 0 } else { pool.join(|| left(pool, depth - 1), || 1).0 + 1 }
    }
    fn right(pool: &StealingPool, depth: usize) -> usize {
        if depth == 0 { 0 } else { pool.join(|| 1, || right(pool, depth - 1)).1 + 1 }
    }
    fn fails_at_the_bottom(pool: &StealingPool, runs: &AtomicUsize, depth: usize) {
        if depth == 0 {
            panic!("bottom");
        }
        pool.join(|| fails_at_the_bottom(pool, runs, depth - 1), || runs.fetch_add(1, Relaxed));
    }
    for threads in 1..=2 {
        let pool = StealingPool::builder().threads(threads).stack_size(256 << 20).build().unwrap();
        assert_eq!(pool.install(|| left(&pool, 20_000)), 20_000);
        assert_eq!(pool.install(|| right(&pool, 20_000)), 20_000);
        let runs = AtomicUsize::new(0);
        let outcome =
            catch_unwind(AssertUnwindSafe(|| pool.install(|| fails_at_the_bottom(&pool, &runs, 20_000))));
        assert_eq!(outcome.unwrap_err().downcast_ref::<&str>(), Some(&"bottom"));
        assert_eq!(runs.load(Relaxed), 20_000);
    }
}

#[test]
fn a_join_on_a_pool_that_is_gone_runs_here_in_order() {
    expect_panics();
    let pool = pool(2);
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
    assert_eq!(fib(&pool, 10), 55);
    let outcome = catch_unwind(AssertUnwindSafe(|| pool.join(|| panic!("first"), || 2)));
    assert!(outcome.is_err());
}

#[test]
fn workers_of_one_pool_join_on_another() {
    let (one, two) = (pool(2), pool(1));
    for _ in 0..100 {
        let (a, b) = one.join(|| fib(&two, 5), || two.join(|| fib(&two, 5), || 1).0);
        assert_eq!((a, b), (5, 5));
    }
}

#[test]
fn a_join_through_dyn_is_the_same_join() {
    let pool: Arc<dyn Pool> = Arc::new(pool(2));
    let meet = Barrier::new(2);
    let (a, b) = pool.join(|| meet.wait().is_leader(), || meet.wait().is_leader());
    assert!(a != b);
}

#[test]
fn jobs_scopes_and_joins_mix() {
    let pool = Arc::new(pool(2));
    for _ in 0..100 {
        let sum = AtomicUsize::new(0);
        pool.scope(|scope| {
            for _ in 0..10 {
                scope.execute(|| {
                    sum.fetch_add(fib(&pool, 10) as usize, Relaxed);
                });
            }
        });
        assert_eq!(sum.load(Relaxed), 550);
        let (a, b) = pool.join(
            || pool.spawn(|| 20).unwrap().join().unwrap(),
            || pool.scope(|scope| scope.spawn(|| 22).join().unwrap()),
        );
        assert_eq!(a + b, 42);
    }
}

#[test]
fn many_joins_from_outside_at_once() {
    let pool = pool(2);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|_| assert_eq!(fib(&pool, 8), 21)));
        }
    });
    assert_eq!(pool.counts().submitted, 0, "halves of joins are no jobs");
}

#[test]
fn pools_that_fork_start_and_stop() {
    for round in 0..300 {
        let pool = pool(round % 4 + 1);
        assert_eq!(pool.install(|| fib(&pool, 8)), 21);
        let inner = Arc::new(AtomicUsize::new(0));
        let count = inner.clone();
        pool.execute(move || {
            count.fetch_add(1, SeqCst);
        })
        .unwrap();
        drop(pool);
        assert_eq!(inner.load(SeqCst), 1);
    }
}
