//! How many jobs are timed, and as what. How long they take is no contract.

use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use pool_core::{Pool, PoolExt, Timing};

use crate::case::{Case, case};
use crate::tools::{Plug, panic_on_purpose, until};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, NestedWaits, Panics, WaitIdle};
    vec![
        case!("timing", off_by_default).submits(1),
        case!("timing", busy_time_is_that_of_jobs_and_stands_still_in_between)
            .needs(&[Claim::Workforce, WaitIdle, Claim::Limit])
            .submits(5),
        case!("timing", every_job_that_ran_has_a_run_time)
            .needs(&[Hooks, Counts, WaitIdle, Panics])
            .submits(30),
        case!("timing", a_job_in_place_has_a_run_time_and_no_wait)
            .needs(&[Hooks, WaitIdle, NestedWaits])
            .submits(1),
        case!("timing", a_job_that_never_ran_has_no_times).needs(&[Hooks, WaitIdle]).queues(2),
        case!("timing", a_rejected_job_may_come_again).needs(&[Hooks, Claim::Shutdown]),
        case!("timing", a_job_that_wakes_a_worker_is_seen).needs(&[Hooks, WaitIdle]).submits(1),
        case!("timing", samples_are_a_part).needs(&[Hooks, WaitIdle]).submits(1),
    ]
}

fn off_by_default(subject: &Subject) {
    let pool = subject.pool_of(1);
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert!(pool.timings().is_none());
}

/// Without any histogram.
fn busy_time_is_that_of_jobs_and_stands_still_in_between(subject: &Subject) {
    const LENGTH: Duration = Duration::from_millis(1);
    let pool = subject.pool_of(1);
    let worker = || pool.stats().workers[0];
    assert_eq!(worker().average_job(), Duration::ZERO);
    for _ in 0..5 {
        pool.execute(|| {
            let start = Instant::now();
            while start.elapsed() < LENGTH {
                std::hint::spin_loop();
            }
        })
        .unwrap();
    }
    assert!(pool.wait_idle(None));
    // It looks for more before it waits, and is busy until then.
    let is_still = || worker().busy == worker().busy;
    until(is_still);
    let idle = worker();
    assert!(idle.busy >= 5 * LENGTH && idle.average_job() >= LENGTH * 5 / 6, "{idle:?}");
    assert_eq!(worker().busy, idle.busy, "nothing has run meanwhile");
}

fn every_job_that_ran_has_a_run_time(subject: &Subject) {
    let pool = subject.build(Setup::threads(2).timing(Timing::Every));
    for _ in 0..10 {
        pool.execute(|| ()).unwrap();
        pool.execute(|| panic_on_purpose()).unwrap();
        pool.spawn(|| thread::sleep(Duration::from_micros(100))).unwrap().join().unwrap();
    }
    pool.scope(|scope| (0..20).for_each(|_| scope.execute(|| ())));
    assert!(pool.wait_idle(None));
    let (counts, timings) = (pool.counts(), pool.timings().unwrap());
    assert_eq!(counts.completed + counts.panicked, 50);
    assert_eq!((timings.run_time.count(), timings.queue_wait.count()), (50, 30));
    assert!(timings.wake_up.count() <= 30);
    assert!(timings.run_time.max() >= Duration::from_micros(100));
}

fn a_job_in_place_has_a_run_time_and_no_wait(subject: &Subject) {
    let pool = subject.build(Setup::threads(1).timing(Timing::Every));
    let inner = pool.clone();
    pool.spawn(move || inner.spawn(|| ()).unwrap().join().unwrap()).unwrap().join().unwrap();
    // The ticket of the inner one is popped, and there is nothing left to run.
    assert!(pool.wait_idle(None));
    pool.spawn(|| ()).unwrap().join().unwrap();
    let timings = pool.timings().unwrap();
    assert_eq!(timings.run_time.count(), 3);
    // Where the submitter may run it (a full queue), it is not in place of a waiter.
    assert!((2..=3).contains(&timings.queue_wait.count()), "{:?}", timings.queue_wait);
}

fn a_job_that_never_ran_has_no_times(subject: &Subject) {
    let pool = subject.build(Setup::threads(1).timing(Timing::Every));
    let plug = Plug::all(&pool);
    assert!(pool.spawn(|| ()).unwrap().cancel());
    plug.pull();
    assert!(pool.wait_idle(None));
    let timings = pool.timings().unwrap();
    // The plug's.
    assert_eq!((timings.run_time.count(), timings.queue_wait.count()), (1, 1));
}

fn a_rejected_job_may_come_again(subject: &Subject) {
    let ended = subject.build(Setup::threads(1).timing(Timing::Every));
    let _ = ended.shutdown();
    let mut job = pool_core::Job::new(|| ());
    for _ in 0..3 {
        job = ended.submit(job, Default::default()).unwrap_err().into_job();
    }
    let pool = subject.build(Setup::threads(1).timing(Timing::Every));
    pool.submit(job, Default::default()).unwrap();
    let _ = pool.shutdown();
    let timings = pool.timings().unwrap();
    assert_eq!((timings.run_time.count(), timings.queue_wait.count()), (1, 1));
    assert_eq!(ended.timings().unwrap().run_time.count(), 0);
}

fn a_job_that_wakes_a_worker_is_seen(subject: &Subject) {
    let pool = subject.build(Setup::threads(1).timing(Timing::Every));
    for _ in 0..20 {
        let parks = || pool.stats().workers[0].parks;
        let before = parks();
        pool.spawn(|| ()).unwrap().join().unwrap();
        until(|| parks() > before);
    }
    let timings = pool.timings().unwrap();
    assert!((1..=20).contains(&timings.wake_up.count()), "{:?}", timings.wake_up);
    assert!(timings.wake_up.max() <= timings.queue_wait.max());
}

fn samples_are_a_part(subject: &Subject) {
    let half = Timing::Sampled(NonZeroU32::new(2).unwrap());
    let pool = subject.build(Setup::threads(2).timing(half));
    (0..500).for_each(|_| pool.spawn(|| ()).unwrap().join().unwrap());
    let timings = pool.timings().unwrap();
    // That all or none of 500 are picked does not happen.
    assert!((1..500).contains(&timings.run_time.count()), "{:?}", timings.run_time);
    assert!((1..500).contains(&timings.queue_wait.count()), "{:?}", timings.queue_wait);
}
