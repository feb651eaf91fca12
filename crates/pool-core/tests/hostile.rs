//! Joins and scopes on a pool that answers with another job, whose destructor panics: what they lent to the
//! pool is settled all the same.

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;
#[path = "support/stub.rs"]
mod stub;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::{Arc, Mutex};

use pool_core::adapter::Recorder;
use pool_core::strategy::{install, join_claimable};
use pool_core::{Job, Pool, PoolExt, Reason, Rejected, ThreadPool};

use self::deque::{Deque, End};
use self::stub::Stub;

type Kept = Arc<Mutex<Vec<Job>>>;

/// A pool that keeps what it is given and hands back something else, and what it has kept.
fn hostile() -> (impl Pool, Kept) {
    let kept = Kept::default();
    let keeps = kept.clone();
    let pool = Stub::new("hostile", move |_: &Arc<Recorder>, job: Job| {
        keeps.lock().unwrap().push(job);
        let bomb = Bomb("the job that was handed back");
        Err(Rejected::new(Job::new(move || drop(bomb)), Reason::Full))
    });
    (pool, kept)
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_any(self.0);
    }
}

fn payload_of<R>(f: impl FnOnce() -> R) -> &'static str {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it should have panicked") };
    *payload.downcast().expect("a panic of this test's")
}

/// By now what the tickets once led to is gone, and they must not reach it.
fn run_what_was_kept(kept: &Kept) {
    let kept = std::mem::take(&mut *kept.lock().unwrap());
    assert!(!kept.is_empty());
    kept.into_iter().for_each(Job::run);
}

/// Lends a vector to the pool, to be written to once.
fn check_that_what_is_lent_is_settled<P: Pool, R>(
    (pool, kept): (P, Kept),
    lend: impl FnOnce(&P, &mut [u32; 1]) -> R,
) {
    let mut ran = Box::new([0]);
    assert_eq!(payload_of(|| lend(&pool, &mut ran)), "the job that was handed back");
    assert_eq!(*ran, [1]);
    drop(ran);
    run_what_was_kept(&kept);
}

#[test]
fn what_an_install_lends_is_settled_before_the_panic_goes_on() {
    check_that_what_is_lent_is_settled(hostile(), |pool, ran| install(pool, || ran[0] += 1));
}

#[test]
fn what_a_join_lends_is_settled_before_the_panic_goes_on() {
    check_that_what_is_lent_is_settled(hostile(), |pool, ran| join_claimable(pool, || (), || ran[0] += 1));
}

#[test]
fn what_a_scope_lends_is_settled_before_the_panic_goes_on() {
    let (pool, kept) = hostile();
    let mut ran = vec![0];
    // The ticket that was kept leads to the scope's jobs for as long as the scope waits for them.
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while kept.lock().unwrap().is_empty() {
                std::thread::yield_now();
            }
            run_what_was_kept(&kept);
        });
        let payload = payload_of(|| pool.scope(|scope| scope.execute(|| ran[0] += 1)));
        assert_eq!(payload, "the job that was handed back");
    });
    assert_eq!(ran, [1]);
}

/// A panic on its way must not meet another, which would abort: results that nobody gets are dropped before.
#[test]
fn a_result_that_nobody_gets_is_dropped_before_the_panic_goes_on() {
    let pool = ThreadPool::with(Deque::taking_from(End::Oldest)).threads(2).build().unwrap();
    let payload = payload_of(|| join_claimable(&pool, || Bomb("first"), || panic_any("second half")));
    assert_eq!(payload, "second half");
    let payload = payload_of(|| join_claimable(&pool, || panic_any("first half"), || Bomb("second")));
    assert_eq!(payload, "first half");
    let payload = payload_of(|| {
        pool.scope(|scope| {
            scope.execute(|| panic_any("a job of the scope"));
            Bomb("the scope's result")
        })
    });
    assert_eq!(payload, "a job of the scope");
}
