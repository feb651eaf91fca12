//! Jobs are conserved: each is counted once, by what became of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use pool_core::{Pool, PoolExt};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug, mailbox, panic_on_purpose};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("counting", outcomes_add_up_at_rest)
            .needs(&[Claim::Counts, Claim::WaitIdle, Claim::Panics])
            .submits(30),
        case!("counting", queued_is_what_draining_finds)
            .needs(&[Claim::Counts, Claim::ShutdownNow])
            .queues(10),
        case!("counting", a_queued_job_and_a_running_one_are_told_apart).needs(&[Claim::Counts]).queues(5),
        case!("counting", submitted_is_never_less_than_what_is_accounted_for)
            .needs(&[Claim::Counts, Claim::WaitIdle])
            .submits(2000),
        case!("counting", halves_of_a_join_and_installs_are_no_jobs).needs(&[Claim::Counts, Claim::WaitIdle]),
        case!("counting", scoped_jobs_count_once_each).needs(&[Claim::Counts, Claim::WaitIdle]).submits(100),
        case!("counting", a_job_that_its_waiter_ran_counts_once)
            .needs(&[Claim::Counts, Claim::WaitIdle, Claim::NestedWaits])
            .submits(20),
        case!("counting", workers_counts_add_up_to_the_pools)
            .needs(&[Claim::Counts, Claim::WaitIdle, Claim::Limit, Claim::TakesAll])
            .submits(200),
        case!("counting", the_longest_queue_is_seen).needs(&[Claim::Counts]).queues(10),
        case!("counting", whoever_has_the_result_finds_the_job_counted).needs(&[Claim::Counts]).submits(1),
        case!("counting", an_idle_pool_is_at_rest).needs(&[Claim::WaitIdle]),
        case!("counting", wait_idle_gives_up_at_its_limit).needs(&[Claim::WaitIdle]),
        case!("counting", several_wait_for_rest_at_once).needs(&[Claim::WaitIdle]).queues(2),
        case!("counting", a_job_does_not_wait_for_its_own_rest).needs(&[Claim::WaitIdle]),
        case!("counting", rest_comes_after_claimed_cancelled_and_scoped_jobs)
            .needs(&[Claim::WaitIdle, Claim::NestedWaits])
            .submits(50),
    ]
}

fn outcomes_add_up_at_rest(subject: &Subject) {
    let pool = subject.pool_of(2);
    for number in 0..30 {
        pool.execute(move || {
            if number % 3 == 0 {
                panic_on_purpose();
            }
        })
        .unwrap();
    }
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.completed, counts.panicked), (30, 20, 10));
    assert_eq!((counts.accounted(), counts.queued, counts.running), (30, 0, 0));
}

fn queued_is_what_draining_finds(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let handles: Vec<_> = (0..5).map(|_| pool.spawn(|| ()).unwrap()).collect();
    (0..5).for_each(|_| pool.execute(|| ()).unwrap());
    assert!(handles[0].cancel());
    let before = pool.counts();
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let drained = ender.join().unwrap().len() as u64;
    assert_eq!(drained, 9, "every live job comes back, and no other");
    assert_eq!(before.queued, drained);
    assert_eq!(before.submitted, before.completed + before.cancelled + before.running + drained);
    let after = pool.counts();
    assert_eq!((after.discarded, after.cancelled, after.completed, after.queued), (9, 1, 1, 0));
    assert_eq!(after.accounted(), after.submitted);
}

fn a_queued_job_and_a_running_one_are_told_apart(subject: &Subject) {
    let pool = subject.pool_of(2);
    let plug = Plug::all(&pool);
    (0..5).for_each(|_| pool.execute(|| ()).unwrap());
    let counts = pool.counts();
    assert_eq!((counts.running, counts.queued, counts.completed, counts.submitted), (2, 5, 0, 7));
    plug.pull();
}

fn submitted_is_never_less_than_what_is_accounted_for(subject: &Subject) {
    const EACH: u64 = 1000;
    let pool = subject.pool_of(2);
    let done = AtomicBool::new(false);
    thread::scope(|threads| {
        let observer = threads.spawn(|| {
            while !done.load(SeqCst) {
                let counts = pool.counts();
                let ended = counts.completed + counts.cancelled;
                // `queued` and `running` are differences; had one of them gone below zero, it would be huge.
                let under_way = counts.queued.saturating_add(counts.running);
                assert!(counts.submitted >= ended.saturating_add(under_way), "{counts:?}");
            }
        });
        let submitters = [0, 1].map(|which| {
            let pool = &pool;
            threads.spawn(move || {
                for number in 0..EACH {
                    if (number + which) % 2 == 0 {
                        pool.execute(|| ()).unwrap();
                    } else {
                        pool.spawn(|| ()).unwrap().cancel();
                    }
                }
            })
        });
        submitters.into_iter().for_each(|submitter| submitter.join().unwrap());
        assert!(pool.wait_idle(None));
        done.store(true, SeqCst);
        observer.join().unwrap();
    });
    let counts = pool.counts();
    assert_eq!(counts.submitted, 2 * EACH);
    assert_eq!(counts.completed + counts.cancelled, 2 * EACH, "{counts:?}");
}

