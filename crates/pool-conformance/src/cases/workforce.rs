//! Workers come and go while the pool runs: resizing, scaling, and standing in for those that are blocked.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use pool_core::error::ResizeError;
use pool_core::{Pool, PoolExt, Scaling, Shutdown, block_in_place};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug, SharedCount, panic_on_purpose, until};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, NestedWaits, Parallel, Replacement, TakesAll, Workforce};
    vec![
        case!("workforce", a_larger_pool_has_more_workers).needs(&[Workforce, Parallel]).queues(1),
        case!("workforce", idle_workers_that_are_too_many_leave).needs(&[Workforce, Hooks]).submits(1),
        case!("workforce", a_busy_worker_leaves_after_its_job).needs(&[Workforce, Parallel]).queues(1),
        case!("workforce", what_a_leaving_worker_had_queued_runs)
            .needs(&[Workforce, Parallel, NestedWaits])
            .queues(200),
        case!("workforce", a_slot_may_be_taken_again_and_again).needs(&[Workforce, Parallel]).queues(1),
        case!("workforce", resizing_loses_nothing).needs(&[Workforce, Counts, TakesAll]).submits(600),
        case!("workforce", a_resize_beyond_its_bounds_says_so).needs(&[Workforce]),
        case!("workforce", a_start_that_fails_is_counted_and_jobs_still_run)
            .needs(&[Workforce, Hooks, Replacement])
            .submits(20),
        case!("workforce", it_grows_when_nobody_is_idle).needs(&[Workforce, Parallel]).queues(1),
        case!("workforce", it_grows_for_a_burst).needs(&[Workforce, Parallel]).queues(3),
        case!("workforce", it_grows_for_scopes_and_joins).needs(&[Workforce, Parallel]).queues(1),
        case!("workforce", it_grows_for_a_scope_of_many).needs(&[Workforce, Parallel]).queues(3),
        case!("workforce", it_grows_when_a_job_waits_too_long).needs(&[Workforce]).submits(1),
        case!("workforce", it_shrinks_when_there_is_nothing_to_do).needs(&[Workforce, Parallel]).queues(1),
        case!("workforce", it_shrinks_while_jobs_trickle_in).needs(&[Workforce, Parallel]).queues(1),
        case!("workforce", idle_workers_stay_for_a_while).needs(&[Workforce, Parallel]).queues(1),
        case!("workforce", scaling_loses_nothing).needs(&[Workforce, Counts, TakesAll]).submits(600),
        case!("workforce", blocked_jobs_are_stood_in_for).needs(&[Workforce, Parallel]).queues(1),
        case!("workforce", no_more_stand_in_than_there_are_spare_slots)
            .needs(&[Workforce, Parallel])
            .queues(1),
        case!("workforce", blocking_runs_the_closure_anywhere).needs(&[Workforce]).submits(2),
        case!("workforce", everything_at_once_loses_nothing)
            .needs(&[Workforce, Claim::Lifecycle, Hooks, Replacement, Counts, TakesAll])
            .submits(600),
        case!("workforce", blocking_in_a_shutdown_still_ends).needs(&[Workforce, Parallel]).queues(8),
    ]
}

fn up_to(threads: usize, max: usize) -> Setup {
    Setup { max_threads: Some(max), ..Setup::threads(threads) }
}

fn with_spare(threads: usize, spare: usize) -> Setup {
    Setup { spare_threads: spare, ..Setup::threads(threads) }
}

fn scaling(scaling: Scaling) -> Setup {
    Setup { scaling: Some(scaling), ..Setup::threads(1) }
}

fn workers(pool: &Arc<dyn Pool>) -> usize {
    pool.stats().worker_counts.now
}

fn a_larger_pool_has_more_workers(subject: &Subject) {
    let pool = subject.build(up_to(1, 3));
    let first = Plug::all(&pool);
    pool.resize(3).unwrap();
    assert_eq!(pool.threads(), 3);
    let others = Plug::some(&pool, 2);
    let worker_counts = pool.stats().worker_counts;
    assert_eq!(
        (worker_counts.now, worker_counts.lowest, worker_counts.highest, worker_counts.failed_starts),
        (3, 1, 3, 0)
    );
    drop((first, others));
}

