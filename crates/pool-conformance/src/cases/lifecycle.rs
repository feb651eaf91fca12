//! Pausing, work for given workers, and shutdowns with a limit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pool_core::{Job, Pool, PoolExt, PoolState, Reason, Shutdown, current};

use super::loss::doom;
use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount, panic_on_purpose, until};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Lifecycle, NestedWaits, Parallel, ShutdownNow, TakesAll, WaitIdle};
    vec![
        case!("lifecycle", a_paused_pool_starts_no_job).needs(&[Lifecycle, Counts]).queues(5),
        case!("lifecycle", what_runs_goes_on_in_a_pause).needs(&[Lifecycle, Parallel]).queues(1),
        case!("lifecycle", a_shutdown_ends_a_pause).needs(&[Lifecycle]).queues(10),
        case!("lifecycle", shutdown_now_gives_back_what_a_pause_holds)
            .needs(&[Lifecycle, ShutdownNow])
            .queues(10),
        case!("lifecycle", scopes_and_joins_wait_for_the_end_of_a_pause).needs(&[Lifecycle]).submits(2),
        case!("lifecycle", pauses_lose_nothing).needs(&[Lifecycle, Counts, TakesAll]).submits(400),
        case!("lifecycle", a_broadcast_reaches_every_worker_once).needs(&[Lifecycle]).submits(3),
        case!("lifecycle", a_broadcast_reaches_busy_workers_too).needs(&[Lifecycle, Parallel]).queues(3),
        case!("lifecycle", a_job_runs_on_the_worker_that_it_is_for).needs(&[Lifecycle]),
        case!("lifecycle", a_job_for_a_worker_may_be_waited_for_in_a_job)
            .needs(&[Lifecycle, NestedWaits])
            .submits(2),
        case!("lifecycle", jobs_for_workers_and_for_anyone_mix)
            .needs(&[Lifecycle, Counts, TakesAll])
            .submits(400),
        case!("lifecycle", a_job_for_nobody_comes_back).needs(&[Lifecycle, Counts]),
        case!("lifecycle", mail_passes_a_full_queue_and_is_counted)
            .needs(&[Lifecycle, Parallel, Counts, WaitIdle])
            .queues(1),
        case!("lifecycle", a_shutdown_runs_mail).needs(&[Lifecycle, Parallel]).queues(1),
        case!("lifecycle", shutdown_now_gives_back_mail).needs(&[Lifecycle, Parallel, ShutdownNow]).queues(1),
        case!("lifecycle", a_worker_with_mail_stays)
            .needs(&[Lifecycle, Claim::Workforce, Parallel])
            .queues(1),
        case!("lifecycle", a_dead_worker_leaves_its_mail_to_its_successor)
            .needs(&[Lifecycle, Claim::Hooks, Claim::Replacement, Parallel])
            .queues(1),
        case!("lifecycle", a_shutdown_with_a_limit_says_what_is_left)
            .needs(&[Lifecycle, Parallel, Counts])
            .queues(3),
        case!("lifecycle", shutdown_now_with_a_limit_gives_back_at_once)
            .needs(&[Lifecycle, Parallel, ShutdownNow])
            .queues(3),
    ]
}

fn a_paused_pool_starts_no_job(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..20 {
        pool.pause().unwrap();
        pool.pause().unwrap();
        let mut jobs: Vec<_> = (0..5).map(|number| pool.spawn(move || number).unwrap()).collect();
        let last = jobs.pop().expect("five were submitted");
        // A pool that does it wrong has a moment to be caught.
        jobs.push(last.join_timeout(Duration::from_millis(1)).expect_err("nothing starts"));
        let counts = pool.counts();
        assert_eq!((counts.queued, counts.running), (5, 0));
        pool.resume().unwrap();
        assert!(jobs.into_iter().map(|job| job.join().unwrap()).eq(0..5));
    }
}

fn what_runs_goes_on_in_a_pause(subject: &Subject) {
    let pool = subject.pool_of(2);
    let plug = Plug::all(&pool);
    pool.pause().unwrap();
    plug.pull();
    until(|| pool.counts().running == 0);
    pool.resume().unwrap();
    Plug::all(&pool).pull();
}

fn a_shutdown_ends_a_pause(subject: &Subject) {
    let pool = subject.pool_of(2);
    pool.pause().unwrap();
    let ran = SharedCount::default();
    for _ in 0..10 {
        let ran = ran.clone();
        pool.execute(move || ran.add()).unwrap();
    }
    assert_eq!((pool.shutdown(), ran.get()), (Shutdown::Terminated, 10));
    pool.pause().unwrap();
    assert_eq!(pool.state(), PoolState::Terminated);
}

