//! Handles: results, time-outs, and what comes back when the time is over.

use std::time::Duration;

use pool_core::{JobHandle, PoolExt};

use crate::Subject;
use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount, mailbox};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("handles", they_have_the_result).submits(1),
        case!("handles", results_of_any_shape_arrive).submits(1),
        case!("handles", a_detached_job_runs_and_its_result_is_dropped).submits(2),
        case!("handles", try_join_hands_the_handle_back).queues(1),
        case!("handles", join_timeout_hands_the_handle_back_and_never_runs_the_job).queues(1),
        case!("handles", a_join_without_an_end_is_a_join).submits(1),
        case!("handles", is_finished_tells).queues(1),
        case!("handles", a_handle_may_be_joined_by_another_job).submits(2),
        case!("handles", many_threads_submit_and_join).submits(8),
    ]
}

fn they_have_the_result(subject: &Subject) {
    let pool = subject.pool_of(2);
    for number in 0..1000_u64 {
        assert_eq!(pool.spawn(move || number * 2).unwrap().join().unwrap(), number * 2);
    }
}

fn results_of_any_shape_arrive(subject: &Subject) {
    #[repr(align(128))]
    #[derive(PartialEq, Debug)]
    struct Aligned(u8);
    let pool = subject.pool_of(1);
    assert_eq!(pool.spawn(|| [7_u8; 4096]).unwrap().join().unwrap(), [7; 4096]);
    assert_eq!(pool.spawn(|| Aligned(9)).unwrap().join().unwrap(), Aligned(9));
    assert_eq!(pool.spawn(|| "text".to_owned()).unwrap().join().unwrap(), "text");
    pool.spawn(|| ()).unwrap().join().unwrap();
}

fn a_detached_job_runs_and_its_result_is_dropped(subject: &Subject) {
    let pool = subject.pool_of(1);
    let dropped = SharedCount::default();
    for number in 1..=100 {
        let result = dropped.on_drop();
        drop(pool.spawn(move || result).unwrap());
        // One worker: when this one is done, the one before is.
        crate::tools::until(|| dropped.get() == number);
    }
}

fn try_join_hands_the_handle_back(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let handle: JobHandle<u8> = pool.spawn(|| 3).unwrap();
    let mut handle = handle.try_join().expect_err("the worker is busy");
    plug.pull();
    loop {
        match handle.try_join() {
            Ok(result) => break assert_eq!(result.unwrap(), 3),
            Err(back) => handle = back,
        }
        std::thread::yield_now();
    }
}

fn join_timeout_hands_the_handle_back_and_never_runs_the_job(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let handle = pool.spawn(|| std::thread::current().id()).unwrap();
    let handle = handle.join_timeout(Duration::ZERO).expect_err("the worker is busy");
    let handle = handle.join_timeout(Duration::from_millis(2)).expect_err("the worker is busy");
    plug.pull();
    let ran_by = handle.join_timeout(Duration::from_secs(3600)).expect("it ends").unwrap();
    assert_ne!(ran_by, std::thread::current().id());
}

fn a_join_without_an_end_is_a_join(subject: &Subject) {
    let pool = subject.pool_of(1);
    let handle = pool.spawn(|| 5).unwrap();
    assert_eq!(handle.join_timeout(Duration::MAX).expect("it ends").unwrap(), 5);
}

fn is_finished_tells(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let handle = pool.spawn(|| ()).unwrap();
    assert!(!handle.is_finished());
    plug.pull();
    crate::tools::until(|| handle.is_finished());
    handle.join().unwrap();
}

fn a_handle_may_be_joined_by_another_job(subject: &Subject) {
    let pool = subject.pool_of(2);
    for number in 0..200 {
        let first = pool.spawn(move || number).unwrap();
        let second = pool.spawn(move || first.join().unwrap() + 1).unwrap();
        assert_eq!(second.join().unwrap(), number + 1);
    }
}

fn many_threads_submit_and_join(subject: &Subject) {
    let pool = subject.pool_of(2);
    let (send, receive) = mailbox();
    std::thread::scope(|threads| {
        for which in 0..4_u64 {
            let (pool, send) = (&pool, send.clone());
            threads.spawn(move || {
                for number in 0..200_u64 {
                    let handle = pool.spawn(move || which * 1000 + number).unwrap();
                    send.send(handle.join().unwrap()).unwrap();
                }
            });
        }
    });
    drop(send);
    let mut results: Vec<u64> = receive.iter().collect();
    results.sort_unstable();
    assert!(results.into_iter().eq((0..4).flat_map(|which| (0..200).map(move |n| which * 1000 + n))));
}
