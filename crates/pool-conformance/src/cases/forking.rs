//! Fork-join: both halves run exactly once, whatever panics.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use pool_core::{Pool, PoolExt, current};

use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount, panic_with_explosive};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::NestedForks;
    vec![
        case!("forking", both_results_come_back),
        case!("forking", it_recurses).needs(&[NestedForks]),
        case!("forking", it_recurses_without_balance).needs(&[NestedForks]),
        case!("forking", it_works_inside_jobs_of_one_worker).needs(&[NestedForks]).submits(1),
        case!("forking", halves_may_borrow_and_write).needs(&[NestedForks]),
        case!("forking", from_many_threads_at_once).needs(&[NestedForks]),
        case!("forking", the_first_half_may_panic),
        case!("forking", the_second_half_may_panic),
        case!("forking", when_both_panic_the_first_wins),
        case!("forking", panics_deep_inside_come_up).needs(&[NestedForks]),
        case!("forking", a_stolen_half_may_panic).needs(&[Claim::Parallel]),
        case!("forking", install_runs_on_a_worker).needs(&[Claim::Identity]),
        case!("forking", install_rethrows),
        case!("forking", a_shutdown_meanwhile_lets_it_end).needs(&[Claim::InnerShutdown, NestedForks]),
        case!("forking", a_queued_install_survives_shutdown_now).needs(&[Claim::ShutdownNow]),
    ]
}

fn fib(pool: &Arc<dyn Pool>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (left, right) = pool.join(|| fib(pool, n - 1), || fib(pool, n - 2));
    left + right
}

fn both_results_come_back(subject: &Subject) {
    let pool = subject.pool_of(2);
    for number in 0..300 {
        let text = number.to_string();
        assert_eq!(pool.join(|| number + 1, || text.len()), (number + 1, number.to_string().len()));
    }
}

fn it_recurses(subject: &Subject) {
    for threads in 1..=3 {
        let pool = subject.pool_of(threads);
        assert_eq!(fib(&pool, 16), 987);
        assert_eq!(pool.install(|| fib(&pool, 12)), 144);
    }
}

fn it_recurses_without_balance(subject: &Subject) {
    fn chain(pool: &Arc<dyn Pool>, length: u64) -> u64 {
        if length == 0 { 0 } else { pool.join(|| chain(pool, length - 1), || 1).0 + 1 }
    }
    fn chain_right(pool: &Arc<dyn Pool>, length: u64) -> u64 {
        if length == 0 { 0 } else { pool.join(|| 1, || chain_right(pool, length - 1)).1 + 1 }
    }
    let pool = subject.build(Setup::threads(2).stack_size(8 << 20));
    assert_eq!(chain(&pool, 500), 500);
    assert_eq!(chain_right(&pool, 500), 500);
}

fn it_works_inside_jobs_of_one_worker(subject: &Subject) {
    let pool = subject.pool_of(1);
    let inner = pool.clone();
    assert_eq!(pool.spawn(move || fib(&inner, 12)).unwrap().join().unwrap(), 144);
}

fn halves_may_borrow_and_write(subject: &Subject) {
    fn fill(pool: &Arc<dyn Pool>, slots: &mut [u64], first: u64) {
        if let [slot] = slots {
            *slot = first;
        } else {
            let middle = slots.len() / 2;
            let (left, right) = slots.split_at_mut(middle);
            pool.join(|| fill(pool, left, first), || fill(pool, right, first + middle as u64));
        }
    }
    let pool = subject.pool_of(2);
    let mut slots = vec![0; 1000];
    fill(&pool, &mut slots, 0);
    assert!(slots.into_iter().eq(0..1000));
}

fn from_many_threads_at_once(subject: &Subject) {
    let pool = subject.pool_of(2);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| assert_eq!(fib(&pool, 12), 144));
        }
    });
}

fn the_first_half_may_panic(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..50 {
        let second = SharedCount::default();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.join(|| resume_unwind(Box::new(1_u8)), || second.add());
        }));
        assert_eq!(outcome.unwrap_err().downcast_ref::<u8>(), Some(&1));
        assert_eq!(second.get(), 1);
    }
}

fn the_second_half_may_panic(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..50 {
        let first = SharedCount::default();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.join(|| first.add(), || resume_unwind(Box::new(2_u8)));
        }));
        assert_eq!(outcome.unwrap_err().downcast_ref::<u8>(), Some(&2));
        assert_eq!(first.get(), 1);
    }
}

fn when_both_panic_the_first_wins(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..50 {
        // The second payload must not be dropped while the first one unwinds.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.join(|| resume_unwind(Box::new(1_u8)), || panic_with_explosive())
        }));
        assert_eq!(outcome.map(|((), ())| ()).unwrap_err().downcast_ref::<u8>(), Some(&1));
    }
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
}

fn panics_deep_inside_come_up(subject: &Subject) {
    fn descend(pool: &Arc<dyn Pool>, leaves: &SharedCount, depth: u64, path: u64) {
        if depth == 0 {
            leaves.add();
            if path == 0b10110 {
                resume_unwind(Box::new(path));
            }
            return;
        }
        let go = |bit| descend(pool, leaves, depth - 1, path << 1 | bit);
        pool.join(|| go(0), || go(1));
    }
    for threads in 1..=2 {
        let pool = subject.pool_of(threads);
        for _ in 0..20 {
            let leaves = SharedCount::default();
            let outcome = catch_unwind(AssertUnwindSafe(|| descend(&pool, &leaves, 5, 0)));
            assert_eq!(outcome.unwrap_err().downcast_ref::<u64>(), Some(&0b10110));
            assert_eq!(leaves.get(), 32, "every leaf has run, once");
        }
    }
}

fn a_stolen_half_may_panic(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..20 {
        let meet = std::sync::Barrier::new(2);
        let first = SharedCount::default();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.join(
                || {
                    meet.wait();
                    first.add();
                },
                || {
                    meet.wait();
                    resume_unwind(Box::new(3_u8))
                },
            )
        }));
        assert_eq!(outcome.map(|((), ())| ()).unwrap_err().downcast_ref::<u8>(), Some(&3));
        assert_eq!(first.get(), 1);
    }
}

fn install_runs_on_a_worker(subject: &Subject) {
    let pool = subject.pool_of(2);
    let inside = pool.install(|| {
        let worker = current().expect("on a worker");
        assert_eq!(pool.install(current), Some(worker), "already there");
        worker
    });
    assert_eq!(inside.pool, pool.id());
    assert!(inside.index < 2);
}

fn install_rethrows(subject: &Subject) {
    let pool = subject.pool_of(1);
    let outcome = catch_unwind(AssertUnwindSafe(|| pool.install(|| resume_unwind(Box::new(9_u8)))));
    assert_eq!(outcome.unwrap_err().downcast_ref::<u8>(), Some(&9));
    assert_eq!(pool.install(|| 1), 1);
}

fn a_shutdown_meanwhile_lets_it_end(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let ender = pool.clone();
        let sum = pool.join(
            || {
                let _ = ender.shutdown();
                fib(&pool, 8)
            },
            || fib(&pool, 9),
        );
        assert_eq!(sum, (21, 34));
    }
}

fn a_queued_install_survives_shutdown_now(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    std::thread::scope(|threads| {
        let installs = [1, 2].map(|number| {
            let pool = &pool;
            threads.spawn(move || pool.install(move || number))
        });
        let ender = crate::tools::shut_down_now_elsewhere(&pool);
        plug.pull();
        assert!(ender.join().unwrap().is_empty(), "a ticket is no job");
        assert_eq!(installs.map(|install| install.join().unwrap()), [1, 2]);
    });
}