fn shutdown_now_gives_back_what_a_pause_holds(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        pool.pause().unwrap();
        let ran = SharedCount::default();
        for _ in 0..10 {
            let ran = ran.clone();
            pool.execute(move || ran.add()).unwrap();
        }
        let (jobs, shutdown) = pool.shutdown_now();
        assert_eq!((jobs.len(), ran.get(), shutdown), (10, 0, Shutdown::Terminated));
        jobs.into_iter().for_each(Job::run);
        assert_eq!(ran.get(), 10);
    }
}

fn scopes_and_joins_wait_for_the_end_of_a_pause(subject: &Subject) {
    let pool = subject.pool_of(2);
    pool.pause().unwrap();
    thread::scope(|threads| {
        let scope = threads.spawn(|| pool.scope(|scope| scope.spawn(|| 1).join().unwrap()));
        let join = threads.spawn(|| pool.join(|| 2, || 3));
        pool.resume().unwrap();
        assert_eq!((scope.join().unwrap(), join.join().unwrap()), (1, (2, 3)));
    });
}

fn pauses_lose_nothing(subject: &Subject) {
    let pool = subject.pool_of(2);
    thread::scope(|threads| {
        let producers = [(); 2].map(|()| {
            threads.spawn(|| {
                let jobs: Vec<_> = (0..200).map(|number| pool.spawn(move || number).unwrap()).collect();
                assert!(jobs.into_iter().map(|job| job.join().unwrap()).eq(0..200));
            })
        });
        while !producers.iter().all(|producer| producer.is_finished()) {
            pool.pause().unwrap();
            thread::yield_now();
            pool.resume().unwrap();
            thread::yield_now();
        }
    });
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.completed, counts.accounted()), (400, 400));
}

fn a_broadcast_reaches_every_worker_once(subject: &Subject) {
    for threads in 1..=3 {
        let pool = subject.pool_of(threads);
        for _ in 0..50 {
            let here = |worker| (worker, current().map(|current| current.index), thread::current().id());
            let seen: Vec<_> = pool
                .spawn_broadcast(here)
                .unwrap()
                .into_iter()
                .map(|handle| handle.join().unwrap())
                .collect();
            assert!(
                seen.iter().map(|seen| (seen.0, seen.1)).eq((0..threads).map(|index| (index, Some(index))))
            );
            let threads_seen: BTreeSet<_> = seen.iter().map(|seen| format!("{:?}", seen.2)).collect();
            assert_eq!(threads_seen.len(), threads);
        }
    }
}

fn a_broadcast_reaches_busy_workers_too(subject: &Subject) {
    let pool = subject.pool_of(3);
    for busy in 1..=3 {
        let plug = Plug::some(&pool, busy);
        let handles = pool.spawn_broadcast(|worker| worker).unwrap();
        plug.pull();
        assert!(handles.into_iter().map(|handle| handle.join().unwrap()).eq(0..3));
    }
}

fn a_job_runs_on_the_worker_that_it_is_for(subject: &Subject) {
    let pool = subject.pool_of(3);
    for number in 0..300 {
        let worker = number % 3;
        let here = pool.spawn_on(worker, current).unwrap().join().unwrap().unwrap();
        assert_eq!((here.pool, here.index), (pool.id(), worker));
    }
    assert_eq!(pool.counts().completed, 300);
}

/// Another worker is waited for; the own one is not.
fn a_job_for_a_worker_may_be_waited_for_in_a_job(subject: &Subject) {
    let pool = subject.pool_of(2);
    for worker in 0..2 {
        let inner = pool.clone();
        let here = pool.spawn(move || inner.spawn_on(worker, current).unwrap().join().unwrap());
        assert_eq!(here.unwrap().join().unwrap().unwrap().index, worker);
    }
}

fn jobs_for_workers_and_for_anyone_mix(subject: &Subject) {
    let pool = subject.pool_of(3);
    thread::scope(|threads| {
        for producer in 0..2 {
            let pool = &pool;
            threads.spawn(move || {
                for number in 0..100 {
                    let worker = (producer + number) % 3;
                    let mine = pool.spawn_on(worker, || current().unwrap().index).unwrap();
                    let inner = pool.clone();
                    let anyones = pool.spawn(move || inner.join(|| 1, || 2)).unwrap();
                    assert_eq!(mine.join().unwrap(), worker);
                    assert_eq!(anyones.join().unwrap(), (1, 2));
                }
            });
        }
    });
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.completed, counts.accounted()), (400, 400));
}

