//! Waiting inside jobs never deadlocks within one pool, however deep it nests.

use std::cell::Cell;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pool_core::{Pool, PoolExt};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug};
use crate::{Claim, Setup, Subject};

/// How deep submit-and-wait is nested.
const DEPTH: usize = 1000;
/// Enough for it in a build without optimisation, where each level takes about 3 KiB.
const STACK: usize = 8 << 20;

pub(super) fn cases() -> Vec<Case> {
    use Claim::{NestedForks, NestedWaits};
    vec![
        case!("waiting", submit_and_wait_nests_1000_deep_in_one_worker).needs(&[NestedWaits]).submits(DEPTH),
        case!("waiting", submit_and_wait_nests_1000_deep_in_two_workers).needs(&[NestedWaits]).submits(DEPTH),
        case!("waiting", a_tree_of_waits_completes).needs(&[NestedWaits]).submits(2000),
        case!("waiting", a_waiter_runs_the_job_itself_when_nobody_has_started_it)
            .needs(&[NestedWaits])
            .submits(2),
        case!("waiting", a_waiter_never_runs_a_stranger).needs(&[NestedWaits]).queues(3),
        case!("waiting", jobs_may_be_joined_in_any_order).needs(&[NestedWaits]).submits(100),
        case!("waiting", waits_scopes_and_joins_nest_in_each_other)
            .needs(&[NestedWaits, NestedForks])
            .submits(500),
        case!("waiting", across_two_pools).submits(2),
        case!("waiting", across_two_pools_with_nested_waits).needs(&[NestedWaits, NestedForks]).submits(20),
        case!("waiting", from_many_threads_for_one_pool).needs(&[NestedWaits]).submits(2000),
    ]
}

fn descend(pool: &Arc<dyn Pool>, depth: usize) -> usize {
    if depth == 0 {
        return 0;
    }
    let inner = pool.clone();
    pool.spawn(move || descend(&inner, depth - 1)).unwrap().join().unwrap() + 1
}

fn submit_and_wait_nests_1000_deep_in_one_worker(subject: &Subject) {
    let pool = subject.build(Setup::threads(1).stack_size(STACK));
    assert_eq!(descend(&pool, DEPTH), DEPTH);
}

fn submit_and_wait_nests_1000_deep_in_two_workers(subject: &Subject) {
    let pool = subject.build(Setup::threads(2).stack_size(STACK));
    assert_eq!(descend(&pool, DEPTH), DEPTH);
}

fn tree(pool: &Arc<dyn Pool>, depth: usize) -> u64 {
    if depth == 0 {
        return 1;
    }
    let handles = [(); 2].map(|()| {
        let inner = pool.clone();
        pool.spawn(move || tree(&inner, depth - 1)).unwrap()
    });
    handles.into_iter().map(|handle| handle.join().unwrap()).sum()
}

fn a_tree_of_waits_completes(subject: &Subject) {
    for threads in 1..=3 {
        let pool = subject.pool_of(threads);
        assert_eq!(tree(&pool, 9), 512);
    }
}

fn a_waiter_runs_the_job_itself_when_nobody_has_started_it(subject: &Subject) {
    let pool = subject.pool_of(1);
    let inner = pool.clone();
    let same = pool
        .spawn(move || {
            let here = thread::current().id();
            inner.spawn(move || thread::current().id() == here).unwrap().join().unwrap()
        })
        .unwrap();
    assert!(same.join().unwrap());
}

/// The waiter's job is under way on the other worker, and strangers are queued: they wait, too.
fn a_waiter_never_runs_a_stranger(subject: &Subject) {
    thread_local! {
        static WAITS: Cell<bool> = const { Cell::new(false) };
    }
    let pool = subject.pool_of(2);
    let (started, waits, go) = (Latch::default(), Latch::default(), Latch::default());
    let (starts, goes) = (started.clone(), go.clone());
    let slow = pool
        .spawn(move || {
            starts.open();
            goes.wait();
        })
        .unwrap();
    started.wait();
    let waiting = waits.clone();
    let waiter = pool
        .spawn(move || {
            WAITS.set(true);
            waiting.open();
            slow.join().unwrap();
            WAITS.set(false);
        })
        .unwrap();
    waits.wait();
    let mut strangers: Vec<_> = (0..3).map(|_| pool.spawn(|| WAITS.get()).unwrap()).collect();
    // A pool that does it wrong has a few milliseconds to be caught.
    let last = strangers.pop().expect("three were submitted");
    let last = last.join_timeout(Duration::from_millis(5)).expect_err("both workers are held");
    go.open();
    waiter.join().unwrap();
    strangers.push(last);
    assert!(strangers.into_iter().all(|stranger| !stranger.join().unwrap()), "a waiter ran a stranger");
}

fn jobs_may_be_joined_in_any_order(subject: &Subject) {
    let pool = subject.pool_of(2);
    let inner = pool.clone();
    let sum = pool.spawn(move || {
        let mut handles: Vec<_> = (0..100).map(|number| inner.spawn(move || number).unwrap()).collect();
        let mut sum = 0;
        while !handles.is_empty() {
            let last = handles.swap_remove(handles.len() / 2);
            sum += last.join().unwrap();
        }
        sum
    });
    assert_eq!(sum.unwrap().join().unwrap(), 4950);
}

fn waits_scopes_and_joins_nest_in_each_other(subject: &Subject) {
    fn count(pool: &Arc<dyn Pool>, depth: usize) -> u64 {
        if depth == 0 {
            return 1;
        }
        let inner = pool.clone();
        let handle = pool.spawn(move || count(&inner, depth - 1)).unwrap();
        let (left, right) = pool.join(|| count(pool, depth - 1), || count(pool, depth - 1));
        let scoped = pool.scope(|scope| {
            let handle = scope.spawn(|| count(pool, depth - 1));
            handle.join().unwrap()
        });
        left + right + scoped + handle.join().unwrap()
    }
    for threads in 1..=2 {
        let pool = subject.build(Setup::threads(threads).stack_size(STACK));
        let inner = pool.clone();
        assert_eq!(pool.spawn(move || count(&inner, 4)).unwrap().join().unwrap(), 256);
    }
}

fn across_two_pools(subject: &Subject) {
    let (first, second) = (subject.pool_of(1), subject.pool_of(1));
    for number in 0..100 {
        let other = second.clone();
        let handle = first.spawn(move || other.spawn(move || number).unwrap().join().unwrap() + 1).unwrap();
        assert_eq!(handle.join().unwrap(), number + 1);
    }
}

fn across_two_pools_with_nested_waits(subject: &Subject) {
    let (first, second) = (subject.pool_of(1), subject.pool_of(1));
    for _ in 0..20 {
        let other = second.clone();
        let sum = first.spawn(move || {
            let (a, b) = other.join(|| 1, || tree(&other, 3));
            a + b + other.scope(|scope| scope.spawn(|| tree(&other, 2)).join().unwrap())
        });
        assert_eq!(sum.unwrap().join().unwrap(), 13);
    }
}

fn from_many_threads_for_one_pool(subject: &Subject) {
    let pool = subject.pool_of(2);
    thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| assert_eq!(tree(&pool, 8), 256));
        }
    });
    // A plug still finds both workers: none has been lost to a wait.
    Plug::all(&pool).pull();
}
