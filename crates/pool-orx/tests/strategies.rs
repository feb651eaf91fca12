//! orx-parallel's iterators on every strategy.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use orx_parallel::*;
use pool_bounded::{Bounded, BoundedPool};
use pool_core::{Pool, PoolExt, Scaling, current};
use pool_fair::FairPool;
use pool_mpsc::MpscPool;
use pool_orx::on;
use pool_priority::PriorityPool;
use pool_stealing::StealingPool;

fn pools(threads: usize) -> Vec<Arc<dyn Pool>> {
    vec![
        Arc::new(StealingPool::builder().threads(threads).build().unwrap()),
        Arc::new(MpscPool::builder().threads(threads).build().unwrap()),
        // Less room than jobs.
        Arc::new(BoundedPool::with(Bounded::new(1)).threads(threads).build().unwrap()),
        Arc::new(PriorityPool::builder().threads(threads).build().unwrap()),
        Arc::new(FairPool::builder().threads(threads).build().unwrap()),
    ]
}

#[test]
fn results_are_those_of_an_iterator() {
    let numbers: Vec<u64> = (0..10_000).collect();
    for pool in pools(3) {
        let even: Vec<u64> = numbers.par().runner(on(&*pool)).map(|n| n * 3).filter(|n| n % 2 == 0).collect();
        assert!(even.into_iter().eq((0..10_000).map(|n| n * 3).filter(|n| n % 2 == 0)), "{}", pool.name());
        assert_eq!(numbers.par().runner(on(&*pool)).map(|n| *n).sum::<u64>(), 9_999 * 5_000);
        assert_eq!(numbers.par().runner(on(&*pool)).map(|n| *n).max(), Some(9_999));
        let owned: Vec<String> = (0..100).into_par().runner(on(&*pool)).map(|n| n.to_string()).collect();
        assert!(owned.into_iter().eq((0..100).map(|n| n.to_string())));
    }
}

#[test]
fn it_runs_on_the_workers_of_the_pool() {
    for pool in pools(2) {
        let strangers = AtomicUsize::new(0);
        (0..1000).into_par().runner(on(&*pool)).for_each(|_| {
            if current().is_none_or(|worker| worker.pool != pool.id()) {
                strangers.fetch_add(1, SeqCst);
            }
        });
        assert_eq!(strangers.into_inner(), 0, "{}", pool.name());
    }
}

#[test]
fn computations_nest_without_a_deadlock() {
    for pool in pools(1).into_iter().chain(pools(2)) {
        let inner = |row: usize| (0..row).into_par().runner(on(&*pool)).map(|n| n + 1).sum::<usize>();
        let outer = || (0..40).into_par().runner(on(&*pool)).map(inner).sum::<usize>();
        let expected = (0..40).map(|row| row * (row + 1) / 2).sum::<usize>();
        assert_eq!((outer(), pool.install(outer)), (expected, expected), "{}", pool.name());
    }
}

#[test]
fn a_panic_comes_out_and_the_pool_goes_on() {
    for pool in pools(2) {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            (0..100).into_par().runner(on(&*pool)).for_each(|n| {
                if n == 50 {
                    std::panic::resume_unwind(Box::new(n));
                }
            });
        }));
        assert!(outcome.is_err());
        assert_eq!((0..100).into_par().runner(on(&*pool)).map(|n| n).sum::<usize>(), 4950);
    }
}

#[test]
fn a_pool_without_workers_at_rest_will_do() {
    let pool = MpscPool::builder().scaling(Scaling::between(0, 2)).build().unwrap();
    assert_eq!((0..100).into_par().runner(on(&pool)).map(|n| n).sum::<usize>(), 4950);
}
