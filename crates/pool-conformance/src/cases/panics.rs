//! Panics are caught, told to whom they concern, and cost nobody else anything.

use std::backtrace::BacktraceStatus;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use pool_core::drop_quietly;
use pool_core::{JoinError, Pool, PoolExt};

use crate::case::{Case, case};
use crate::tools::{
    PanicsOnDrop, Plug, Recurring, SharedCount, mailbox, panic_on_purpose, panic_with_explosive, until,
};
use crate::{Claim, Setup, Subject};

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
        case!("panics", a_payload_that_panics_when_dropped_replaces_the_worker)
            .needs(&[Claim::Panics, Claim::Replacement, Claim::Counts])
            .submits(1),
        case!("panics", ten_thousand_in_a_row_lose_nothing)
            .needs(&[Claim::Panics, Claim::Counts, Claim::WaitIdle])
            .submits(10_000),
        case!("panics", the_handler_hears_of_ten_thousand)
            .needs(&[Claim::Panics, Claim::Counts, Claim::WaitIdle, Claim::Hooks])
            .submits(10_000),
        case!("panics", the_handler_hears_where_it_began).needs(&[Claim::Panics, Claim::Hooks]).submits(1),
        case!("panics", a_handle_tells_where_it_began).needs(&[Claim::Panics, Claim::Hooks]).submits(1),
        case!("panics", a_caught_panic_leaves_no_trace).needs(&[Claim::Panics, Claim::Hooks]).submits(1),
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
        case!("panics", every_payload_of_a_scope_is_dropped).submits(1),
        case!("panics", every_payload_of_handles_that_unwinding_drops_is_dropped).submits(1),
        case!("panics", every_payload_of_a_join_and_of_a_map_is_dropped).submits(1),
        case!("panics", every_payload_that_nobody_handles_is_dropped)
            .needs(&[Claim::Panics, Claim::Counts, Claim::WaitIdle])
            .submits(20),
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
    let heard = SharedCount::default();
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
}

