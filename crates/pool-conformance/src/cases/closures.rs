//! Closures of every shape.

use pool_core::PoolExt;

use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount, mailbox};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("closures", of_no_size).submits(2),
        case!("closures", of_every_size_around_the_inline_limit).submits(10),
        case!("closures", over_aligned).submits(3),
        case!("closures", of_no_size_and_over_aligned).submits(3),
        case!("closures", large).submits(2),
        case!("closures", in_scopes_and_joins).submits(3),
        case!("closures", captures_are_dropped_before_the_joiner_goes_on).submits(1),
        case!("closures", captures_of_jobs_that_never_run_are_dropped).needs(&[Claim::ShutdownNow]).queues(4),
    ]
}

#[repr(align(128))]
#[derive(Clone, Copy)]
struct Aligned<const N: usize>([u8; N]);

fn is_aligned<T>(value: &T) -> bool {
    (&raw const *value).addr().is_multiple_of(align_of::<T>())
}

fn of_no_size(subject: &Subject) {
    let pool = subject.pool_of(1);
    fn seven() -> i32 {
        7
    }
    assert_eq!(pool.spawn(seven).unwrap().join().unwrap(), 7);
    pool.execute(|| ()).unwrap();
}

fn of_every_size_around_the_inline_limit(subject: &Subject) {
    let pool = subject.pool_of(2);
    fn check<const N: usize>(pool: &std::sync::Arc<dyn pool_core::Pool>) {
        let bytes: [u8; N] = std::array::from_fn(|index| index as u8);
        assert_eq!(pool.spawn(move || bytes).unwrap().join().unwrap(), bytes);
        let (send, receive) = mailbox();
        pool.execute(move || send.send(bytes).unwrap()).unwrap();
        assert_eq!(receive.recv(), Ok(bytes));
    }
    check::<1>(&pool);
    check::<7>(&pool);
    check::<8>(&pool);
    check::<15>(&pool);
    check::<16>(&pool);
    check::<17>(&pool);
    check::<24>(&pool);
    check::<25>(&pool);
    check::<64>(&pool);
}

fn over_aligned(subject: &Subject) {
    let pool = subject.pool_of(1);
    let value = Aligned([5; 3]);
    let (send, receive) = mailbox();
    pool.execute(move || {
        let value = value;
        send.send((is_aligned(&value), value.0)).unwrap();
    })
    .unwrap();
    assert_eq!(receive.recv(), Ok((true, [5; 3])));
    let checked = pool.spawn(move || {
        let value = value;
        (is_aligned(&value), value)
    });
    let (aligned, result) = checked.unwrap().join().unwrap();
    assert!(aligned && is_aligned(&result));
    assert_eq!(result.0, [5; 3]);
}

fn of_no_size_and_over_aligned(subject: &Subject) {
    let pool = subject.pool_of(1);
    let nothing = Aligned([]);
    let checked = pool.spawn(move || {
        let nothing = nothing;
        is_aligned(&nothing)
    });
    assert!(checked.unwrap().join().unwrap());
    let result = pool.spawn(move || nothing).unwrap().join().unwrap();
    assert!(is_aligned(&result));
}

fn large(subject: &Subject) {
    let pool = subject.pool_of(1);
    let big = [3_u8; 20_000];
    let sum = pool.spawn(move || big.iter().map(|byte| u64::from(*byte)).sum::<u64>());
    assert_eq!(sum.unwrap().join().unwrap(), 60_000);
    let (send, receive) = mailbox();
    pool.execute(move || send.send(big.len()).unwrap()).unwrap();
    assert_eq!(receive.recv(), Ok(20_000));
}

fn in_scopes_and_joins(subject: &Subject) {
    let pool = subject.pool_of(2);
    let (value, big) = (Aligned([5; 3]), [9_u8; 3000]);
    let ran = SharedCount::default();
    let result = pool.scope(|scope| {
        scope.execute(|| ran.add());
        let ran = &ran;
        scope.execute(move || {
            let value = value;
            assert!(is_aligned(&value));
            assert_eq!(big[2999], 9);
            ran.add();
        });
        scope.spawn(move || value).join().unwrap()
    });
    assert!(is_aligned(&result));
    assert_eq!(ran.get(), 2);
    let (left, right) = pool.join(move || value, move || big);
    assert!(is_aligned(&left));
    assert_eq!((left.0, right), ([5; 3], big));
}

fn captures_are_dropped_before_the_joiner_goes_on(subject: &Subject) {
    let pool = subject.pool_of(2);
    let dropped = SharedCount::default();
    for number in 1..=200 {
        let held = dropped.on_drop();
        let handle = pool.spawn(move || {
            let _held = &held;
        });
        handle.unwrap().join().unwrap();
        assert_eq!(dropped.get(), number);
    }
}

fn captures_of_jobs_that_never_run_are_dropped(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let dropped = SharedCount::default();
    for _ in 0..2 {
        let (held, padding) = (dropped.on_drop(), [0_u8; 100]);
        pool.execute(move || drop((held, padding))).unwrap();
        let held = dropped.on_drop();
        drop(pool.spawn(move || drop(held)).unwrap());
    }
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let jobs = ender.join().unwrap();
    assert_eq!((jobs.len(), dropped.get()), (4, 0));
    drop(jobs);
    assert_eq!(dropped.get(), 4);
}
