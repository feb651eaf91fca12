//! What happens before a submission happens before the job, and what the job does happens before whoever has waited.
//!
//! All accesses are relaxed, so nothing but the pool's own synchronisation orders them. On a machine that orders
//! stores anyway, a race detector has to be the judge (the suite runs under ThreadSanitizer).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use pool_core::PoolExt;

use crate::case::{Case, case};
use crate::{Claim, Subject};

const ROUNDS: u64 = 200;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("visibility", jobs_see_what_came_before_them_and_joiners_what_they_did).submits(1),
        case!("visibility", a_scope_passes_on_what_its_jobs_did).submits(4),
        case!("visibility", both_halves_of_a_join_are_seen_after_it),
        case!("visibility", shutdown_returns_after_everything_that_jobs_did)
            .needs(&[Claim::Shutdown])
            .submits(ROUNDS as usize),
        case!("visibility", wait_idle_returns_after_everything_that_jobs_did)
            .needs(&[Claim::WaitIdle])
            .submits(4),
    ]
}

fn jobs_see_what_came_before_them_and_joiners_what_they_did(subject: &Subject) {
    let pool = subject.pool_of(2);
    let cell = Arc::new(AtomicU64::new(0));
    for round in 0..ROUNDS {
        cell.store(2 * round, Relaxed);
        let inside = cell.clone();
        let seen = pool.spawn(move || inside.swap(2 * round + 1, Relaxed)).unwrap().join().unwrap();
        assert_eq!(seen, 2 * round, "the job sees what its submitter wrote");
        assert_eq!(cell.load(Relaxed), 2 * round + 1, "the joiner sees what the job wrote");
    }
}

fn a_scope_passes_on_what_its_jobs_did(subject: &Subject) {
    let pool = subject.pool_of(2);
    for round in 0..ROUNDS {
        let cells = [const { AtomicU64::new(0) }; 4];
        for cell in &cells {
            cell.store(round, Relaxed);
        }
        pool.scope(|scope| {
            for cell in &cells {
                scope.execute(|| cell.store(cell.load(Relaxed) + 1, Relaxed));
            }
        });
        assert_eq!(cells.map(AtomicU64::into_inner), [round + 1; 4]);
    }
}

fn both_halves_of_a_join_are_seen_after_it(subject: &Subject) {
    let pool = subject.pool_of(2);
    for round in 0..ROUNDS {
        let (left, right) = (AtomicU64::new(round), AtomicU64::new(round));
        let bump = |cell: &AtomicU64| cell.store(cell.load(Relaxed) + 1, Relaxed);
        pool.join(|| bump(&left), || bump(&right));
        assert_eq!((left.into_inner(), right.into_inner()), (round + 1, round + 1));
    }
}

fn shutdown_returns_after_everything_that_jobs_did(subject: &Subject) {
    let pool = subject.pool_of(2);
    let cells: Arc<Vec<AtomicU64>> = Arc::new((0..ROUNDS).map(AtomicU64::new).collect());
    for index in 0..ROUNDS as usize {
        let cells = cells.clone();
        pool.execute(move || cells[index].store(cells[index].load(Relaxed) + 1, Relaxed)).unwrap();
    }
    let _ = pool.shutdown();
    assert!(cells.iter().map(|cell| cell.load(Relaxed)).eq(1..=ROUNDS));
}

fn wait_idle_returns_after_everything_that_jobs_did(subject: &Subject) {
    let pool = subject.pool_of(2);
    let cells: Arc<[AtomicU64; 4]> = Arc::default();
    for round in 1..=ROUNDS {
        for index in 0..4 {
            let cells = cells.clone();
            pool.execute(move || cells[index].store(cells[index].load(Relaxed) + 1, Relaxed)).unwrap();
        }
        assert!(pool.wait_idle(None));
        assert!(cells.iter().all(|cell| cell.load(Relaxed) == round));
    }
}
