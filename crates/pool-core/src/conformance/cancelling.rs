//! Cancelling what has not started.

use super::case::{Case, case};
use super::tools::{Latch, Plug, Tally};
use super::{Claim, Subject};
use crate::{JoinError, PoolExt};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("cancelling", before_the_start_it_drops_the_job).queues(1),
        case!("cancelling", after_the_start_it_is_too_late).submits(1),
        case!("cancelling", after_the_end_it_is_too_late).submits(1),
        case!("cancelling", it_counts_once).needs(&[Claim::Counts]).queues(1),
        case!("cancelling", a_cancelled_job_is_not_given_back)
            .needs(&[Claim::ShutdownNow, Claim::Counts])
            .queues(2),
        case!("cancelling", a_job_given_back_may_be_cancelled_and_does_not_count_again)
            .needs(&[Claim::ShutdownNow, Claim::Counts])
            .queues(1),
        case!("cancelling", either_the_worker_or_the_canceller_wins)
            .needs(&[Claim::Counts, Claim::WaitIdle])
            .submits(500),
    ]
}

fn before_the_start_it_drops_the_job(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (ran, dropped) = (Tally::default(), Tally::default());
    let (inside, held) = (ran.clone(), dropped.on_drop());
    let handle = pool
        .spawn(move || {
            inside.add();
            drop(held);
        })
        .unwrap();
    assert!(handle.cancel());
    assert_eq!(dropped.get(), 1, "what the job held is dropped when cancel returns");
    assert!(handle.is_finished());
    assert!(!handle.cancel(), "it was cancelled already");
    assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
    plug.pull();
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert_eq!((ran.get(), dropped.get()), (0, 1));
}

fn after_the_start_it_is_too_late(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (started, go) = (Latch::default(), Latch::default());
    let (starts, goes) = (started.clone(), go.clone());
    let handle = pool
        .spawn(move || {
            starts.open();
            goes.wait();
            8
        })
        .unwrap();
    started.wait();
    assert!(!handle.cancel());
    go.open();
    assert_eq!(handle.join().unwrap(), 8);
}

fn after_the_end_it_is_too_late(subject: &Subject) {
    let pool = subject.pool_of(1);
    let handle = pool.spawn(|| 8).unwrap();
    super::tools::until(|| handle.is_finished());
    assert!(!handle.cancel());
    assert_eq!(handle.join().unwrap(), 8);
}

fn it_counts_once(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let handle = pool.spawn(|| ()).unwrap();
    handle.cancel();
    handle.cancel();
    drop(handle);
    let counts = pool.counts();
    assert_eq!((counts.cancelled, counts.queued, counts.submitted), (1, 0, 2));
    plug.pull();
    pool.spawn(|| ()).unwrap().join().unwrap();
    let counts = pool.counts();
    assert_eq!((counts.cancelled, counts.submitted, counts.accounted()), (1, 3, 3));
}

fn a_cancelled_job_is_not_given_back(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let cancelled = pool.spawn(|| 1).unwrap();
    let live = pool.spawn(|| 2).unwrap();
    assert!(cancelled.cancel());
    let ender = super::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let jobs = ender.join().unwrap();
    assert_eq!(jobs.len(), 1);
    jobs.into_iter().for_each(|job| job.run());
    assert_eq!(live.join().unwrap(), 2);
    let counts = pool.counts();
    assert_eq!((counts.cancelled, counts.discarded, counts.accounted()), (1, 1, counts.submitted));
}

fn a_job_given_back_may_be_cancelled_and_does_not_count_again(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let handle = pool.spawn(|| ()).unwrap();
    let ender = super::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let jobs = ender.join().unwrap();
    assert!(handle.cancel());
    jobs.into_iter().for_each(|job| job.run());
    assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
    let counts = pool.counts();
    assert_eq!((counts.cancelled, counts.discarded, counts.submitted, counts.accounted()), (0, 1, 2, 2));
}

fn either_the_worker_or_the_canceller_wins(subject: &Subject) {
    let pool = subject.pool_of(1);
    let ran = Tally::default();
    let mut cancelled = 0;
    for _ in 0..500 {
        let inside = ran.clone();
        let handle = pool.spawn(move || inside.add()).unwrap();
        if handle.cancel() {
            cancelled += 1;
            assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
        } else {
            handle.join().unwrap();
        }
    }
    assert!(pool.wait_idle(None));
    assert_eq!(ran.get() + cancelled, 500);
    let counts = pool.counts();
    assert_eq!((counts.completed, counts.cancelled), (ran.get() as u64, cancelled as u64));
}
