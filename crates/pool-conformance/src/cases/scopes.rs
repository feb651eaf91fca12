//! Scopes: jobs that borrow, and a wait for all of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

use pool_core::{JoinError, Pool, PoolExt};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug, SharedCount, panic_on_purpose, panic_with_explosive};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::NestedForks;
    vec![
        case!("scopes", jobs_borrow_and_the_scope_waits).submits(1),
        case!("scopes", an_empty_scope_returns_its_bodys_result),
        case!("scopes", handles_have_results).submits(1),
        case!("scopes", jobs_start_jobs).submits(1),
        case!("scopes", jobs_join_handles_of_their_scope).needs(&[NestedForks]).submits(1),
        case!("scopes", they_work_inside_jobs_of_one_worker).needs(&[NestedForks]).submits(1),
        case!("scopes", they_nest).needs(&[NestedForks]).submits(1),
        case!("scopes", who_waits_helps_the_scopes_inside).needs(&[Claim::NestedScopes]).submits(1),
        case!("scopes", several_share_one_worker).submits(4),
        case!("scopes", other_jobs_get_their_turn).needs(&[Claim::Fifo]).queues(2),
        case!("scopes", a_panicking_body_waits_for_its_jobs).submits(1),
        case!("scopes", a_panicking_job_lets_all_others_run).submits(1),
        case!("scopes", the_bodys_panic_wins_over_a_jobs).submits(1),
        case!("scopes", a_handle_keeps_a_panic_from_the_scope).submits(1),
        case!("scopes", a_dropped_handle_leaves_the_panic_to_the_scope).submits(1),
        case!("scopes", payloads_that_panic_when_dropped_do_not_abort).submits(1),
        case!("scopes", an_outer_scope_survives_a_panicking_inner_one).needs(&[NestedForks]).submits(1),
        case!("scopes", map_keeps_the_items_order).submits(1),
        case!("scopes", what_map_returns_may_borrow_from_the_items).submits(1),
        case!("scopes", a_shutdown_during_a_scope_lets_it_end).needs(&[Claim::Shutdown]).submits(1),
        case!("scopes", who_joins_outside_after_a_shutdown_runs_what_lies_inside)
            .needs(&[Claim::Shutdown, NestedForks])
            .submits(1),
        case!("scopes", shutdown_now_during_a_scope_lets_it_end).needs(&[Claim::ShutdownNow]).submits(1),
    ]
}

fn jobs_borrow_and_the_scope_waits(subject: &Subject) {
    let pool = subject.pool_of(2);
    let mut numbers = vec![0_u64; 1000];
    pool.scope(|scope| {
        for (index, number) in numbers.iter_mut().enumerate() {
            scope.execute(move || *number = index as u64);
        }
    });
    assert!(numbers.into_iter().eq(0..1000));
}

fn an_empty_scope_returns_its_bodys_result(subject: &Subject) {
    let pool = subject.pool_of(1);
    assert_eq!(pool.scope(|_| 5), 5);
}

