//! Panics are caught, told to whom they concern, and cost nobody else anything.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::case::{Case, case};
use super::tools::{PanicsOnDrop, Plug, Tally, mailbox, panic_on_purpose, panic_with_explosive, until};
use super::{Claim, Setup, Subject};
use crate::{JoinError, Pool, PoolExt};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("panics", a_handle_has_the_payload).submits(1),
        case!("panics", a_detached_panic_is_counted_and_the_worker_goes_on)
            .needs(&[Claim::Panics])
            .submits(1),
        case!("panics", the_worker_survives).needs(&[Claim::Panics, Claim::Identity]).submits(1),
        case!("panics", the_handler_hears_of_jobs_without_handles)
            .needs(&[Claim::Panics, Claim::Hooks])
            .submits(3),
        case!("panics", the_handler_hears_of_a_job_whose_handle_is_dropped)
            .needs(&[Claim::Panics, Claim::Hooks])
            .submits(2),
        case!("panics", a_payload_that_panics_when_dropped_harms_nobody).needs(&[Claim::Panics]).submits(3),
        case!("panics", an_explosive_payload_in_a_handle_is_the_holders).submits(1),
        case!("panics", a_capture_that_panics_when_dropped_is_the_jobs_panic)
            .needs(&[Claim::Panics])
            .submits(2),
        case!("panics", a_result_that_panics_when_dropped_harms_nobody)
            .needs(&[Claim::Panics, Claim::Counts])
            .submits(2),
        case!("panics", a_cancelled_capture_that_panics_is_still_counted)
            .needs(&[Claim::Panics, Claim::Counts, Claim::WaitIdle])
            .queues(1),
        case!("panics", map_rethrows_the_first_and_runs_everything).submits(1),
    ]
}

fn a_handle_has_the_payload(subject: &Subject) {
    let pool = subject.pool_of(1);
    let error = pool.spawn(|| -> u8 { std::panic::resume_unwind(Box::new(77_u64)) });
    let Err(JoinError::Panicked(panic)) = error.map(|handle| handle.join()).unwrap() else {
        panic!("the job panicked");
    };
    assert_eq!(panic.into_payload().downcast_ref::<u64>(), Some(&77));
    let error = pool.spawn(|| panic_on_purpose()).unwrap().join().unwrap_err();
    assert_eq!(error.to_string(), "the job panicked: on purpose");
}

fn a_detached_panic_is_counted_and_the_worker_goes_on(subject: &Subject) {
    let pool = subject.pool_of(1);
    for number in 1..=10 {
        pool.execute(|| panic_on_purpose()).unwrap();
        until(|| pool.counts().panicked == number);
        pool.spawn(|| ()).unwrap().join().unwrap();
        let counts = pool.counts();
        assert_eq!((counts.panicked, counts.completed), (number, number));
    }
}

fn the_worker_survives(subject: &Subject) {
    let pool = subject.pool_of(1);
    let here = || std::thread::current().id();
    let before = pool.spawn(here).unwrap().join().unwrap();
    pool.execute(|| panic_on_purpose()).unwrap();
    let _ = pool.spawn(|| panic_on_purpose()).unwrap().join();
    until(|| pool.counts().panicked == 2);
    assert_eq!(pool.spawn(here).unwrap().join().unwrap(), before);
    assert_eq!(pool.stats().workers[0].replaced, 0);
}

fn the_handler_hears_of_jobs_without_handles(subject: &Subject) {
    let (send, receive) = mailbox();
    let setup = Setup::threads(1).name("heard").on_panic(move |info| {
        let heard = (info.pool.to_owned(), info.worker, info.message.map(str::to_owned));
        send.send((heard, info.payload.is::<u64>())).unwrap();
    });
    let pool = subject.build(setup);
    pool.execute(|| panic_on_purpose()).unwrap();
    until(|| pool.counts().panicked == 1);
    pool.execute(|| std::panic::resume_unwind(Box::new(5_u64))).unwrap();
    pool.execute(|| ()).unwrap();
    let _ = pool.shutdown();
    drop(pool);
    let heard: Vec<_> = receive.iter().collect();
    let by_worker = |message: Option<&str>| ("heard".to_owned(), Some(0), message.map(str::to_owned));
    assert_eq!(heard, [(by_worker(Some("on purpose")), false), (by_worker(None), true)]);
}

