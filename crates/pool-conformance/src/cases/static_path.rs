//! The inherent methods of [`ThreadPool`], which have nothing dynamic in between: above all the strategy's own join.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use pool_core::strategy::Strategy;
use pool_core::{Pool, ThreadPool};

use crate::case::Case;
use crate::tools::{SharedCount, panic_with_explosive};

pub(crate) fn cases<S: Strategy>(make: Arc<impl Fn() -> S + Send + Sync + 'static>) -> Vec<Case> {
    let case = |name: &str, threads: usize, check: fn(&ThreadPool<S>)| {
        let make = make.clone();
        Case::new(format!("static_path::{name}"), move |_| {
            check(&ThreadPool::with(make()).threads(threads).build().expect("the pool can be built"));
        })
    };
    vec![
        case("join_recurses_in_one_worker", 1, join_recurses),
        case("join_recurses_in_several_workers", 3, join_recurses),
        case("results_of_every_shape_come_back", 2, results_of_every_shape),
        case("results_are_dropped_once", 2, results_are_dropped_once),
        case("panics_are_rethrown_after_both_halves", 2, panics_are_rethrown),
        case("panics_in_nested_joins_leave_the_pool_whole", 2, panics_in_nested_joins),
        case("the_other_methods_are_those_of_the_trait", 2, the_other_methods),
        case("it_says_what_it_is", 2, it_says_what_it_is).submits(1),
    ]
}

fn fib<S: Strategy>(pool: &ThreadPool<S>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (left, right) = pool.join(|| fib(pool, n - 1), || fib(pool, n - 2));
    left + right
}

fn join_recurses<S: Strategy>(pool: &ThreadPool<S>) {
    assert_eq!(fib(pool, 18), 2584);
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| assert_eq!(fib(pool, 13), 233));
        }
    });
}

fn results_of_every_shape<S: Strategy>(pool: &ThreadPool<S>) {
    #[repr(align(128))]
    #[derive(PartialEq, Debug, Clone, Copy)]
    struct Aligned(u8);
    for number in 0..200 {
        let text = number.to_string();
        assert_eq!(pool.join(|| text.clone(), || [number; 100]), (number.to_string(), [number; 100]));
        let captured = Aligned(3);
        let (left, right) = pool.join(move || captured, || ());
        assert_eq!((left, right), (captured, ()));
        assert!((&raw const left).addr().is_multiple_of(128));
    }
}

fn results_are_dropped_once<S: Strategy>(pool: &ThreadPool<S>) {
    let (dropped, first) = (SharedCount::default(), SharedCount::default());
    for _ in 0..100 {
        let held = dropped.on_drop();
        drop(pool.join(|| dropped.on_drop(), move || held));
        // The result of the half that went well is dropped when the other one panics.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.join(|| first.on_drop(), || resume_unwind(Box::new(0_u8)))
        }));
        assert!(outcome.map(|(_, ())| ()).is_err());
    }
    assert_eq!((dropped.get(), first.get()), (200, 100));
}

fn panics_are_rethrown<S: Strategy>(pool: &ThreadPool<S>) {
    let payload = |outcome: std::thread::Result<((), ())>| *outcome.unwrap_err().downcast::<u8>().unwrap();
    for _ in 0..50 {
        let ran = SharedCount::default();
        let run = || ran.add();
        let first = catch_unwind(AssertUnwindSafe(|| pool.join(|| resume_unwind(Box::new(1_u8)), run)));
        assert_eq!(payload(first), 1);
        let second = catch_unwind(AssertUnwindSafe(|| pool.join(run, || resume_unwind(Box::new(2_u8)))));
        assert_eq!(payload(second), 2);
        let both = catch_unwind(AssertUnwindSafe(|| {
            pool.join(|| resume_unwind(Box::new(3_u8)), || panic_with_explosive())
        }));
        assert_eq!(payload(both), 3);
        assert_eq!(ran.get(), 2);
    }
}

fn panics_in_nested_joins<S: Strategy>(pool: &ThreadPool<S>) {
    fn descend<S: Strategy>(pool: &ThreadPool<S>, leaves: &SharedCount, depth: u64, path: u64) {
        if depth == 0 {
            leaves.add();
            if path.is_multiple_of(5) {
                resume_unwind(Box::new(path));
            }
            return;
        }
        let go = |bit| descend(pool, leaves, depth - 1, path << 1 | bit);
        pool.join(|| go(0), || go(1));
    }
    for _ in 0..50 {
        let leaves = SharedCount::default();
        let outcome = catch_unwind(AssertUnwindSafe(|| descend(pool, &leaves, 6, 0)));
        assert_eq!(outcome.unwrap_err().downcast_ref::<u64>(), Some(&0), "the first in order wins");
        assert_eq!(leaves.get(), 64);
    }
    assert_eq!(fib(pool, 10), 55);
}

fn the_other_methods<S: Strategy>(pool: &ThreadPool<S>) {
    let (send, receive) = crate::tools::mailbox();
    pool.execute(move || send.send(1).unwrap()).unwrap();
    assert_eq!(receive.recv(), Ok(1));
    assert_eq!(pool.spawn(|| 2).unwrap().join().unwrap(), 2);
    assert_eq!(pool.scope(|scope| scope.spawn(|| 3).join().unwrap()), 3);
    assert_eq!(pool.map(&[1, 2, 3], |item| item * 2), [2, 4, 6]);
    let words = ["a".to_owned(), "b".to_owned()];
    let borrowed: Vec<&str> = pool.map(&words, |word| word.as_str());
    assert_eq!(borrowed, ["a", "b"]);
    assert_eq!(pool.id(), Pool::id(pool));
}

fn it_says_what_it_is<S: Strategy>(pool: &ThreadPool<S>) {
    let text = format!("{pool:?}");
    assert!(text.contains("threads: 2") && text.contains("Running"), "{text}");
    assert_eq!(pool.name(), S::NAME);
    assert_eq!(pool.threads(), 2);
}