fn idle_workers_that_are_too_many_leave(subject: &Subject) {
    let (started, stopped) = (SharedCount::default(), SharedCount::default());
    let (starts, stops) = (started.clone(), stopped.clone());
    let pool = subject.build(up_to(4, 4).on_start(move |_| starts.add()).on_stop(move |_| stops.add()));
    pool.resize(1).unwrap();
    until(|| (workers(&pool), stopped.get()) == (1, 3));
    assert_eq!(pool.spawn(|| 1).unwrap().join().unwrap(), 1);
    let worker_counts = pool.stats().worker_counts;
    assert_eq!((worker_counts.wanted, worker_counts.lowest, worker_counts.highest), (1, 1, 4));
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    // One that had not gone when the pool ended may have looked again for what others had left.
    assert!(stopped.get() >= 4);
    assert_eq!(stopped.get(), started.get());
}

fn a_busy_worker_leaves_after_its_job(subject: &Subject) {
    let pool = subject.pool_of(3);
    let plug = Plug::all(&pool);
    pool.resize(1).unwrap();
    assert_eq!((workers(&pool), pool.threads()), (3, 1));
    plug.pull();
    until(|| workers(&pool) == 1);
    assert_eq!(pool.spawn(|| 1).unwrap().join().unwrap(), 1);
}

/// A worker that leaves hands what it holds privately to the others.
fn what_a_leaving_worker_had_queued_runs(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let (ran, meet) = (SharedCount::default(), Arc::new(Barrier::new(3)));
        for _ in 0..2 {
            let (inner, ran, meet) = (pool.clone(), ran.clone(), meet.clone());
            pool.execute(move || {
                for _ in 0..100 {
                    let ran = ran.clone();
                    inner.execute(move || ran.add()).unwrap();
                }
                meet.wait();
                meet.wait();
            })
            .unwrap();
        }
        meet.wait();
        pool.resize(1).unwrap();
        meet.wait();
        assert!(pool.wait_idle(None));
        assert_eq!(ran.get(), 200);
        until(|| workers(&pool) == 1);
    }
}

fn a_slot_may_be_taken_again_and_again(subject: &Subject) {
    let pool = subject.pool_of(3);
    for _ in 0..30 {
        pool.resize(1).unwrap();
        pool.resize(3).unwrap();
        Plug::all(&pool).pull();
        until(|| workers(&pool) == 3);
    }
}

/// Spawns jobs from two threads, some of which block or spawn others in turn, while `disturb` is called again and again.
fn spawn_and_disturb(pool: &Arc<dyn Pool>, disturb: impl Fn(usize) + Sync) {
    let (done, ran) = (AtomicBool::new(false), SharedCount::default());
    thread::scope(|threads| {
        let producers = [(); 2].map(|()| {
            threads.spawn(|| {
                let jobs: Vec<_> = (0..200)
                    .map(|number| {
                        let (inner, ran) = (pool.clone(), ran.clone());
                        pool.spawn(move || {
                            ran.add();
                            match number % 4 {
                                0 => block_in_place(thread::yield_now),
                                1 => inner.execute(move || ran.add()).unwrap(),
                                _ => {}
                            }
                        })
                        .unwrap()
                    })
                    .collect();
                jobs.into_iter().for_each(|job| job.join().unwrap());
            })
        });
        threads.spawn(|| {
            for round in 0.. {
                if done.load(SeqCst) {
                    break;
                }
                disturb(round);
                thread::yield_now();
            }
        });
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        done.store(true, SeqCst);
    });
    // It may have been left in a pause.
    let _ = pool.resume();
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((ran.get(), counts.accounted()), (500, counts.submitted));
    assert_eq!(counts.completed + counts.panicked + counts.rejected, counts.submitted);
}

fn resizing_loses_nothing(subject: &Subject) {
    for _ in 0..5 {
        let pool = subject.build(Setup { spare_threads: 1, ..up_to(2, 4) });
        spawn_and_disturb(&pool, |round| pool.resize(1 + round % 4).unwrap());
        pool.resize(2).unwrap();
        until(|| workers(&pool) == 2);
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
    }
}

fn a_resize_beyond_its_bounds_says_so(subject: &Subject) {
    let pool = subject.build(up_to(1, 2));
    for asked in [0, 3] {
        let error = pool.resize(asked).unwrap_err();
        assert_eq!(error, ResizeError::OutOfBounds { asked, least: 1, most: 2 });
    }
    assert_eq!(pool.threads(), 1);
    let _ = pool.shutdown();
    assert_eq!(pool.resize(2), Err(ResizeError::ShutDown));
}