fn handles_have_results(subject: &Subject) {
    let pool = subject.pool_of(2);
    let text = "borrowed".to_owned();
    let lengths = pool.scope(|scope| {
        let handles: Vec<_> = (0..100)
            .map(|n| {
                scope.spawn({
                    let text = &text;
                    move || text.len() + n
                })
            })
            .collect();
        handles.into_iter().rev().map(|handle| handle.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(lengths.into_iter().rev().eq(8..108));
}

fn jobs_start_jobs(subject: &Subject) {
    let pool = subject.pool_of(2);
    let (leaves, all) = (AtomicU64::new(0), AtomicU64::new(0));
    fn grow<'scope>(
        scope: &'scope pool_core::Scope<'scope, '_>,
        leaves: &'scope AtomicU64,
        all: &'scope AtomicU64,
        depth: usize,
    ) {
        all.fetch_add(1, SeqCst);
        if depth == 0 {
            leaves.fetch_add(1, SeqCst);
            return;
        }
        for _ in 0..2 {
            scope.execute(move || grow(scope, leaves, all, depth - 1));
        }
    }
    pool.scope(|scope| grow(scope, &leaves, &all, 9));
    assert_eq!((leaves.into_inner(), all.into_inner()), (512, 1023));
}

fn jobs_join_handles_of_their_scope(subject: &Subject) {
    for threads in 1..=2 {
        let pool = subject.pool_of(threads);
        let sum = pool.scope(|scope| {
            let first = scope.spawn(|| 1);
            let second = scope.spawn(move || first.join().unwrap() + 1);
            let third = scope.spawn(move || second.join().unwrap() + 1);
            third.join().unwrap()
        });
        assert_eq!(sum, 3);
    }
}

fn they_work_inside_jobs_of_one_worker(subject: &Subject) {
    let pool = subject.pool_of(1);
    let inner = pool.clone();
    let sum = pool.spawn(move || {
        let numbers: Vec<u64> = (0..100).collect();
        let sum = AtomicU64::new(0);
        inner.scope(|scope| {
            for number in &numbers {
                scope.execute(|| {
                    sum.fetch_add(*number, SeqCst);
                });
            }
        });
        sum.into_inner()
    });
    assert_eq!(sum.unwrap().join().unwrap(), 4950);
}

fn they_nest(subject: &Subject) {
    for threads in 1..=2 {
        let pool = subject.pool_of(threads);
        let count = SharedCount::default();
        let inner_most = || pool.scope(|scope| (0..4).for_each(|_| scope.execute(|| count.add())));
        pool.scope(|outer| {
            for _ in 0..4 {
                outer.execute(|| pool.scope(|inner| (0..4).for_each(|_| inner.execute(inner_most))));
            }
        });
        assert_eq!(count.get(), 64);
    }
}

/// The jobs of the inner scope wait for each other, and of two workers one waits for the outer scope.
fn who_waits_helps_the_scopes_inside(subject: &Subject) {
    let pool = subject.pool_of(2);
    let both = Barrier::new(2);
    let inner = || {
        pool.scope(|scope| {
            scope.execute(|| {
                both.wait();
            });
            scope.execute(|| {
                both.wait();
            });
        });
    };
    let started = Latch::default();
    pool.install(|| {
        pool.scope(|scope| {
            // It is the other worker that runs this, since this one is busy.
            scope.execute(|| {
                started.open();
                inner();
            });
            started.wait();
        });
    });
}

fn several_share_one_worker(subject: &Subject) {
    let pool = subject.pool_of(1);
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let count = SharedCount::default();
                pool.scope(|scope| (0..200).for_each(|_| scope.execute(|| count.add())));
                assert_eq!(count.get(), 200);
            });
        }
    });
}

/// A long scope does not keep the worker from what was queued meanwhile.
fn other_jobs_get_their_turn(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (ran, before) = (SharedCount::default(), SharedCount::default());
    pool.scope(|scope| {
        for _ in 0..1000 {
            scope.execute(|| ran.add());
        }
        let (counter, seen) = (ran.clone(), before.clone());
        pool.execute(move || (0..counter.get()).for_each(|_| seen.add())).unwrap();
        plug.pull();
    });
    assert_eq!(ran.get(), 1000);
    assert!(before.get() < 1000, "the job had to wait for the whole scope");
}

fn a_panicking_body_waits_for_its_jobs(subject: &Subject) {
    let pool = subject.pool_of(2);
    let ran = SharedCount::default();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|scope| {
            (0..100).for_each(|_| scope.execute(|| ran.add()));
            panic_on_purpose();
        })
    }));
    assert!(outcome.is_err());
    assert_eq!(ran.get(), 100);
}

fn a_panicking_job_lets_all_others_run(subject: &Subject) {
    let pool = subject.pool_of(2);
    let ran = SharedCount::default();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|scope| {
            for number in 0..100_u64 {
                let ran = &ran;
                scope.execute(move || {
                    ran.add();
                    if number.is_multiple_of(10) {
                        std::panic::resume_unwind(Box::new(number));
                    }
                });
            }
        })
    }));
    let payload = outcome.unwrap_err();
    assert!(payload.downcast_ref::<u64>().unwrap().is_multiple_of(10), "it is the payload of one of them");
    assert_eq!(ran.get(), 100);
    // The pool is as good as new.
    assert_eq!(pool.scope(|scope| scope.spawn(|| 1).join().unwrap()), 1);
}

fn the_bodys_panic_wins_over_a_jobs(subject: &Subject) {
    let pool = subject.pool_of(1);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|scope| {
            scope.execute(|| panic_with_explosive());
            std::panic::resume_unwind(Box::new("the body"));
        })
    }));
    assert_eq!(outcome.unwrap_err().downcast_ref::<&str>(), Some(&"the body"));
}

fn a_handle_keeps_a_panic_from_the_scope(subject: &Subject) {
    let pool = subject.pool_of(1);
    pool.scope(|scope| {
        let handle = scope.spawn(|| panic_on_purpose());
        assert!(matches!(handle.join(), Err(JoinError::Panicked(_))));
    });
}

