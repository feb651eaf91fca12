//! An iterator through a parallel map.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use pool_core::{Pool, PoolExt};

use crate::case::{Case, case};
use crate::tools::{Latch, SharedCount, until};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, NestedForks, WaitIdle};
    vec![
        case!("map_ordered", results_come_in_the_items_order).submits(1),
        case!("map_ordered", no_more_than_so_many_are_under_way).submits(1),
        case!("map_ordered", nothing_is_started_before_a_result_is_asked_for)
            .needs(&[Counts, WaitIdle])
            .submits(1),
        case!("map_ordered", a_panic_comes_out_at_its_place).submits(1),
        case!("map_ordered", a_panic_of_the_items_loses_no_result).submits(1),
        case!("map_ordered", dropped_early_it_cancels_what_has_not_started)
            .needs(&[Counts, WaitIdle])
            .submits(1),
        case!("map_ordered", it_borrows_in_a_scope).submits(1),
        case!("map_ordered", it_works_and_nests_on_one_worker).needs(&[NestedForks]).submits(1),
        case!("map_ordered", it_goes_on_when_the_pool_takes_nothing_more)
            .needs(&[Claim::Shutdown])
            .submits(1),
        case!("map_ordered", jobs_are_conserved).needs(&[Counts, WaitIdle]).submits(1),
    ]
}

fn results_come_in_the_items_order(subject: &Subject) {
    let pool = subject.pool_of(2);
    for most in [0, 1, 2, 7, 1000] {
        let results = pool.map_ordered(0..100_u64, most, |number| number * number);
        assert_eq!(results.size_hint(), (100, Some(100)));
        assert!(results.eq((0..100).map(|number| number * number)), "at most {most}");
    }
    assert_eq!(pool.map_ordered(Vec::<u8>::new(), 4, |byte| byte).next(), None);
}

fn no_more_than_so_many_are_under_way(subject: &Subject) {
    const MOST: usize = 3;
    let pool = subject.pool_of(2);
    let asked_for = Arc::new(AtomicUsize::new(0));
    let items = (0..50).inspect(|_| {
        asked_for.fetch_add(1, SeqCst);
    });
    let mut results = pool.map_ordered(items, MOST, |number| number);
    for taken in 0..50 {
        assert_eq!(results.next(), Some(taken));
        let under_way = asked_for.load(SeqCst) - taken;
        assert!(under_way <= MOST, "{under_way}");
        assert_eq!(results.len(), 49 - taken);
    }
    assert_eq!((results.next(), results.next()), (None, None));
}

fn nothing_is_started_before_a_result_is_asked_for(subject: &Subject) {
    let pool = subject.pool_of(2);
    let ran = SharedCount::default();
    let counted = ran.clone();
    let results = pool.map_ordered(0.., 4, move |_: u64| counted.add());
    drop(results);
    assert!(pool.wait_idle(None));
    assert_eq!((ran.get(), pool.counts().submitted), (0, 0));
    // Of an endless iterator.
    assert!(pool.map_ordered(0.., 4, |number: u64| number + 1).take(10).eq(1..11));
}

fn a_panic_comes_out_at_its_place(subject: &Subject) {
    let pool = subject.pool_of(2);
    let mut results = pool.map_ordered(0..10_u8, 4, |number| {
        if number % 3 == 2 {
            resume_unwind(Box::new(number));
        }
        number
    });
    for number in 0..10 {
        let outcome = catch_unwind(AssertUnwindSafe(|| results.next()));
        match outcome {
            Ok(result) => assert_eq!(result, Some(number)),
            Err(payload) => assert_eq!((payload.downcast_ref(), number % 3), (Some(&number), 2)),
        }
    }
    assert_eq!(results.next(), None);
}

fn a_panic_of_the_items_loses_no_result(subject: &Subject) {
    let pool = subject.pool_of(2);
    let items = (0..6).inspect(|number| {
        if *number == 3 {
            resume_unwind(Box::new("the items'"));
        }
    });
    let mut results = pool.map_ordered(items, 2, |number| number);
    let mut seen = Vec::new();
    let mut panics = 0;
    loop {
        match catch_unwind(AssertUnwindSafe(|| results.next())) {
            Ok(Some(number)) => seen.push(number),
            Ok(None) => break,
            Err(_) => panics += 1,
        }
    }
    assert_eq!((seen, panics), (vec![0, 1, 2, 4, 5], 1));
}

fn dropped_early_it_cancels_what_has_not_started(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (ran, latch, begun) = (SharedCount::default(), Latch::default(), Latch::default());
    let (counted, held, says) = (ran.clone(), latch.clone(), begun.clone());
    let captured = SharedCount::default();
    let items: Vec<_> = (0..6).map(|number| (number, captured.on_drop())).collect();
    let mut results = pool.map_ordered(items, 6, move |(number, _captured)| {
        counted.add();
        if number == 1 {
            says.open();
            held.wait();
        }
        number
    });
    assert_eq!(results.next(), Some(0));
    begun.wait();
    // It does not wait for the one that runs.
    drop(results);
    assert_eq!(captured.get(), 5, "what has not started is dropped");
    latch.open();
    assert!(pool.wait_idle(None));
    until(|| captured.get() == 6);
    let counts = pool.counts();
    assert_eq!((ran.get(), counts.completed, counts.cancelled), (2, 2, 4));
}

fn it_borrows_in_a_scope(subject: &Subject) {
    let pool = subject.pool_of(2);
    let lines: Vec<String> = (0..50).map(|number| format!("line {number}")).collect();
    let suffix = "!".to_owned();
    let loud = pool.scope(|scope| {
        let mut all = scope.map_ordered(&lines, 5, |line| (line.as_str(), line.len() + suffix.len()));
        let first = all.next();
        assert_eq!(first, Some(("line 0", 7)));
        let rest: Vec<_> = all.by_ref().take(20).collect();
        rest
    });
    assert!(loud.into_iter().eq(lines[1..21].iter().map(|line| (line.as_str(), line.len() + 1))));
}

fn it_works_and_nests_on_one_worker(subject: &Subject) {
    let pool = subject.pool_of(1);
    let inner = Arc::downgrade(&pool);
    let sum = pool.install(|| {
        let squares = |number: u64| {
            let pool = inner.upgrade().expect("the pool waits");
            pool.map_ordered(0..number, 2, |number| number * number).sum::<u64>()
        };
        pool.scope(|scope| scope.map_ordered(0..10, 3, squares).sum::<u64>())
    });
    assert_eq!(sum, (0..10).map(|number| (0..number).map(|number| number * number).sum::<u64>()).sum());
}

fn it_goes_on_when_the_pool_takes_nothing_more(subject: &Subject) {
    let pool = subject.pool_of(1);
    let mut results = pool.map_ordered(0..20, 4, |number| number);
    assert_eq!(results.next(), Some(0));
    let _ = pool.shutdown();
    assert!(results.eq(1..20));
}

fn jobs_are_conserved(subject: &Subject) {
    let pool = subject.pool_of(2);
    for taken in 0..10 {
        assert_eq!(pool.map_ordered(0..20, 6, |number| number).take(taken).count(), taken);
    }
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!(counts.submitted, counts.accounted());
    assert_eq!((counts.queued, counts.running), (0, 0));
}
