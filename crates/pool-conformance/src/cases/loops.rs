//! Loops over slices.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use pool_core::{Pool, PoolExt};

use crate::case::{Case, case};
use crate::tools::{SharedCount, panic_on_purpose};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("loops", each_item_is_seen_once).submits(1),
        case!("loops", each_item_may_be_changed).submits(1),
        case!("loops", chunks_have_their_numbers_and_their_size).submits(1),
        case!("loops", results_are_combined_in_the_items_order).submits(1),
        case!("loops", results_that_no_one_gets_are_dropped).submits(1),
        case!("loops", results_of_every_size_are_kept).submits(1),
        case!("loops", a_panic_comes_out_when_all_have_ended).submits(1),
        case!("loops", they_nest_on_one_worker).needs(&[Claim::NestedForks]).submits(1),
        case!("loops", they_run_where_the_pool_takes_nothing_more).needs(&[Claim::Shutdown]),
    ]
}

/// Slices that are cut into no piece, into one, and into many.
const LENGTHS: [usize; 6] = [0, 1, 2, 15, 100, 1001];

fn each_item_is_seen_once(subject: &Subject) {
    let pool = subject.pool_of(2);
    for length in LENGTHS {
        let seen: Vec<AtomicUsize> = (0..length).map(|_| AtomicUsize::new(0)).collect();
        pool.for_each(&seen, |seen| {
            seen.fetch_add(1, SeqCst);
        });
        assert!(seen.into_iter().all(|seen| seen.into_inner() == 1));
    }
}

fn each_item_may_be_changed(subject: &Subject) {
    let pool = subject.pool_of(2);
    for length in LENGTHS {
        let mut numbers: Vec<usize> = (0..length).collect();
        pool.for_each_mut(&mut numbers, |number| *number *= 3);
        assert!(numbers.into_iter().eq((0..length).map(|number| number * 3)));
    }
}

fn chunks_have_their_numbers_and_their_size(subject: &Subject) {
    let pool = subject.pool_of(2);
    for (length, size) in
        LENGTHS.into_iter().flat_map(|length| [1, 7, 5000, usize::MAX].map(|size| (length, size)))
    {
        let mut numbers = vec![usize::MAX; length];
        let chunks = SharedCount::default();
        pool.for_each_chunk_mut(&mut numbers, size, |number, chunk| {
            chunks.add();
            assert!(chunk.len() == size || chunk.len() == length % size);
            chunk.fill(number);
        });
        assert_eq!(chunks.get(), length.div_ceil(size));
        assert!(
            numbers.into_iter().eq((0..length).map(|place| place / size)),
            "{length} in chunks of {size}"
        );
    }
    assert!(catch_unwind(AssertUnwindSafe(|| pool.for_each_chunk_mut(&mut [1], 0, |_, _| ()))).is_err());
}

fn results_are_combined_in_the_items_order(subject: &Subject) {
    let pool = subject.pool_of(2);
    assert_eq!(pool.map_reduce(&[] as &[u8], |_| 1, |a, b| a + b), None);
    for length in &LENGTHS[1..] {
        let numbers: Vec<usize> = (0..*length).collect();
        let listed = pool.map_reduce(
            &numbers,
            |number| vec![number],
            |mut a, b| {
                a.extend(b);
                a
            },
        );
        // The results borrow from the items.
        assert!(listed.unwrap().into_iter().eq(&numbers));
    }
}

fn results_that_no_one_gets_are_dropped(subject: &Subject) {
    let pool = subject.pool_of(2);
    let (made, dropped) = (SharedCount::default(), SharedCount::default());
    let items: Vec<usize> = (0..100).collect();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pool.map(&items, |item| {
            if *item == 70 {
                panic_on_purpose();
            }
            made.add();
            dropped.on_drop()
        })
    }));
    assert!(outcome.is_err());
    assert!(made.get() > 0 && made.get() == dropped.get());
    let kept = pool.map(&items, |_| dropped.on_drop());
    assert_eq!((kept.len(), made.get()), (100, dropped.get()));
    drop(kept);
    assert_eq!(dropped.get(), made.get() + 100);
}

fn results_of_every_size_are_kept(subject: &Subject) {
    let pool = subject.pool_of(2);
    let items: Vec<u8> = (0..100).collect();
    assert_eq!(pool.map(&items, |_| ()).len(), 100);
    let large = pool.map(&items, |item| [*item; 100]);
    assert!(large.iter().zip(&items).all(|(large, item)| large.iter().all(|byte| byte == item)));
}

fn a_panic_comes_out_when_all_have_ended(subject: &Subject) {
    let pool = subject.pool_of(2);
    let items: Vec<usize> = (0..64).collect();
    let ended = SharedCount::default();
    for panics in [0, 63] {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.for_each(&items, |item| {
                if *item == panics {
                    std::panic::resume_unwind(Box::new(panics));
                }
                ended.add();
            })
        }));
        assert_eq!(outcome.unwrap_err().downcast_ref::<usize>(), Some(&panics));
    }
    assert!(ended.get() >= 64, "a panic stops its own piece at most");
}

fn they_nest_on_one_worker(subject: &Subject) {
    let pool = subject.pool_of(1);
    let rows: Vec<Vec<u64>> = (0..20).map(|row| (0..row).collect()).collect();
    let sums =
        pool.install(|| pool.map(&rows, |row| pool.map_reduce(row, |x| *x, |a, b| a + b).unwrap_or(0)));
    assert!(sums.into_iter().eq((0..20).map(|row: u64| row * row.saturating_sub(1) / 2)));
}

fn they_run_where_the_pool_takes_nothing_more(subject: &Subject) {
    let pool = subject.pool_of(1);
    let _ = pool.shutdown();
    let mut numbers = [1, 2, 3];
    pool.for_each_mut(&mut numbers, |number| *number += 1);
    assert_eq!(pool.map_reduce(&numbers, |number| *number, |a, b| a + b), Some(9));
}