fn a_dropped_handle_leaves_the_panic_to_the_scope(subject: &Subject) {
    let pool = subject.pool_of(1);
    for late in [false, true] {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.scope(|scope| {
                let handle = scope.spawn(|| panic_on_purpose());
                if late {
                    crate::tools::until(|| handle.is_finished());
                }
                drop(handle);
            })
        }));
        assert!(outcome.is_err());
    }
}

fn payloads_that_panic_when_dropped_do_not_abort(subject: &Subject) {
    let pool = subject.pool_of(2);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|scope| (0..5).for_each(|_| scope.execute(|| panic_with_explosive())));
    }));
    let payload = outcome.unwrap_err();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(payload))).is_err(), "it is one of them");
    assert_eq!(pool.scope(|scope| scope.spawn(|| 1).join().unwrap()), 1);
}

fn an_outer_scope_survives_a_panicking_inner_one(subject: &Subject) {
    let pool = subject.pool_of(1);
    let ran = SharedCount::default();
    pool.scope(|outer| {
        let inner = outer.spawn(|| pool.scope(|inner| inner.execute(|| panic_on_purpose())));
        outer.execute(|| ran.add());
        assert!(inner.join().is_err());
    });
    assert_eq!(ran.get(), 1);
}

fn map_keeps_the_items_order(subject: &Subject) {
    let pool = subject.pool_of(3);
    for length in [0, 1, 2, 7, 100, 1000_u64] {
        let items: Vec<u64> = (0..length).collect();
        assert!(pool.map(&items, |item| item * 3).into_iter().eq((0..length).map(|item| item * 3)));
    }
}

fn what_map_returns_may_borrow_from_the_items(subject: &Subject) {
    fn last_words<'items, P: Pool + ?Sized>(pool: &P, lines: &'items [String]) -> Vec<&'items str> {
        pool.map(lines, |line| line.rsplit(' ').next().unwrap_or_default())
    }
    let pool = subject.pool_of(2);
    let lines: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
    let expected: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let object: &dyn Pool = &*pool;
    assert_eq!(last_words(&pool, &lines), expected);
    assert_eq!(last_words(object, &lines), expected);
    // As a whole, and where the closure borrows from somewhere else as well.
    let prefix = "line ".to_owned();
    let rest = pool.map(&lines, |line| (line, line.strip_prefix(&prefix).unwrap_or_default()));
    drop(prefix);
    assert!(rest.into_iter().eq(lines.iter().zip(expected.iter().map(String::as_str))));
}

fn a_shutdown_during_a_scope_lets_it_end(subject: &Subject) {
    let pool = subject.pool_of(1);
    let ran = SharedCount::default();
    let go = Latch::default();
    let ender = pool.scope(|scope| {
        scope.execute(|| go.wait());
        (0..200).for_each(|_| scope.execute(|| ran.add()));
        let ender = crate::tools::shut_down_elsewhere(&pool);
        (0..200).for_each(|_| scope.execute(|| ran.add()));
        go.open();
        ender
    });
    assert_eq!(ran.get(), 400);
    assert_eq!(ender.join().unwrap(), pool_core::Shutdown::Terminated);
}

/// The only worker waits for the thread that joins.
fn who_joins_outside_after_a_shutdown_runs_what_lies_inside(subject: &Subject) {
    let pool = subject.pool_of(1);
    let ender = pool.scope(|outer| {
        let in_job = || {
            let ender = crate::tools::shut_down_elsewhere(&pool);
            pool.scope(|inner| {
                let handle = inner.spawn(|| 7);
                thread::scope(|threads| {
                    let joined = threads.spawn(move || handle.join().unwrap());
                    assert_eq!(joined.join().unwrap(), 7);
                });
            });
            ender
        };
        outer.spawn(in_job).join().unwrap()
    });
    assert_eq!(ender.join().unwrap(), pool_core::Shutdown::Terminated);
}

fn shutdown_now_during_a_scope_lets_it_end(subject: &Subject) {
    let pool = subject.pool_of(1);
    let ran = SharedCount::default();
    let plug = Plug::all(&pool);
    let ender = pool.scope(|scope| {
        (0..200).for_each(|_| scope.execute(|| ran.add()));
        let ender = crate::tools::shut_down_now_elsewhere(&pool);
        (0..200).for_each(|_| scope.execute(|| ran.add()));
        plug.pull();
        ender
    });
    assert_eq!(ran.get(), 400);
    assert!(ender.join().unwrap().is_empty(), "a ticket is no job");
}