fn halves_of_a_join_and_installs_are_no_jobs(subject: &Subject) {
    let pool = subject.pool_of(2);
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
    assert_eq!(pool.install(|| 3), 3);
    assert!(pool.wait_idle(None));
    assert_eq!((pool.counts().submitted, pool.counts().accounted()), (0, 0));
}

fn scoped_jobs_count_once_each(subject: &Subject) {
    let pool = subject.pool_of(2);
    pool.scope(|scope| {
        (0..50).for_each(|_| scope.execute(|| ()));
        let handles: Vec<_> = (0..50).map(|_| scope.spawn(|| ())).collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    });
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.completed, counts.accounted()), (100, 100, 100));
}

fn a_job_that_its_waiter_ran_counts_once(subject: &Subject) {
    let pool = subject.pool_of(1);
    for _ in 0..10 {
        let inner = pool.clone();
        pool.spawn(move || inner.spawn(|| ()).unwrap().join().unwrap()).unwrap().join().unwrap();
    }
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.completed, counts.accounted()), (20, 20, 20));
}

fn workers_counts_add_up_to_the_pools(subject: &Subject) {
    let pool = subject.pool_of(3);
    for number in 0..200 {
        pool.execute(move || {
            if number % 4 == 0 {
                panic_on_purpose();
            }
        })
        .unwrap();
    }
    assert!(pool.wait_idle(None));
    let stats = pool.stats();
    assert_eq!(stats.workers.len(), 3);
    assert_eq!(stats.workers.iter().map(|worker| worker.jobs()).sum::<u64>(), 200);
    assert_eq!(stats.workers.iter().map(|worker| worker.panicked).sum::<u64>(), 50);
    assert_eq!((stats.counts.completed, stats.counts.panicked), (150, 50));
}

fn the_longest_queue_is_seen(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    (0..10).for_each(|_| pool.execute(|| ()).unwrap());
    assert_eq!(pool.stats().longest_queue, 10);
    plug.pull();
}

fn whoever_has_the_result_finds_the_job_counted(subject: &Subject) {
    let pool = subject.pool_of(2);
    for number in 1..=500 {
        pool.spawn(|| ()).unwrap().join().unwrap();
        assert_eq!(pool.counts().completed, number);
    }
}

fn an_idle_pool_is_at_rest(subject: &Subject) {
    let pool = subject.pool_of(2);
    assert!(pool.wait_idle(None));
    assert!(pool.wait_idle(Some(std::time::Duration::ZERO)));
}

fn wait_idle_gives_up_at_its_limit(subject: &Subject) {
    let pool = subject.pool_of(2);
    let plug = Plug::some(&pool, 1);
    assert!(!pool.wait_idle(Some(std::time::Duration::ZERO)));
    assert!(!pool.wait_idle(Some(std::time::Duration::from_millis(1))));
    plug.pull();
    assert!(pool.wait_idle(None));
    assert!(pool.wait_idle(Some(std::time::Duration::MAX)));
}

fn several_wait_for_rest_at_once(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..50 {
        let latch = Latch::default();
        thread::scope(|threads| {
            for _ in 0..2 {
                let latch = latch.clone();
                pool.execute(move || latch.wait()).unwrap();
            }
            let waiters = [(); 3].map(|()| threads.spawn(|| pool.wait_idle(None)));
            latch.open();
            assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
        });
    }
    assert_eq!(pool.counts().completed, 100);
}

fn a_job_does_not_wait_for_its_own_rest(subject: &Subject) {
    let pool = subject.pool_of(1);
    let inner: Arc<dyn Pool> = pool.clone();
    assert!(!pool.spawn(move || inner.wait_idle(None)).unwrap().join().unwrap());
}

fn rest_comes_after_claimed_cancelled_and_scoped_jobs(subject: &Subject) {
    let pool = subject.pool_of(1);
    for _ in 0..50 {
        let inner = pool.clone();
        pool.execute(move || {
            let cancelled = inner.spawn(|| ()).unwrap();
            let claimed = inner.spawn(|| ()).unwrap();
            cancelled.cancel();
            claimed.join().unwrap();
            inner.scope(|scope| scope.execute(|| ()));
        })
        .unwrap();
        let (send, receive) = mailbox();
        thread::scope(|threads| {
            threads.spawn(|| send.send(pool.wait_idle(None)).unwrap());
        });
        assert_eq!(receive.recv(), Ok(true));
        let counts = pool.counts();
        assert_eq!((counts.accounted(), counts.queued, counts.running), (counts.submitted, 0, 0));
    }
}