fn a_job_for_nobody_comes_back(subject: &Subject) {
    let pool = subject.pool_of(2);
    let rejected = pool.execute_on(2, || ()).unwrap_err();
    assert_eq!(rejected.reason(), Reason::NoSuchWorker(2));
    rejected.into_job().run();
    let _ = pool.shutdown();
    assert_eq!(pool.execute_on(0, || ()).unwrap_err().reason(), Reason::ShutDown);
    let counts = pool.counts();
    assert_eq!((counts.rejected, counts.accounted()), (2, counts.submitted));
}

fn mail_passes_a_full_queue_and_is_counted(subject: &Subject) {
    let pool = subject.pool_of(2);
    let plug = Plug::all(&pool);
    pool.execute(|| ()).unwrap();
    let handles: Vec<_> = (0..20).map(|number| pool.spawn_on(number % 2, move || number).unwrap()).collect();
    assert_eq!(pool.counts().queued, 21);
    plug.pull();
    assert!(pool.wait_idle(None));
    assert!(handles.into_iter().map(|handle| handle.join().unwrap()).eq(0..20));
    let counts = pool.counts();
    assert_eq!((counts.completed, counts.accounted()), (counts.submitted, counts.submitted));
}

fn a_shutdown_runs_mail(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let plug = Plug::all(&pool);
        let handles = pool.spawn_broadcast(|worker| worker).unwrap();
        let ender = crate::tools::shut_down_elsewhere(&pool);
        plug.pull();
        assert_eq!(ender.join().unwrap(), Shutdown::Terminated);
        assert!(handles.into_iter().map(|handle| handle.join().unwrap()).eq(0..2));
    }
}

fn shutdown_now_gives_back_mail(subject: &Subject) {
    let pool = subject.pool_of(2);
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    let counts = ran.clone();
    let handles = pool.spawn_broadcast(move |_| counts.add()).unwrap();
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let jobs = ender.join().unwrap();
    assert_eq!((jobs.len(), ran.get()), (2, 0));
    jobs.into_iter().for_each(Job::run);
    handles.into_iter().for_each(|handle| handle.join().unwrap());
}

fn a_worker_with_mail_stays(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let plug = Plug::all(&pool);
        let handles = pool.spawn_broadcast(|worker| worker).unwrap();
        pool.resize(1).unwrap();
        plug.pull();
        assert!(handles.into_iter().map(|handle| handle.join().unwrap()).eq(0..2));
        until(|| pool.present_workers().len() == 1);
        let left = pool.present_workers()[0];
        assert_eq!(pool.spawn_on(left, || 1).unwrap().join().unwrap(), 1);
        assert_eq!(pool.execute_on(1 - left, || ()).unwrap_err().reason(), Reason::NoSuchWorker(1 - left));
    }
}

fn a_dead_worker_leaves_its_mail_to_its_successor(subject: &Subject) {
    let pool = subject.build(Setup::threads(1).on_panic(|_| panic_on_purpose()));
    let go = doom(&pool);
    let mail = pool.spawn_on(0, current).unwrap();
    go.open();
    assert_eq!(mail.join().unwrap().unwrap().index, 0);
}

fn a_shutdown_with_a_limit_says_what_is_left(subject: &Subject) {
    let pool = subject.pool_of(2);
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    for _ in 0..3 {
        let ran = ran.clone();
        pool.execute(move || ran.add()).unwrap();
    }
    for limit in [Duration::ZERO, Duration::from_millis(1)] {
        assert_eq!(pool.shutdown_timeout(limit), Ok(Shutdown::Pending { queued: 3, running: 2 }));
    }
    assert_eq!((pool.state(), ran.get()), (PoolState::ShuttingDown, 0));
    plug.pull();
    assert_eq!(pool.shutdown_timeout(Duration::MAX), Ok(Shutdown::Terminated));
    assert_eq!((pool.state(), ran.get()), (PoolState::Terminated, 3));
}

fn shutdown_now_with_a_limit_gives_back_at_once(subject: &Subject) {
    let pool: Arc<dyn Pool> = subject.pool_of(1);
    let plug = Plug::all(&pool);
    (0..3).for_each(|_| pool.execute(|| ()).unwrap());
    let (jobs, shutdown) = pool.shutdown_now_timeout(Duration::from_millis(1)).unwrap();
    assert_eq!((jobs.len(), shutdown), (3, Shutdown::Pending { queued: 0, running: 1 }));
    plug.pull();
    let (jobs, shutdown) = pool.shutdown_now_timeout(Duration::MAX).unwrap();
    assert_eq!((jobs.len(), shutdown), (0, Shutdown::Terminated));
}
