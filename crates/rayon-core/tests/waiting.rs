//! How workers wait, on every strategy: helping by default, and not with `help=no`.
//!
//! The tests of `help=no` are named after issues of rayon's, which its way of waiting causes.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Barrier, Mutex, mpsc};

use rayon::prelude::*;
use rayon_core::{ThreadPool, ThreadPoolBuilder};

const STRATEGIES: [&str; 5] = ["stealing", "bounded", "mpsc", "priority", "fair"];

fn pool(strategy: &str, threads: usize, help: &str) -> ThreadPool {
    let spec = format!("{strategy}:{threads}:help={help}").parse().unwrap();
    ThreadPoolBuilder::new().pool(spec).build().unwrap()
}

fn on_every_strategy(help: &str, threads: usize, test: impl Fn(&ThreadPool) + Sync) {
    for strategy in STRATEGIES {
        let pool = pool(strategy, threads, help);
        pool.install(|| test(&pool));
    }
}

#[test]
fn iterators_give_the_same_on_every_strategy() {
    for help in ["yes", "no"] {
        on_every_strategy(help, 3, |_| {
            let numbers: Vec<u64> = (0..20_000).into_par_iter().map(|number| number * 3).collect();
            assert!(numbers.iter().enumerate().all(|(place, number)| *number == 3 * place as u64));
            let mut shuffled: Vec<u64> =
                numbers.iter().map(|number| number.wrapping_mul(0x9E37_79B9) % 9973).collect();
            let mut sorted = shuffled.clone();
            sorted.sort();
            shuffled.par_sort_unstable();
            assert_eq!(shuffled, sorted);
        });
    }
}

#[test]
fn a_first_half_that_yields_runs_its_second_half() {
    let ran = AtomicUsize::new(0);
    let first = |_: &ThreadPool| {
        rayon::join(
            || {
                while ran.load(SeqCst) == 0 {
                    rayon::yield_now();
                }
            },
            || ran.store(1, SeqCst),
        );
        ran.store(0, SeqCst);
    };
    on_every_strategy("yes", 1, first);
}

#[test]
fn a_spawned_task_runs_while_its_spawner_waits_for_it_in_a_stolen_half() {
    on_every_strategy("yes", 2, |pool| {
        for _ in 0..50 {
            let (both, (send, receive)) = (Barrier::new(2), mpsc::channel());
            let both = &both;
            rayon::join(
                move || {
                    pool.spawn(move || send.send(()).unwrap());
                    both.wait();
                },
                move || {
                    both.wait();
                    receive.recv().unwrap();
                },
            );
        }
    });
}

#[test]
fn both_halves_may_broadcast() {
    on_every_strategy("yes", 2, |pool| {
        let both = Barrier::new(2);
        let broadcast = || {
            both.wait();
            pool.broadcast(|context| context.index())
        };
        assert_eq!(rayon::join(broadcast, broadcast), (vec![0, 1], vec![0, 1]));
    });
}

/// rayon 592, 1174: a worker that holds a lock waits in a `join`, runs another task meanwhile, and that takes the same lock.
#[test]
fn issues_592_and_1174_a_lock_held_across_a_join() {
    on_every_strategy("no", 2, |_| {
        let sum = Mutex::new(0_u64);
        (0..200_u64).into_par_iter().for_each(|number| {
            let mut sum = sum.lock().unwrap();
            let (left, right) = rayon::join(|| number, || std::hint::black_box(number));
            *sum += left + right;
        });
        assert_eq!(sum.into_inner().unwrap(), 199 * 200);
    });
}

thread_local!(static DEPTH: Cell<usize> = const { Cell::new(0) });

/// How deep tasks lie on each other on one thread, of many that wait.
fn greatest_depth(tasks: usize) -> usize {
    let greatest = AtomicUsize::new(0);
    (0..tasks).into_par_iter().with_max_len(1).for_each(|_| {
        DEPTH.set(DEPTH.get() + 1);
        greatest.fetch_max(DEPTH.get(), SeqCst);
        // It waits for whichever worker has the other half.
        rayon::join(|| (0..50).for_each(|_| std::hint::spin_loop()), std::thread::yield_now);
        DEPTH.set(DEPTH.get() - 1);
    });
    greatest.into_inner()
}

/// rayon 854, 751: each task that a waiting worker runs waits in turn, and the stack overflows.
#[test]
fn issues_854_and_751_nested_steals() {
    on_every_strategy("no", 4, |_| assert_eq!(greatest_depth(2_000), 1, "no task lies on another"));
}
