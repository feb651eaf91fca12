//! `shutdown` and drop: what is queued runs, and the workers are gone.

use std::sync::Arc;
use std::thread;

use pool_core::{Pool, PoolExt, PoolState, Reason, Shutdown};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug, SharedCount, mailbox};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, InnerShutdown, TakesAll};
    vec![
        case!("shutdown", runs_what_is_queued).needs(&[Claim::Shutdown]).queues(100),
        case!("shutdown", may_be_repeated).needs(&[Claim::Shutdown]),
        case!("shutdown", from_two_threads_ends_in_both).needs(&[Claim::Shutdown]).submits(50),
        case!("shutdown", states_only_move_forward).needs(&[Claim::Shutdown]).queues(1),
        case!("shutdown", while_submitters_submit_loses_no_job).needs(&[Claim::Shutdown, Counts, TakesAll]),
        case!("shutdown", queued_jobs_may_still_wait_for_each_other)
            .needs(&[Claim::Shutdown, Claim::NestedWaits])
            .queues(10),
        case!("shutdown", from_inside_a_job_is_begun).needs(&[InnerShutdown]).queues(2),
        case!("shutdown", from_two_jobs_at_once_is_begun_by_both)
            .needs(&[InnerShutdown, Claim::Parallel])
            .queues(2),
        case!("shutdown", from_inside_is_ended_by_the_workers).needs(&[InnerShutdown]).submits(1),
        case!("shutdown", dropping_a_pool_runs_what_is_queued).needs(&[Claim::Shutdown]).queues(20),
        case!("shutdown", a_pool_may_be_dropped_inside_its_own_job).needs(&[InnerShutdown]).queues(2),
        case!("shutdown", a_job_of_one_pool_may_end_another).needs(&[Claim::Shutdown]).submits(5),
        case!("shutdown", handles_outlive_the_pool).needs(&[Claim::Shutdown]).submits(1),
        case!("shutdown", nobody_waits_for_rest_in_vain)
            .needs(&[Claim::Shutdown, Claim::WaitIdle])
            .queues(10),
    ]
}

fn runs_what_is_queued(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    for _ in 0..100 {
        let ran = ran.clone();
        pool.execute(move || ran.add()).unwrap();
    }
    let ender = crate::tools::shut_down_elsewhere(&pool);
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
    plug.pull();
    assert_eq!(ender.join().unwrap(), Shutdown::Terminated);
    assert_eq!(ran.get(), 100);
}

fn may_be_repeated(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..3 {
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
        assert_eq!(pool.state(), PoolState::Terminated);
    }
}

fn from_two_threads_ends_in_both(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let ran = SharedCount::default();
        for _ in 0..50 {
            let ran = ran.clone();
            pool.execute(move || ran.add()).unwrap();
        }
        thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    assert_eq!(pool.shutdown(), Shutdown::Terminated);
                    assert_eq!(ran.get(), 50);
                });
            }
        });
    }
}

fn states_only_move_forward(subject: &Subject) {
    let pool = subject.pool_of(1);
    assert_eq!(pool.state(), PoolState::Running);
    let plug = Plug::all(&pool);
    let ender = crate::tools::shut_down_elsewhere(&pool);
    assert_eq!(pool.state(), PoolState::ShuttingDown);
    plug.pull();
    assert_eq!(ender.join().unwrap(), Shutdown::Terminated);
    assert_eq!(pool.state(), PoolState::Terminated);
    let _ = pool.shutdown();
    let _ = pool.shutdown_now();
    assert_eq!(pool.state(), PoolState::Terminated);
}

fn while_submitters_submit_loses_no_job(subject: &Subject) {
    for _ in 0..30 {
        let pool = subject.pool_of(2);
        let (accepted, refused, ran) =
            (SharedCount::default(), SharedCount::default(), SharedCount::default());
        let running = Latch::default();
        thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    loop {
                        let ran = ran.clone();
                        match pool.execute(move || ran.add()) {
                            Ok(()) => accepted.add(),
                            Err(rejected) => {
                                assert_eq!(rejected.reason(), Reason::ShutDown);
                                refused.add();
                                break;
                            }
                        }
                        running.open();
                    }
                });
            }
            running.wait();
            let _ = pool.shutdown();
        });
        assert_eq!((ran.get(), refused.get()), (accepted.get(), 2));
        let counts = pool.counts();
        assert_eq!((counts.completed, counts.rejected), (accepted.get() as u64, 2));
        assert_eq!(counts.accounted(), counts.submitted);
    }
}

