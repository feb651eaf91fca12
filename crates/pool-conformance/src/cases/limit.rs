//! A pool of N runs N jobs at once, and never more.

use std::sync::{Arc, Barrier};

use pool_core::{Pool, PoolExt};

use crate::case::{Case, case};
use crate::tools::SharedCount;
use crate::{Claim, Subject};

const WORKERS: usize = 3;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("limit", as_many_jobs_as_workers_run_at_once).needs(&[Claim::Parallel]).queues(WORKERS),
        case!("limit", as_many_scoped_jobs_as_workers_run_at_once).needs(&[Claim::Parallel]),
        case!("limit", both_halves_of_a_join_run_at_once).needs(&[Claim::Parallel]),
        case!("limit", never_more_jobs_run_at_once).needs(&[Claim::Limit]).submits(400),
        case!("limit", nested_waits_stay_within_it).needs(&[Claim::Limit, Claim::NestedWaits]).submits(1000),
        case!("limit", scopes_and_joins_from_outside_stay_within_it)
            .needs(&[Claim::Limit, Claim::NestedForks])
            .submits(400),
    ]
}

/// Counts who is inside, and notes when that were too many.
#[derive(Clone, Default)]
struct Room {
    inside: SharedCount,
    crowded: SharedCount,
}

impl Room {
    fn visit(&self) {
        if self.inside.add_and_get() > WORKERS {
            self.crowded.add();
        }
        // Gives others the chance to come in as well, if they may.
        std::thread::yield_now();
        self.inside.take_one();
    }

    fn assert_was_never_crowded(&self) {
        assert_eq!(self.crowded.get(), 0, "more than {WORKERS} jobs ran at once");
    }
}

fn as_many_jobs_as_workers_run_at_once(subject: &Subject) {
    let pool = subject.pool_of(WORKERS);
    for _ in 0..20 {
        let meet = Arc::new(Barrier::new(WORKERS));
        let handles: Vec<_> = (0..WORKERS)
            .map(|_| {
                let meet = meet.clone();
                pool.spawn(move || meet.wait().is_leader()).unwrap()
            })
            .collect();
        let leaders = handles.into_iter().map(|handle| handle.join().unwrap());
        assert_eq!(leaders.filter(|leader| *leader).count(), 1);
    }
}

fn as_many_scoped_jobs_as_workers_run_at_once(subject: &Subject) {
    let pool = subject.pool_of(WORKERS);
    for _ in 0..20 {
        let meet = Barrier::new(WORKERS);
        let leaders = SharedCount::default();
        pool.scope(|scope| {
            for _ in 0..WORKERS {
                scope.execute(|| {
                    if meet.wait().is_leader() {
                        leaders.add();
                    }
                });
            }
        });
        assert_eq!(leaders.get(), 1);
    }
}

fn both_halves_of_a_join_run_at_once(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..20 {
        let meet = Barrier::new(2);
        let (left, right) = pool.join(|| meet.wait().is_leader(), || meet.wait().is_leader());
        assert!(left != right);
    }
}

fn never_more_jobs_run_at_once(subject: &Subject) {
    let pool = subject.pool_of(WORKERS);
    let room = Room::default();
    let handles: Vec<_> = (0..400)
        .map(|_| {
            let room = room.clone();
            pool.spawn(move || room.visit()).unwrap()
        })
        .collect();
    handles.into_iter().for_each(|handle| handle.join().unwrap());
    room.assert_was_never_crowded();
}

fn nested_waits_stay_within_it(subject: &Subject) {
    fn descend(pool: &Arc<dyn Pool>, room: &Room, depth: usize) {
        room.visit();
        if depth > 0 {
            let handles: Vec<_> = (0..2)
                .map(|_| {
                    let (inner, room) = (pool.clone(), room.clone());
                    pool.spawn(move || descend(&inner, &room, depth - 1)).unwrap()
                })
                .collect();
            handles.into_iter().for_each(|handle| handle.join().unwrap());
        }
        room.visit();
    }
    let pool = subject.pool_of(WORKERS);
    let (room, inner) = (Room::default(), pool.clone());
    let visits = room.clone();
    pool.spawn(move || descend(&inner, &visits, 7)).unwrap().join().unwrap();
    room.assert_was_never_crowded();
}

fn scopes_and_joins_from_outside_stay_within_it(subject: &Subject) {
    fn fork(pool: &Arc<dyn Pool>, room: &Room, depth: usize) {
        room.visit();
        if depth > 0 {
            pool.join(|| fork(pool, room, depth - 1), || fork(pool, room, depth - 1));
        }
    }
    let pool = subject.pool_of(WORKERS);
    let room = Room::default();
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| pool.install(|| fork(&pool, &room, 5)));
            threads.spawn(|| {
                pool.scope(|scope| (0..100).for_each(|_| scope.execute(|| room.visit())));
            });
        }
    });
    room.assert_was_never_crowded();
}
