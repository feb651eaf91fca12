//! `shutdown_now`: what has not started comes back.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use pool_core::{Job, Pool, PoolExt, PoolState, Shutdown};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug, SharedCount};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, InnerShutdown, ShutdownNow, TakesAll};
    vec![
        case!("shutdown_now", gives_back_what_has_not_started).needs(&[ShutdownNow]).queues(50),
        case!("shutdown_now", waits_for_what_runs).needs(&[ShutdownNow]).submits(1),
        case!("shutdown_now", may_be_repeated).needs(&[ShutdownNow]).queues(3),
        case!("shutdown_now", from_two_threads_gives_each_job_to_one).needs(&[ShutdownNow]).queues(50),
        case!("shutdown_now", while_submitters_submit_loses_no_job).needs(&[ShutdownNow, Counts, TakesAll]),
        case!("shutdown_now", from_inside_a_job_gives_back_the_rest)
            .needs(&[ShutdownNow, InnerShutdown])
            .queues(11),
        case!("shutdown_now", from_two_jobs_at_once_gives_each_job_to_one)
            .needs(&[ShutdownNow, InnerShutdown])
            .queues(22),
        case!("shutdown_now", cuts_a_shutdown_short).needs(&[ShutdownNow]).queues(10),
    ]
}

fn queue(pool: &Arc<dyn Pool>, jobs: usize, ran: &SharedCount) {
    for number in 0..jobs {
        let ran = ran.clone();
        let job = move || ran.add();
        if number % 2 == 0 {
            pool.execute(job).unwrap();
        } else {
            drop(pool.spawn(job).unwrap());
        }
    }
}

fn gives_back_what_has_not_started(subject: &Subject) {
    let pool = subject.pool_of(2);
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    queue(&pool, 50, &ran);
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let jobs = ender.join().unwrap();
    assert_eq!((jobs.len(), ran.get()), (50, 0));
    assert_eq!(pool.state(), PoolState::Terminated);
    jobs.into_iter().for_each(Job::run);
    assert_eq!(ran.get(), 50);
}

fn waits_for_what_runs(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let ended = SharedCount::default();
    let counter = ended.clone();
    let (started, go) = (Latch::default(), Latch::default());
    let (starts, goes) = (started.clone(), go.clone());
    plug.pull();
    pool.execute(move || {
        starts.open();
        goes.wait();
        counter.add();
    })
    .unwrap();
    started.wait();
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    assert_eq!(ended.get(), 0);
    go.open();
    assert!(ender.join().unwrap().is_empty());
    assert_eq!(ended.get(), 1);
}

fn may_be_repeated(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    queue(&pool, 3, &SharedCount::default());
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    assert_eq!(ender.join().unwrap().len(), 3);
    let (jobs, shutdown) = pool.shutdown_now();
    assert_eq!((jobs.len(), shutdown), (0, Shutdown::Terminated));
}

fn from_two_threads_gives_each_job_to_one(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(1);
        let plug = Plug::all(&pool);
        let ran = SharedCount::default();
        queue(&pool, 50, &ran);
        let enders = [(); 2].map(|()| crate::tools::shut_down_now_elsewhere(&pool));
        plug.pull();
        let jobs: Vec<Job> = enders.into_iter().flat_map(|ender| ender.join().unwrap()).collect();
        assert_eq!(jobs.len(), 50);
        jobs.into_iter().for_each(Job::run);
        assert_eq!(ran.get(), 50);
    }
}

fn while_submitters_submit_loses_no_job(subject: &Subject) {
    for _ in 0..30 {
        let pool = subject.pool_of(2);
        let (accepted, ran) = (SharedCount::default(), SharedCount::default());
        let running = Latch::default();
        let returned = thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    while {
                        let ran = ran.clone();
                        pool.spawn(move || ran.add()).is_ok()
                    } {
                        accepted.add();
                        running.open();
                    }
                });
            }
            running.wait();
            pool.shutdown_now().0
        });
        assert_eq!(ran.get() + returned.len(), accepted.get());
        let counts = pool.counts();
        assert_eq!((counts.completed, counts.discarded), (ran.get() as u64, returned.len() as u64));
        assert_eq!((counts.accounted(), counts.queued, counts.running), (counts.submitted, 0, 0));
    }
}

fn from_inside_a_job_gives_back_the_rest(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (inner, ran) = (pool.clone(), SharedCount::default());
    let begun = pool.spawn(move || inner.shutdown_now()).unwrap();
    queue(&pool, 10, &ran);
    plug.pull();
    let (jobs, shutdown) = begun.join().unwrap();
    assert!(matches!(shutdown, Shutdown::Pending { queued: 0, running: 1 }), "{shutdown:?}");
    let (late, shutdown) = pool.shutdown_now();
    assert_eq!(shutdown, Shutdown::Terminated);
    // In a pool without an order, some of them may have run before.
    assert_eq!(jobs.len() + late.len() + ran.get(), 10);
}

fn from_two_jobs_at_once_gives_each_job_to_one(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let plug = Plug::all(&pool);
        let (ran, returned) = (SharedCount::default(), Arc::new(Mutex::new(Vec::new())));
        let meet = Arc::new(Barrier::new(2));
        for _ in 0..2 {
            let (inner, returned, meet) = (pool.clone(), returned.clone(), meet.clone());
            pool.execute(move || {
                meet.wait();
                let (jobs, shutdown) = inner.shutdown_now();
                assert!(matches!(shutdown, Shutdown::Pending { .. }));
                returned.lock().unwrap().extend(jobs);
            })
            .unwrap();
        }
        queue(&pool, 20, &ran);
        plug.pull();
        crate::tools::until(|| pool.state() == PoolState::Terminated);
        let (late, _) = pool.shutdown_now();
        let returned = returned.lock().unwrap().len();
        assert_eq!(returned + late.len() + ran.get(), 20);
        assert_eq!(pool.counts().accounted(), pool.counts().submitted);
    }
}

fn cuts_a_shutdown_short(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    queue(&pool, 10, &ran);
    let patient = crate::tools::shut_down_elsewhere(&pool);
    let hasty = pool.clone();
    let hasty = thread::spawn(move || hasty.shutdown_now().0);
    // Draining is what `shutdown_now` does before it waits.
    crate::tools::until(|| pool.counts().queued == 0);
    plug.pull();
    assert_eq!(patient.join().unwrap(), Shutdown::Terminated);
    assert_eq!((hasty.join().unwrap().len(), ran.get()), (10, 0));
}