fn a_start_that_fails_is_counted_and_jobs_still_run(subject: &Subject) {
    let pool = subject.build(up_to(1, 2).on_start(|index| {
        if index == 1 {
            panic_on_purpose();
        }
    }));
    pool.resize(2).unwrap();
    until(|| pool.stats().worker_counts.failed_starts == 3);
    until(|| workers(&pool) == 1);
    let jobs: Vec<_> = (0..20).map(|number| pool.spawn(move || number).unwrap()).collect();
    assert!(jobs.into_iter().map(|job| job.join().unwrap()).eq(0..20));
    assert_eq!(pool.stats().replaced(), 0, "nobody has begun to work there");
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
}

fn it_grows_when_nobody_is_idle(subject: &Subject) {
    let pool = subject.build(scaling(Scaling::between(1, 3)));
    assert_eq!(workers(&pool), 1);
    let plug = Plug::some(&pool, 3);
    let worker_counts = pool.stats().worker_counts;
    assert_eq!(
        (worker_counts.now, worker_counts.wanted, worker_counts.lowest, worker_counts.highest),
        (3, 3, 1, 3)
    );
    let fourth = pool.spawn(|| 4).unwrap();
    assert_eq!(workers(&pool), 3, "there are never more than the most");
    plug.pull();
    assert_eq!(fourth.join().unwrap(), 4);
}

fn it_grows_for_a_burst(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.build(scaling(Scaling::between(1, 3)));
        let meet = Arc::new(Barrier::new(3));
        let jobs = [(); 3].map(|()| {
            let meet = meet.clone();
            pool.spawn(move || meet.wait()).unwrap()
        });
        let leaders = jobs.into_iter().map(|job| job.join().unwrap().is_leader());
        assert_eq!(leaders.filter(|leads| *leads).count(), 1);
    }
}

/// From outside: neither is a job of the queue.
fn it_grows_for_scopes_and_joins(subject: &Subject) {
    let pool = subject.build(scaling(Scaling::between(1, 3)));
    let plug = Plug::some(&pool, 1);
    assert_eq!(pool.scope(|scope| scope.spawn(|| 1).join().unwrap()), 1);
    let second = Plug::some(&pool, 1);
    assert_eq!(pool.join(|| 2, || 3), (2, 3));
    assert_eq!(pool.stats().worker_counts.highest, 3);
    drop((plug, second));
}

fn it_grows_for_a_scope_of_many(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.build(scaling(Scaling::between(1, 3)));
        let meet = Barrier::new(3);
        pool.scope(|scope| {
            for _ in 0..3 {
                scope.execute(|| {
                    meet.wait();
                });
            }
        });
        assert_eq!(pool.stats().worker_counts.highest, 3);
    }
}

fn it_grows_when_a_job_waits_too_long(subject: &Subject) {
    let pool = subject.build(scaling(Scaling::between(1, 2).queue_wait(Duration::ZERO)));
    pool.spawn(|| ()).unwrap().join().unwrap();
    until(|| pool.stats().worker_counts.highest == 2);
}

fn it_shrinks_when_there_is_nothing_to_do(subject: &Subject) {
    let pool = subject.build(scaling(Scaling::between(1, 3).keep_alive(Duration::from_millis(1))));
    for _ in 0..5 {
        Plug::some(&pool, 3).pull();
        until(|| workers(&pool) == 1);
        assert_eq!(pool.threads(), 1);
    }
}

/// The jobs keep one worker awake, and the others reach the end of their keep-alive.
fn it_shrinks_while_jobs_trickle_in(subject: &Subject) {
    let pool = subject.build(scaling(Scaling::between(1, 8).keep_alive(Duration::from_millis(20))));
    Plug::some(&pool, 8).pull();
    until(|| {
        pool.spawn(|| ()).unwrap().join().unwrap();
        thread::sleep(Duration::from_millis(5));
        (workers(&pool), pool.threads()) == (1, 1)
    });
    assert_eq!(pool.stats().worker_counts.highest, 8);
}

/// As long as the keep-alive, which is not over here.
fn idle_workers_stay_for_a_while(subject: &Subject) {
    let rule = Scaling::between(1, 3).keep_alive(Duration::from_secs(3600));
    let pool = subject.build(scaling(rule));
    Plug::some(&pool, 3).pull();
    for number in 0..100 {
        assert_eq!(pool.spawn(move || number).unwrap().join().unwrap(), number);
    }
    let worker_counts = pool.stats().worker_counts;
    assert_eq!((worker_counts.now, worker_counts.wanted, pool.threads()), (3, 3, 3));
}

