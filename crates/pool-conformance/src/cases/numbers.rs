//! Which numbers the workers have, whatever makes them come and go, and which of them gets the jobs of a key.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use pool_core::{Attributes, Pool, PoolExt, Scaling, block_in_place, current};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug, SharedCount, until};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, Lifecycle, Parallel, WaitIdle, Workforce};
    vec![
        case!("numbers", after_a_resize_they_begin_at_0_again).needs(&[Workforce, Lifecycle]),
        case!("numbers", a_busy_worker_with_a_high_number_leaves_after_its_job)
            .needs(&[Workforce, Lifecycle]),
        case!("numbers", one_that_stands_in_leaves).needs(&[Workforce, Lifecycle]),
        case!("numbers", one_that_stands_in_for_an_overdue_one_leaves)
            .needs(&[Workforce, Lifecycle, Hooks, Claim::Limit])
            .queues(1),
        case!("numbers", after_scaling_they_begin_at_0_again)
            .needs(&[Workforce, Lifecycle, Parallel])
            .queues(1),
        case!("numbers", a_slot_is_waited_for_until_it_is_free).needs(&[Workforce, Lifecycle, Hooks]),
        case!("numbers", a_key_has_one_worker).needs(&[Workforce, Lifecycle, WaitIdle]),
        case!("numbers", the_jobs_of_a_key_run_in_order).needs(&[Lifecycle, WaitIdle]),
        case!("numbers", no_key_is_rejected_during_a_resize).needs(&[Workforce, Lifecycle, Counts, WaitIdle]),
    ]
}

fn up_to(threads: usize, max: usize) -> Setup {
    Setup { max_threads: Some(max), ..Setup::threads(threads) }
}

/// Waits until the pool has these workers and no others, and work for each is taken.
fn settle(pool: &Arc<dyn Pool>, threads: usize) {
    until(|| pool.stats().worker_counts.now == threads && pool.present_workers().into_iter().eq(0..threads));
    assert_eq!(pool.threads(), threads);
    for key in 0..2 * threads {
        let worker = key % pool.threads();
        let ran_on = pool.spawn_on(worker, || current().map(|current| current.index)).unwrap();
        assert_eq!(ran_on.join().unwrap(), Some(worker));
    }
}

/// Keeps this worker busy until the latch is opened. Returns when it is.
fn hold(pool: &Arc<dyn Pool>, worker: usize, block: bool) -> Latch {
    let (started, go) = (Latch::default(), Latch::default());
    let (starts, goes) = (started.clone(), go.clone());
    let wait = move || {
        starts.open();
        goes.wait();
    };
    pool.execute_on(worker, move || if block { block_in_place(wait) } else { wait() }).unwrap();
    started.wait();
    go
}

fn after_a_resize_they_begin_at_0_again(subject: &Subject) {
    let pool = subject.build(up_to(4, 4));
    for _ in 0..10 {
        for threads in [2, 4, 1, 3, 2, 3, 1, 4] {
            pool.resize(threads).unwrap();
            settle(&pool, threads);
        }
        // Without waiting for it.
        [1, 3, 2, 4, 2, 1, 4, 3, 4].into_iter().for_each(|threads| pool.resize(threads).unwrap());
        settle(&pool, 4);
    }
}

fn a_busy_worker_with_a_high_number_leaves_after_its_job(subject: &Subject) {
    let pool = subject.pool_of(4);
    let mut held: Vec<Latch> = (0..4).map(|worker| hold(&pool, worker, false)).collect();
    pool.resize(2).unwrap();
    // The others are the first to look up.
    held.drain(..2).for_each(|latch| latch.open());
    for worker in [0, 1, 0, 1] {
        pool.spawn_on(worker, || ()).unwrap().join().unwrap();
    }
    assert_eq!(pool.present_workers(), [0, 1, 2, 3]);
    held.into_iter().for_each(|latch| latch.open());
    settle(&pool, 2);
}