fn the_handler_hears_of_a_job_whose_handle_is_dropped(subject: &Subject) {
    let heard = Tally::default();
    let counter = heard.clone();
    let pool = subject.build(Setup::threads(1).on_panic(move |_| {
        counter.add();
    }));
    // Dropped before the job ends, and after.
    let plug = Plug::all(&pool);
    drop(pool.spawn(|| panic_on_purpose()).unwrap());
    plug.pull();
    let late = pool.spawn(|| panic_on_purpose()).unwrap();
    until(|| late.is_finished());
    drop(late);
    // With a handle that is asked, the handler hears nothing.
    let _ = pool.spawn(|| panic_on_purpose()).unwrap().join();
    let _ = pool.shutdown();
    assert_eq!(heard.get(), 2);
}

fn a_payload_that_panics_when_dropped_harms_nobody(subject: &Subject) {
    let pool = subject.pool_of(1);
    pool.execute(|| panic_with_explosive()).unwrap();
    drop(pool.spawn(|| panic_with_explosive()).unwrap());
    let dropped_late = pool.spawn(|| panic_with_explosive()).unwrap();
    until(|| dropped_late.is_finished());
    drop(dropped_late);
    until(|| pool.counts().panicked == 3);
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert!(pool.stats().workers.iter().all(|worker| worker.replaced == 0), "no worker died of it");
}

fn an_explosive_payload_in_a_handle_is_the_holders(subject: &Subject) {
    let pool = subject.pool_of(1);
    let error = pool.spawn(|| panic_with_explosive()).unwrap().join().unwrap_err();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(error))).is_err());
    pool.spawn(|| ()).unwrap().join().unwrap();
}

fn a_capture_that_panics_when_dropped_is_the_jobs_panic(subject: &Subject) {
    let pool = subject.pool_of(1);
    let bomb = PanicsOnDrop;
    pool.execute(move || drop(bomb)).unwrap();
    let bomb = PanicsOnDrop;
    let handle = pool
        .spawn(move || {
            let _bomb = bomb;
            5
        })
        .unwrap();
    assert!(matches!(handle.join(), Err(JoinError::Panicked(_))));
    until(|| pool.counts().panicked == 2);
    pool.spawn(|| ()).unwrap().join().unwrap();
}

fn a_result_that_panics_when_dropped_harms_nobody(subject: &Subject) {
    let pool = subject.pool_of(1);
    for _ in 0..5 {
        let plug = Plug::all(&pool);
        drop(pool.spawn(|| PanicsOnDrop).unwrap());
        plug.pull();
        until(|| pool.counts().queued == 0);
        pool.spawn(|| ()).unwrap().join().unwrap();
    }
    assert!(pool.stats().workers.iter().all(|worker| worker.replaced == 0), "no worker died of it");
}

fn a_cancelled_capture_that_panics_is_still_counted(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let bomb = PanicsOnDrop;
    let handle = pool.spawn(move || drop(bomb)).unwrap();
    // Whether the canceller gets the destructor's panic or not, the job is cancelled.
    let _ = catch_unwind(AssertUnwindSafe(|| handle.cancel()));
    plug.pull();
    assert!(pool.wait_idle(None));
    assert_eq!((pool.counts().cancelled, pool.counts().accounted()), (1, 2));
    assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
}

fn map_rethrows_the_first_and_runs_everything(subject: &Subject) {
    let pool = subject.pool_of(2);
    let items: Vec<usize> = (0..64).collect();
    let seen = Tally::default();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pool.map(&items, |item| {
            seen.add();
            match item {
                // The payloads that are not rethrown must not be dropped while one is.
                0 => std::panic::resume_unwind(Box::new(3_u8)),
                63 => panic_with_explosive(),
                other => *other,
            }
        })
    }));
    assert_eq!(outcome.unwrap_err().downcast_ref::<u8>(), Some(&3));
    assert!(seen.get() >= 32, "a panic stops its own piece at most");
}