fn scaling_loses_nothing(subject: &Subject) {
    for _ in 0..5 {
        let rule = Scaling::between(1, 4).keep_alive(Duration::ZERO).queue_wait(Duration::ZERO);
        let pool = subject.build(scaling(rule));
        spawn_and_disturb(&pool, |_| {});
        until(|| workers(&pool) == 1);
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
    }
}

/// Workers come, go and die, pauses begin and end, and each worker gets mail, while jobs are spawned.
fn everything_at_once_loses_nothing(subject: &Subject) {
    for _ in 0..3 {
        let setup = Setup { spare_threads: 2, ..up_to(2, 4) }.on_panic(|_| panic_on_purpose());
        let pool = subject.build(setup);
        let heard = SharedCount::default();
        let (hears, mail) = (heard.clone(), SharedCount::default());
        spawn_and_disturb(&pool, |round| match round % 5 {
            0 => pool.resize(1 + round / 5 % 4).unwrap(),
            1 => pool.pause().unwrap(),
            2 => pool.resume().unwrap(),
            // Its worker dies of it, now and then. Where the newest job runs first, more of them would keep successors from
            // ever ending a job, and the pool waits longer and longer before it starts the next.
            3 if round % 100 == 3 && round < 500 => pool.execute(|| panic_on_purpose()).unwrap(),
            _ => {
                let hears = hears.clone();
                let handles = pool.spawn_broadcast(move |_| hears.add()).unwrap();
                handles.iter().for_each(|_| mail.add());
            }
        });
        assert_eq!(heard.get(), mail.get());
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
    }
}

/// A job that blocks, says so, and goes on when the latch is opened.
fn block(pool: &Arc<dyn Pool>) -> Latch {
    let (blocks, go) = (Latch::default(), Latch::default());
    let (block, goes) = (blocks.clone(), go.clone());
    pool.execute(move || {
        block_in_place(|| {
            block.open();
            goes.wait();
        })
    })
    .unwrap();
    blocks.wait();
    go
}

fn blocked_jobs_are_stood_in_for(subject: &Subject) {
    for _ in 0..10 {
        let pool = subject.build(with_spare(2, 2));
        let blocked = [block(&pool), block(&pool)];
        let plug = Plug::some(&pool, 2);
        let worker_counts = pool.stats().worker_counts;
        assert_eq!(
            (worker_counts.now, worker_counts.blocked, worker_counts.wanted, pool.threads()),
            (4, 2, 2, 2)
        );
        blocked.into_iter().for_each(|blocked| blocked.open());
        plug.pull();
        until(|| workers(&pool) == 2);
        assert_eq!(pool.stats().worker_counts.blocked, 0);
    }
}

fn no_more_stand_in_than_there_are_spare_slots(subject: &Subject) {
    let pool = subject.build(with_spare(1, 1));
    let (first, second) = (block(&pool), block(&pool));
    let third = pool.spawn(|| ()).unwrap();
    // A pool that does it wrong has a few milliseconds to be caught.
    let third = third.join_timeout(Duration::from_millis(5)).expect_err("both slots are taken");
    first.open();
    third.join().unwrap();
    second.open();
    until(|| workers(&pool) == 1);
}

fn blocking_runs_the_closure_anywhere(subject: &Subject) {
    assert_eq!(block_in_place(|| 1), 1);
    let pool = subject.build(with_spare(1, 1));
    assert_eq!(pool.spawn(|| block_in_place(|| block_in_place(|| 2))).unwrap().join().unwrap(), 2);
    assert!(pool.spawn(|| block_in_place(|| panic_on_purpose())).unwrap().join().is_err());
    until(|| workers(&pool) == 1);
    assert_eq!(pool.stats().worker_counts.blocked, 0);
}

fn blocking_in_a_shutdown_still_ends(subject: &Subject) {
    for _ in 0..10 {
        let pool = subject.build(with_spare(2, 2));
        let plug = Plug::all(&pool);
        let ran = SharedCount::default();
        for _ in 0..8 {
            let ran = ran.clone();
            pool.execute(move || block_in_place(|| ran.add())).unwrap();
        }
        let ender = crate::tools::shut_down_elsewhere(&pool);
        plug.pull();
        assert_eq!(ender.join().unwrap(), Shutdown::Terminated);
        assert_eq!((ran.get(), workers(&pool)), (8, 0));
    }
}