fn queued_jobs_may_still_wait_for_each_other(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let handles: Vec<_> = (0..9).map(|number| pool.spawn(move || number).unwrap()).collect();
    let sum =
        pool.spawn(move || handles.into_iter().map(|handle| handle.join().unwrap()).sum::<u64>()).unwrap();
    let ender = crate::tools::shut_down_elsewhere(&pool);
    plug.pull();
    assert_eq!(ender.join().unwrap(), Shutdown::Terminated);
    assert_eq!(sum.join().unwrap(), 36);
}

fn from_inside_a_job_is_begun(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let inner = pool.clone();
    let begun = pool.spawn(move || (inner.shutdown(), inner.state())).unwrap();
    let ran = SharedCount::default();
    let inside = ran.clone();
    let queued = pool.spawn(move || inside.add());
    plug.pull();
    let (shutdown, state) = begun.join().unwrap();
    assert!(matches!(shutdown, Shutdown::Pending { running: 1, .. }), "{shutdown:?}");
    assert_eq!(state, PoolState::ShuttingDown);
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    queued.unwrap().join().unwrap();
    assert_eq!(ran.get(), 1);
}

fn from_two_jobs_at_once_is_begun_by_both(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let meet = Arc::new(std::sync::Barrier::new(2));
        let jobs = [(); 2].map(|()| {
            let (inner, meet) = (pool.clone(), meet.clone());
            pool.spawn(move || {
                meet.wait();
                inner.shutdown()
            })
            .unwrap()
        });
        for job in jobs {
            assert!(matches!(job.join().unwrap(), Shutdown::Pending { .. }));
        }
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
    }
}

fn from_inside_is_ended_by_the_workers(subject: &Subject) {
    let pool = subject.pool_of(2);
    let inner = pool.clone();
    pool.execute(move || assert!(matches!(inner.shutdown(), Shutdown::Pending { .. }))).unwrap();
    // Nobody but the workers brings it to its end.
    crate::tools::until(|| pool.state() == PoolState::Terminated);
}

fn dropping_a_pool_runs_what_is_queued(subject: &Subject) {
    let pool = subject.pool_of(2);
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    for _ in 0..20 {
        let ran = ran.clone();
        pool.execute(move || ran.add()).unwrap();
    }
    plug.pull();
    drop(pool);
    assert_eq!(ran.get(), 20);
}

fn a_pool_may_be_dropped_inside_its_own_job(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(1);
        let plug = Plug::all(&pool);
        let (send, receive) = mailbox();
        let (go, inner, last) = (Latch::default(), pool.clone(), send.clone());
        let goes = go.clone();
        pool.execute(move || {
            goes.wait();
            drop(inner);
            send.send("dropped").unwrap();
        })
        .unwrap();
        pool.execute(move || last.send("after").unwrap()).unwrap();
        plug.pull();
        drop(pool);
        go.open();
        let mut heard: Vec<_> = receive.iter().collect();
        heard.sort_unstable();
        assert_eq!(heard, ["after", "dropped"]);
    }
}

fn a_job_of_one_pool_may_end_another(subject: &Subject) {
    let (first, second) = (subject.pool_of(1), subject.pool_of(1));
    let ran = SharedCount::default();
    for _ in 0..5 {
        let ran = ran.clone();
        second.execute(move || ran.add()).unwrap();
    }
    let ender = second.clone();
    let shutdown = first.spawn(move || ender.shutdown()).unwrap().join().unwrap();
    assert_eq!((shutdown, ran.get()), (Shutdown::Terminated, 5));
}

fn handles_outlive_the_pool(subject: &Subject) {
    let pool = subject.pool_of(1);
    let handle = pool.spawn(|| 5).unwrap();
    drop(pool);
    assert_eq!(handle.join().unwrap(), 5);
}

fn nobody_waits_for_rest_in_vain(subject: &Subject) {
    for now in [false, true] {
        if now && !subject.claims(Claim::ShutdownNow) {
            continue;
        }
        let pool = subject.pool_of(1);
        let plug = Plug::all(&pool);
        (0..10).for_each(|_| pool.execute(|| ()).unwrap());
        thread::scope(|threads| {
            let waiter = threads.spawn(|| pool.wait_idle(None));
            if now {
                let ender = crate::tools::shut_down_now_elsewhere(&pool);
                plug.pull();
                assert_eq!(ender.join().unwrap().len(), 10);
            } else {
                let ender = crate::tools::shut_down_elsewhere(&pool);
                plug.pull();
                assert_eq!(ender.join().unwrap(), Shutdown::Terminated);
            }
            assert!(waiter.join().unwrap());
        });
    }
}
