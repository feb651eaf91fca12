//! In which order a worker runs its own jobs, and what depth first is for: that few are queued.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use pool_core::{JobOrder, Scope};
use pool_stealing::{Stealing, StealingPool};

/// With one worker, so that there are no thieves.
fn pool(order: JobOrder) -> StealingPool {
    StealingPool::with(Stealing::default().order(order)).threads(1).build().unwrap()
}

/// Notes in which order jobs run.
#[derive(Default)]
struct Notes(Mutex<Vec<usize>>);

impl Notes {
    fn add(&self, n: usize) {
        self.0.lock().unwrap().push(n);
    }

    fn take(&self) -> Vec<usize> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn a_workers_own_jobs_run_the_newest_first_by_default() {
    let (notes, pool) =
        (Arc::new(Notes::default()), Arc::new(StealingPool::builder().threads(1).build().unwrap()));
    let (noted, spawner) = (notes.clone(), pool.clone());
    pool.execute(move || {
        for n in 0..3 {
            let (noted, below) = (noted.clone(), spawner.clone());
            let job = move || {
                noted.add(n);
                below.execute(move || noted.add(10 + n)).unwrap();
            };
            spawner.execute(job).unwrap();
        }
    })
    .unwrap();
    assert!(pool.wait_idle(None));
    assert_eq!(notes.take(), [2, 12, 1, 11, 0, 10]);
}

#[test]
fn a_scope_keeps_to_the_order_of_its_pool_unless_it_is_given_one() {
    let notes = &Notes::default();
    let (newest, oldest) = (pool(JobOrder::NewestFirst), pool(JobOrder::OldestFirst));
    newest.install(|| newest.scope(|scope| (0..3).for_each(|n| scope.execute(move || notes.add(n)))));
    assert_eq!(notes.take(), [2, 1, 0]);
    oldest.install(|| oldest.scope(|scope| (0..3).for_each(|n| scope.execute(move || notes.add(n)))));
    assert_eq!(notes.take(), [0, 1, 2]);
    newest.install(|| newest.scope_fifo(|scope| (0..3).for_each(|n| scope.execute(move || notes.add(n)))));
    assert_eq!(notes.take(), [0, 1, 2]);
}

/// How many jobs were queued at once.
#[derive(Default)]
struct Queued {
    now: AtomicUsize,
    most: AtomicUsize,
    ran: AtomicUsize,
}

/// Each job starts four.
fn grow<'scope>(scope: &'scope Scope<'scope, '_>, depth: usize, queued: &'scope Queued) {
    if depth == 0 {
        return;
    }
    for _ in 0..4 {
        let now = queued.now.fetch_add(1, SeqCst) + 1;
        queued.most.fetch_max(now, SeqCst);
        scope.execute(move || {
            queued.now.fetch_sub(1, SeqCst);
            queued.ran.fetch_add(1, SeqCst);
            grow(scope, depth - 1, queued);
        });
    }
}

#[test]
fn of_a_tree_of_jobs_a_few_for_each_level_are_queued() {
    const DEPTH: usize = 7;
    for (order, is_few) in [(JobOrder::NewestFirst, true), (JobOrder::OldestFirst, false)] {
        let (pool, queued) = (pool(order), Queued::default());
        pool.install(|| pool.scope(|scope| grow(scope, DEPTH, &queued)));
        assert_eq!(queued.ran.into_inner(), (4_usize.pow(DEPTH as u32 + 1) - 4) / 3);
        let most = queued.most.into_inner();
        assert_eq!(most <= 4 * DEPTH, is_few, "{order:?}: {most}");
    }
}

#[test]
fn scopes_that_have_ended_leave_nothing_behind_in_the_midst_of_a_job() {
    let pool = pool(JobOrder::NewestFirst);
    let held = pool.install(|| {
        for n in 0..1000 {
            pool.scope(|outer| {
                outer.execute(|| pool.scope(|inner| (0..n % 4).for_each(|_| inner.execute(|| ()))));
            });
        }
        // Whatever a scope shares holds the context.
        Arc::strong_count(pool.context())
    });
    assert!(held < 10, "{held} hold the pool's context");
}

#[test]
fn a_job_above_a_ticket_keeps_its_place() {
    let (pool, notes) = (Arc::new(pool(JobOrder::NewestFirst)), Arc::new(Notes::default()));
    let (inner, noted) = (pool.clone(), notes.clone());
    pool.execute(move || {
        let below = noted.clone();
        inner.execute(move || below.add(1)).unwrap();
        inner.scope(|scope| {
            scope.execute(|| {
                let above = noted.clone();
                inner.execute(move || above.add(2)).unwrap();
            })
        });
        noted.add(0);
    })
    .unwrap();
    assert!(pool.wait_idle(None));
    assert_eq!(notes.take(), [0, 2, 1]);
}

#[test]
fn thieves_and_owner_of_a_tree_share_it_and_lose_nothing() {
    let pool = StealingPool::builder().threads(4).build().unwrap();
    for depth in 1..=7 {
        let queued = Queued::default();
        pool.scope(|scope| grow(scope, depth, &queued));
        assert_eq!(queued.ran.into_inner(), (4_usize.pow(depth as u32 + 1) - 4) / 3);
    }
}
