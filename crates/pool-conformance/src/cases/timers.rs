//! Jobs that wait for their time. None of these measures it: what matters is what comes first, and what does not come.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use pool_core::{Pool, PoolExt, Reason, current, current_token};

use crate::case::{Case, case};
use crate::tools::{Latch, SharedCount, mailbox, panic_on_purpose, until};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Shutdown, ShutdownNow, Workforce};
    vec![
        case!("timers", a_job_runs_when_it_is_due_and_not_before).needs(&[Workforce]).submits(1),
        case!("timers", jobs_come_in_the_order_of_their_time).needs(&[Workforce]).submits(3),
        case!("timers", a_cancelled_job_does_not_come).needs(&[Workforce]).submits(1),
        case!("timers", again_and_again_until_it_is_cancelled).needs(&[Workforce]).submits(1),
        case!("timers", a_call_that_panics_is_not_the_last).needs(&[Workforce]).submits(1),
        case!("timers", a_call_that_runs_is_told_that_it_is_cancelled).needs(&[Workforce]).submits(1),
        case!("timers", a_shutdown_gives_up_what_is_not_due).needs(&[Workforce, Shutdown]).submits(1),
        case!("timers", shutdown_now_gives_back_what_is_not_due).needs(&[Workforce, ShutdownNow]).submits(1),
        case!("timers", a_pool_that_is_shut_down_takes_none).needs(&[Workforce, Shutdown]),
        case!("timers", those_that_wait_keep_no_pool_from_rest).needs(&[Workforce]),
        case!("timers", no_period_is_zero).needs(&[Workforce]),
    ]
}

const SOON: Duration = Duration::from_millis(1);
const NEVER: Duration = Duration::MAX;
/// It turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

fn a_job_runs_when_it_is_due_and_not_before(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (send, receive) = mailbox();
    let begun = Instant::now();
    let timer = pool
        .execute_after(SOON, move || {
            send.send((Instant::now(), current().map(|worker| worker.pool))).unwrap()
        })
        .unwrap();
    let (ran, on) = receive.recv_timeout(DEADLINE).unwrap();
    assert!(ran >= begun + SOON);
    assert_eq!(on, Some(pool.id()));
    assert!(!timer.is_waiting() && !timer.cancel());
    assert!(pool.wait_idle(None));
    assert_eq!((pool.counts().submitted, pool.counts().completed), (1, 1));
}

fn jobs_come_in_the_order_of_their_time(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (send, receive) = mailbox();
    let (base, begun) = (Duration::from_millis(40), Instant::now());
    for n in [3, 1, 2] {
        let send = send.clone();
        pool.execute_after(base * n, move || send.send(n).unwrap()).unwrap();
    }
    // If this thread was kept from its CPU in between, the first may be due before the last.
    let is_their_order = begun.elapsed() < base;
    let mut seen: Vec<u32> = (0..3).map(|_| receive.recv_timeout(DEADLINE).unwrap()).collect();
    // What cannot be early comes in order, however late it all is.
    let is_fifo = subject.claims(Claim::Fifo);
    assert!(!is_fifo || !is_their_order || seen == [1, 2, 3], "{seen:?}");
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3]);
}

fn a_cancelled_job_does_not_come(subject: &Subject) {
    let pool = subject.pool_of(1);
    let held = SharedCount::default();
    let captured = held.on_drop();
    let timer = pool.execute_after(NEVER, move || drop(captured)).unwrap();
    assert!(timer.is_waiting());
    assert!(timer.cancel() && !timer.cancel());
    assert_eq!((held.get(), timer.is_waiting()), (1, false));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.cancelled, counts.accounted()), (1, 1, 1));
}

fn again_and_again_until_it_is_cancelled(subject: &Subject) {
    let pool = subject.pool_of(2);
    let (send, receive) = mailbox();
    let (mut calls, busy) = (0, SharedCount::default());
    let timer = pool
        .execute_every(SOON, move || {
            assert_eq!(busy.add_and_get(), 1, "no two at once");
            calls += 1;
            // The case may have ended.
            let _ = send.send(calls);
            busy.take_one();
        })
        .unwrap();
    assert!((1..=5).all(|call| receive.recv_timeout(DEADLINE).unwrap() == call));
    timer.cancel();
    // What it captured goes with it.
    until(|| matches!(receive.recv_timeout(SOON), Err(RecvTimeoutError::Disconnected)));
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.panicked), (counts.accounted(), 0));
    assert!(counts.completed >= 5 && !timer.is_waiting());
}