fn a_payload_that_panics_when_dropped_replaces_the_worker(subject: &Subject) {
    let pool = subject.pool_of(1);
    pool.execute(|| panic_with_explosive()).unwrap();
    until(|| pool.stats().replaced() == 1);
    pool.spawn(|| ()).unwrap().join().unwrap();
    let stats = pool.stats();
    assert_eq!((stats.counts.panicked, stats.handler_panics, stats.replaced()), (1, 1, 1));
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
    let seen = SharedCount::default();
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

/// Has the closure panic with payloads that count when they are dropped and panic twice, one inside the other; returns how
/// many were dropped.
fn dropped_by(f: impl FnOnce(&(dyn Fn() + Sync))) -> usize {
    let dropped = SharedCount::default();
    let throw = || resume_unwind(Box::new(Recurring { dropped: dropped.clone(), panics: 2 }));
    if let Err(rethrown) = catch_unwind(AssertUnwindSafe(|| f(&throw))) {
        drop_quietly(rethrown);
    }
    dropped.get()
}

fn every_payload_of_a_scope_is_dropped(subject: &Subject) {
    let pool = subject.pool_of(2);
    let dropped = dropped_by(|throw| {
        pool.scope(|scope| {
            (0..50).for_each(|_| scope.execute(throw));
            (0..50).for_each(|_| drop(scope.spawn(throw)));
        })
    });
    assert_eq!(dropped, 100 * 3);
}

fn every_payload_of_handles_that_unwinding_drops_is_dropped(subject: &Subject) {
    let pool = subject.pool_of(2);
    let dropped = dropped_by(|throw| {
        pool.scope(|scope| {
            let handles: Vec<_> = (0..10).map(|_| scope.spawn(throw)).collect();
            until(|| handles.iter().all(|handle| handle.is_finished()));
            throw();
        })
    });
    assert_eq!(dropped, 11 * 3);
}

fn every_payload_of_a_join_and_of_a_map_is_dropped(subject: &Subject) {
    let pool = subject.pool_of(2);
    let dropped = dropped_by(|throw| {
        pool.join(throw, throw);
    });
    assert_eq!(dropped, 2 * 3);
    let seen = SharedCount::default();
    let dropped = dropped_by(|throw| {
        pool.map(&[(); 100], |()| {
            seen.add();
            throw();
        });
    });
    assert_eq!(dropped, seen.get() * 3, "a panic stops its own piece");
}

fn every_payload_that_nobody_handles_is_dropped(subject: &Subject) {
    let pool = subject.pool_of(2);
    let dropped = SharedCount::default();
    for number in 0..20 {
        let payload = Recurring { dropped: dropped.clone(), panics: 2 };
        let throw = || resume_unwind(Box::new(payload));
        if number % 2 == 0 {
            pool.execute(throw).unwrap();
        } else {
            let handle = pool.spawn(throw).unwrap();
            until(|| handle.is_finished());
            drop(handle);
        }
    }
    assert!(pool.wait_idle(None));
    assert_eq!(pool.counts().panicked, 20);
    // A worker dies of what comes out, and what it dies of is dropped after that.
    until(|| dropped.get() == 20 * 3);
}

const MANY: u64 = 10_000;

fn ten_thousand_in_a_row_lose_nothing(subject: &Subject) {
    let pool = subject.pool_of(2);
    let mut kept = Vec::new();
    for number in 0..MANY {
        match number % 4 {
            0 | 1 => pool.execute(|| panic_on_purpose()).unwrap(),
            2 => drop(pool.spawn(|| panic_on_purpose()).unwrap()),
            _ => kept.push(pool.spawn(|| panic_on_purpose()).unwrap()),
        }
    }
    for handle in kept {
        assert!(matches!(handle.join(), Err(JoinError::Panicked(_))));
    }
    assert!(pool.wait_idle(None));
    let stats = pool.stats();
    assert_eq!((stats.counts.submitted, stats.counts.panicked, stats.counts.accounted()), (MANY, MANY, MANY));
    assert_eq!((stats.replaced(), stats.handler_panics), (0, 0), "no worker died of it");
    let handles: Vec<_> = (0..1000).map(|number| pool.spawn(move || number).unwrap()).collect();
    assert!(handles.into_iter().map(|handle| handle.join().unwrap()).eq(0..1000));
    assert!(pool.wait_idle(None));
    assert_eq!(pool.counts().completed, 1000);
}

fn the_handler_hears_of_ten_thousand(subject: &Subject) {
    let heard = SharedCount::default();
    let counter = heard.clone();
    let pool = subject.build(Setup::threads(2).on_panic(move |_| counter.add()));
    (0..MANY).for_each(|_| pool.execute(|| panic_on_purpose()).unwrap());
    let _ = pool.shutdown();
    assert_eq!((heard.get() as u64, pool.counts().panicked, pool.stats().replaced()), (MANY, MANY, 0));
}

/// Where the panics of the cases below begin, and how their text does.
const HERE: &str = file!();
const TRACED: &str = "on purpose, and traced";

fn the_handler_hears_where_it_began(subject: &Subject) {
    let (send, receive) = mailbox();
    let pool = subject.build(Setup::threads(1).backtraces().on_panic(move |info| {
        let traced = info.backtrace.map(|backtrace| backtrace.status()) == Some(BacktraceStatus::Captured);
        send.send((info.location.map(str::to_owned), traced)).unwrap();
    }));
    pool.execute(|| panic!("{TRACED}")).unwrap();
    drop(pool.spawn(|| panic!("{TRACED}")).unwrap());
    // Dropped when it has ended: another thread tells the handler.
    let late = pool.spawn(|| panic!("{TRACED}")).unwrap();
    until(|| late.is_finished());
    drop(late);
    for _ in 0..3 {
        let (location, traced) = receive.recv().unwrap();
        assert!(location.is_some_and(|location| location.starts_with(HERE)) && traced);
    }
    // What passes no hook has no trace.
    pool.execute(|| std::panic::resume_unwind(Box::new(5_u64))).unwrap();
    assert_eq!(receive.recv(), Ok((None, false)));
}

fn a_handle_tells_where_it_began(subject: &Subject) {
    let traced = subject.build(Setup::threads(1).backtraces());
    let untraced = subject.pool_of(1);
    for (pool, expected) in [(&traced, true), (&untraced, false)] {
        let handle = pool.spawn(|| panic!("{TRACED}")).unwrap();
        let Err(JoinError::Panicked(panic)) = handle.join() else { panic!("the job panicked") };
        assert_eq!(panic.location().is_some_and(|location| location.starts_with(HERE)), expected);
        assert_eq!(panic.backtrace().is_some(), expected);
        assert_eq!(panic.message().as_deref(), Some(TRACED));
    }
}

fn a_caught_panic_leaves_no_trace(subject: &Subject) {
    let (send, receive) = mailbox();
    let pool = subject.build(Setup::threads(1).backtraces().on_panic(move |info| {
        send.send(info.location.is_some()).unwrap();
    }));
    pool.execute(|| drop(catch_unwind(|| panic!("{TRACED}")))).unwrap();
    pool.execute(|| std::panic::resume_unwind(Box::new(5_u64))).unwrap();
    assert_eq!(receive.recv(), Ok(false));
}
