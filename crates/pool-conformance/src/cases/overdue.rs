//! Jobs that run for longer than they may.

use std::sync::Arc;
use std::time::Duration;

use pool_core::{Attributes, JobHandle, Pool, PoolExt};

use super::attributes::{LONG, until_told};
use crate::case::{Case, case};
use crate::tools::{Latch, SharedCount, mailbox, panic_on_purpose, until};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Hooks, WaitIdle};
    vec![
        case!("overdue", an_overdue_job_is_told_and_reported_once).needs(&[Hooks]).submits(1),
        case!("overdue", another_worker_stands_in_for_an_overdue_one)
            // Whoever submits the stuck job must not be the one to run it.
            .needs(&[Hooks, WaitIdle, Claim::Workforce, Claim::Limit])
            .queues(1),
        case!("overdue", what_an_overdue_worker_had_queued_runs)
            .needs(&[Hooks, Claim::Workforce, Claim::Limit])
            .queues(10),
        case!("overdue", a_hook_for_overdue_jobs_that_panics_is_counted).needs(&[Hooks]).submits(1),
        case!("overdue", a_job_that_ends_in_time_is_not_reported).needs(&[Hooks, WaitIdle]).submits(100),
    ]
}

fn an_overdue_job_is_told_and_reported_once(subject: &Subject) {
    let (say, said) = mailbox();
    let setup = Setup::threads(2).name("watched").on_overdue(move |info| {
        let name = info.name.map(str::to_owned);
        say.send((info.pool.to_owned(), info.worker, name, info.age)).unwrap();
    });
    let pool = subject.build(setup);
    let limit = Duration::from_millis(1);
    for _ in 0..20 {
        let attributes = Attributes::new().name("slow").run_limit(limit);
        let job = || {
            until_told();
            pool_core::current().map(|worker| worker.index)
        };
        let worker = pool.spawn_with(attributes, job).unwrap().join().unwrap();
        let (name, reported, job, age) = said.recv().unwrap();
        assert_eq!((name.as_str(), reported, job.as_deref()), ("watched", worker, Some("slow")));
        assert!(age >= limit);
    }
    assert!(said.try_recv().is_err(), "once for each");
}

/// Has a job do this and then overrun its limit, heeding nothing, until the latch is opened. Returns when it has begun
/// that.
fn get_stuck(pool: &Arc<dyn Pool>, first: impl FnOnce() + Send + 'static) -> (JobHandle<()>, Latch) {
    let (started, go) = (Latch::default(), Latch::default());
    let (starts, goes) = (started.clone(), go.clone());
    let job = move || {
        first();
        starts.open();
        goes.wait();
    };
    let stuck = pool.spawn_with(Attributes::new().run_limit(Duration::from_millis(1)), job).unwrap();
    // What a worker has taken together with it, as some do, would have to wait for it.
    started.wait();
    (stuck, go)
}

fn another_worker_stands_in_for_an_overdue_one(subject: &Subject) {
    let pool = subject.build(Setup { spare_threads: 1, ..Setup::threads(1) });
    for _ in 0..10 {
        let (stuck, go) = get_stuck(&pool, || ());
        assert_eq!(pool.spawn(|| 5).unwrap().join().unwrap(), 5, "in the spare slot");
        assert!(!stuck.is_finished());
        go.open();
        stuck.join().unwrap();
        assert!(pool.wait_idle(None));
        until(|| (pool.stats().worker_counts.now, pool.stats().worker_counts.blocked) == (1, 0));
    }
}

/// What it has queued for itself does not wait for it.
fn what_an_overdue_worker_had_queued_runs(subject: &Subject) {
    let pool = subject.build(Setup { spare_threads: 1, ..Setup::threads(1) });
    let ran = SharedCount::default();
    let (inner, counter) = (pool.clone(), ran.clone());
    let (stuck, go) = get_stuck(&pool, move || {
        for _ in 0..10 {
            let counter = counter.clone();
            inner.execute(move || counter.add()).unwrap();
        }
    });
    until(|| ran.get() == 10);
    assert!(!stuck.is_finished());
    go.open();
    stuck.join().unwrap();
}

fn a_hook_for_overdue_jobs_that_panics_is_counted(subject: &Subject) {
    let pool = subject.build(Setup::threads(1).on_overdue(|_| panic_on_purpose()));
    for overdue in 1..=3 {
        let attributes = Attributes::new().run_limit(Duration::from_millis(1));
        pool.spawn_with(attributes, until_told).unwrap().join().unwrap();
        until(|| pool.stats().handler_panics == overdue);
    }
    assert_eq!(pool.stats().replaced(), 0);
}

fn a_job_that_ends_in_time_is_not_reported(subject: &Subject) {
    let reports = SharedCount::default();
    let counter = reports.clone();
    let pool = subject.build(Setup::threads(2).on_overdue(move |_| counter.add()));
    for number in 0..100 {
        let attributes = Attributes::new().run_limit(LONG);
        pool.execute_with(attributes, move || {
            if number % 10 == 0 {
                panic_on_purpose()
            }
        })
        .unwrap();
    }
    assert!(pool.wait_idle(None));
    assert_eq!(reports.get(), 0);
}