fn a_call_that_panics_is_not_the_last(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (send, receive) = mailbox();
    let timer = pool
        .execute_every(SOON, move || {
            let _ = send.send(());
            panic_on_purpose();
        })
        .unwrap();
    (0..3).for_each(|_| receive.recv_timeout(DEADLINE).unwrap());
    timer.cancel();
    until(|| matches!(receive.recv_timeout(SOON), Err(RecvTimeoutError::Disconnected)));
    assert!(pool.wait_idle(None));
    assert!(pool.counts().panicked >= 3);
}

fn a_call_that_runs_is_told_that_it_is_cancelled(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (begun, (send, receive)) = (Latch::default(), mailbox());
    let says = begun.clone();
    let timer = pool
        .execute_after(Duration::ZERO, move || {
            says.open();
            send.send(current_token().unwrap().wait_timeout(DEADLINE)).unwrap();
        })
        .unwrap();
    begun.wait();
    assert!(!timer.cancel(), "it runs");
    assert!(receive.recv_timeout(DEADLINE).unwrap());
}

fn a_shutdown_gives_up_what_is_not_due(subject: &Subject) {
    let pool = subject.pool_of(1);
    let held = SharedCount::default();
    let (once, again) = (held.on_drop(), held.on_drop());
    let timer = pool.execute_after(NEVER, move || drop(once)).unwrap();
    let _again = pool.execute_every(Duration::from_secs(3600), move || _ = &again).unwrap();
    let _ = pool.shutdown();
    assert_eq!((held.get(), timer.is_waiting(), timer.cancel()), (2, false, false));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.discarded, counts.accounted()), (2, 2, 2));
}

fn shutdown_now_gives_back_what_is_not_due(subject: &Subject) {
    let pool = subject.pool_of(1);
    let ran = SharedCount::default();
    let (once, again) = (ran.clone(), ran.clone());
    pool.execute_after(NEVER, move || once.add()).unwrap();
    pool.execute_every(Duration::from_secs(3600), move || again.add()).unwrap();
    let (jobs, _) = pool.shutdown_now();
    assert_eq!((jobs.len(), ran.get()), (2, 0));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.discarded, counts.accounted()), (2, 2, 2));
    jobs.into_iter().for_each(|job| job.run());
    assert_eq!(ran.get(), 2, "each by hand, and no more");
}

fn a_pool_that_is_shut_down_takes_none(subject: &Subject) {
    let pool = subject.pool_of(1);
    let _ = pool.shutdown();
    let ran = SharedCount::default();
    let counted = ran.clone();
    let rejected = pool.execute_after(SOON, move || counted.add()).unwrap_err();
    assert_eq!(rejected.reason(), Reason::ShutDown);
    rejected.into_job().run();
    assert_eq!(ran.get(), 1);
    let rejected = pool.execute_every(SOON, || ()).unwrap_err();
    assert_eq!((rejected.reason(), pool.counts().rejected), (Reason::ShutDown, 2));
}

fn those_that_wait_keep_no_pool_from_rest(subject: &Subject) {
    let pool = subject.pool_of(1);
    let held = Arc::new(());
    let captured = held.clone();
    let _timer = pool.execute_after(NEVER, move || drop(captured)).unwrap();
    assert!(pool.wait_idle(None));
    assert_eq!(pool.counts().submitted, 0);
    drop(pool);
    drop(_timer);
    assert_eq!(Arc::strong_count(&held), 1, "it goes with the pool");
}

fn no_period_is_zero(subject: &Subject) {
    let pool = subject.pool_of(1);
    assert!(catch_unwind(AssertUnwindSafe(|| pool.execute_every(Duration::ZERO, || ()))).is_err());
}