fn one_that_stands_in_leaves(subject: &Subject) {
    let pool = subject.build(Setup { spare_threads: 2, ..Setup::threads(2) });
    for worker in [0, 1, 0, 1] {
        let blocked = hold(&pool, worker, true);
        until(|| pool.present_workers() == [0, 1, 2]);
        blocked.open();
        settle(&pool, 2);
    }
    // More than one, and fewer are wanted meanwhile.
    let blocked = [hold(&pool, 0, true), hold(&pool, 1, true)];
    until(|| pool.present_workers() == [0, 1, 2, 3]);
    pool.resize(1).unwrap();
    until(|| pool.present_workers() == [0, 1, 2]);
    blocked.into_iter().for_each(|blocked| blocked.open());
    settle(&pool, 1);
}

/// Whichever was overdue.
fn one_that_stands_in_for_an_overdue_one_leaves(subject: &Subject) {
    let pool = subject.build(Setup { spare_threads: 1, ..Setup::threads(2) });
    for _ in 0..10 {
        let (started, go) = (Latch::default(), Latch::default());
        let (starts, goes) = (started.clone(), go.clone());
        let stuck = pool.spawn_with(Attributes::new().run_limit(Duration::from_millis(1)), move || {
            starts.open();
            goes.wait();
        });
        started.wait();
        until(|| pool.present_workers() == [0, 1, 2]);
        go.open();
        stuck.unwrap().join().unwrap();
        settle(&pool, 2);
    }
}

fn after_scaling_they_begin_at_0_again(subject: &Subject) {
    let rule = Scaling::between(1, 4).keep_alive(Duration::from_millis(1));
    let pool = subject.build(Setup { scaling: Some(rule), ..Setup::threads(1) });
    for _ in 0..10 {
        Plug::some(&pool, 4).pull();
        until(|| pool.stats().worker_counts.now == 1);
        assert_eq!(pool.present_workers(), [0]);
    }
}

/// Not another taken in its place, which would leave a gap.
fn a_slot_is_waited_for_until_it_is_free(subject: &Subject) {
    let (leaving, may_go) = (SharedCount::default(), Latch::default());
    let (leaves, goes) = (leaving.clone(), may_go.clone());
    let pool = subject.build(up_to(2, 3).on_stop(move |_| {
        leaves.add();
        goes.wait();
    }));
    pool.resize(1).unwrap();
    until(|| leaving.get() == 1);
    pool.resize(2).unwrap();
    for number in 0..20 {
        assert_eq!(pool.spawn(move || number).unwrap().join().unwrap(), number);
    }
    assert_eq!(pool.present_workers(), [0]);
    may_go.open();
    settle(&pool, 2);
}

fn a_key_has_one_worker(subject: &Subject) {
    let pool = subject.build(up_to(4, 4));
    for threads in [4, 2, 3, 1] {
        pool.resize(threads).unwrap();
        settle(&pool, threads);
        let (say, said) = channel();
        for key in (0..12).chain([u64::MAX, 0]) {
            let say = say.clone();
            pool.execute_keyed(key, move || say.send((key, current().unwrap().index)).unwrap()).unwrap();
        }
        assert!(pool.wait_idle(None));
        let right = |(key, worker): (u64, usize)| key % threads as u64 == worker as u64;
        assert_eq!(said.try_iter().filter(|ran| right(*ran)).count(), 14);
    }
}

fn the_jobs_of_a_key_run_in_order(subject: &Subject) {
    let pool = subject.pool_of(3);
    let (say, said) = channel();
    for number in 0..200_u64 {
        let say = say.clone();
        pool.execute_keyed(number % 5, move || say.send(number).unwrap()).unwrap();
    }
    assert!(pool.wait_idle(None));
    let ran: Vec<u64> = said.try_iter().collect();
    for key in 0..5 {
        let of_key = ran.iter().filter(|number| **number % 5 == key);
        assert!(of_key.copied().eq((0..200).filter(|number| number % 5 == key)), "{ran:?}");
    }
}

fn no_key_is_rejected_during_a_resize(subject: &Subject) {
    let pool = subject.build(up_to(4, 4));
    let ran = SharedCount::default();
    for key in 0..400 {
        if key % 4 == 0 {
            pool.resize(1 + (key / 4 * 7 % 4) as usize).unwrap();
        }
        let ran = ran.clone();
        pool.execute_keyed(key, move || ran.add()).unwrap();
    }
    assert!(pool.wait_idle(None));
    assert_eq!((ran.get(), pool.counts().rejected), (400, 0));
}
