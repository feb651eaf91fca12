//! Cancelling what has not started, and asking what runs to stop.

use std::sync::Arc;
use std::time::Duration;

use pool_core::{Attributes, CancelToken, JobHandle, JoinError, Pool, PoolExt, Shutdown, current_token};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug, SharedCount, ended, until};
use crate::{Claim, Subject};

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
        case!("cancelling", those_that_run_are_told_and_no_others).needs(&[Claim::Parallel]).queues(1),
        case!("cancelling", a_job_may_tell_itself_and_a_pool_at_rest_tells_nobody).submits(1),
        case!("cancelling", a_pool_ends_as_soon_as_its_jobs_heed_their_tokens)
            .needs(&[Claim::ShutdownNow, Claim::Lifecycle])
            .queues(1),
    ]
}

fn before_the_start_it_drops_the_job(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (ran, dropped) = (SharedCount::default(), SharedCount::default());
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
    crate::tools::until(|| handle.is_finished());
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
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
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
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
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
    let ran = SharedCount::default();
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

/// A job that runs until it is told to stop. Returns when it has started.
fn until_told(pool: &Arc<dyn Pool>, attributes: Attributes) -> JobHandle<()> {
    let started = Latch::default();
    let starts = started.clone();
    let job = move || {
        starts.open();
        let token = current_token().expect("the job has a token");
        until(|| token.is_cancelled());
    };
    let handle = pool.spawn_with(attributes, job).unwrap();
    started.wait();
    handle
}

fn those_that_run_are_told_and_no_others(subject: &Subject) {
    let pool = subject.pool_of(2);
    let group = CancelToken::new();
    let told = until_told(&pool, Attributes::new().token(&group));
    // Without a token it hears nothing.
    let plug = Plug::some(&pool, 1);
    let queued = pool.spawn_with(Attributes::new().token(&group), || 7).unwrap();
    assert_eq!(pool.cancel_running(), 1);
    ended(told).unwrap();
    assert!(!group.is_cancelled());
    plug.pull();
    assert_eq!(ended(queued).unwrap(), 7);
    let limited = until_told(&pool, Attributes::new().run_limit(Duration::from_secs(3600)));
    assert_eq!(pool.cancel_running(), 1);
    ended(limited).unwrap();
}

fn a_job_may_tell_itself_and_a_pool_at_rest_tells_nobody(subject: &Subject) {
    let pool = subject.pool_of(1);
    let inner = pool.clone();
    let job = move || (inner.cancel_running(), current_token().unwrap().is_cancelled());
    let told = pool.spawn_with(Attributes::new().token(&CancelToken::new()), job).unwrap();
    assert_eq!(ended(told).unwrap(), (1, true));
    assert_eq!(pool.cancel_running(), 0);
}

fn a_pool_ends_as_soon_as_its_jobs_heed_their_tokens(subject: &Subject) {
    let pool = subject.pool_of(1);
    let told = until_told(&pool, Attributes::new().token(&CancelToken::new()));
    pool.execute(|| ()).unwrap();
    let (jobs, shutdown) = pool.shutdown_now_timeout(Duration::ZERO).unwrap();
    assert_eq!((jobs.len(), shutdown), (1, Shutdown::Pending { queued: 0, running: 1 }));
    assert_eq!(pool.cancel_running(), 1);
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    ended(told).unwrap();
}
