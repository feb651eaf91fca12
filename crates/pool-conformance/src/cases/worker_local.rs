//! A value for each worker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use pool_core::{Pool, PoolExt, current};

use crate::case::{Case, case};
use crate::subject::Setup;
use crate::tools::{SharedCount, panic_on_purpose};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("worker_local", nothing_is_lost_of_what_workers_add).submits(1),
        case!("worker_local", a_value_is_made_when_it_is_asked_for).submits(1),
        case!("worker_local", a_thread_outside_has_one).submits(0),
        case!("worker_local", inside_itself_it_gives_another).needs(&[Claim::NestedForks]).submits(1),
        case!("worker_local", a_panic_leaves_the_value).submits(0),
        case!("worker_local", each_worker_has_its_own_and_a_successor_goes_on_with_it)
            .needs(&[Claim::Workforce, Claim::Lifecycle]),
    ]
}

fn nothing_is_lost_of_what_workers_add(subject: &Subject) {
    let pool = subject.pool_of(2);
    let sums = pool.worker_local(|| 0_u64);
    let numbers: Vec<u64> = (0..1000).collect();
    pool.for_each(&numbers, |number| sums.with(|sum| *sum += number));
    assert_eq!(sums.into_iter().sum::<u64>(), 999 * 1000 / 2);
}

fn a_value_is_made_when_it_is_asked_for(subject: &Subject) {
    let pool = subject.pool_of(1);
    let made = SharedCount::default();
    let mut local = pool.worker_local(|| made.add_and_get());
    assert_eq!((made.get(), local.iter_mut().count()), (0, 0));
    pool.scope(|scope| {
        let handles: Vec<_> = (0..10).map(|_| scope.spawn(|| local.with(|value| *value))).collect();
        handles.into_iter().for_each(|handle| assert_eq!(handle.join().unwrap(), 1));
    });
    assert_eq!((made.get(), local.iter_mut().count()), (1, 1));
}

fn a_thread_outside_has_one(subject: &Subject) {
    let pool = subject.pool_of(1);
    let mut local = pool.worker_local(Vec::new);
    local.with(|list| list.push(1));
    thread::scope(|scope| {
        scope.spawn(|| local.with(|list| list.push(2)));
    });
    local.iter_mut().for_each(|list| list.push(3));
    assert_eq!(Vec::from_iter(local), [[1, 2, 3]]);
}

fn inside_itself_it_gives_another(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (made, local) = (SharedCount::default(), pool.worker_local(|| 0_u64));
    pool.install(|| {
        local.with(|outer| {
            *outer += 1;
            // This worker runs it, as it waits.
            pool.scope(|scope| {
                for _ in 0..10 {
                    scope.execute(|| {
                        made.add();
                        local.with(|inner| *inner += 1);
                    });
                }
            });
        })
    });
    let values = Vec::from_iter(local);
    assert_eq!((made.get(), values), (10, vec![1, 10]));
}

fn a_panic_leaves_the_value(subject: &Subject) {
    let pool = subject.pool_of(1);
    let local = pool.worker_local(|| 0);
    for is_nested in [false, true] {
        let throw = || {
            local.with(|value| {
                *value += 1;
                panic_on_purpose()
            })
        };
        let outcome =
            catch_unwind(AssertUnwindSafe(|| if is_nested { local.with(|_| throw()) } else { throw() }));
        assert!(outcome.is_err());
    }
    assert_eq!(Vec::from_iter(local), [1, 1]);
}

fn each_worker_has_its_own_and_a_successor_goes_on_with_it(subject: &Subject) {
    let pool = subject.build(Setup { max_threads: Some(2), ..Setup::threads(2) });
    let local = Arc::new(pool.worker_local(Vec::new));
    for _ in 0..2 {
        pool.broadcast(|worker| local.with(|seen| seen.push(worker))).unwrap();
        pool.resize(1).unwrap();
        pool.broadcast(|worker| assert_eq!(current().unwrap().index, worker)).unwrap();
        pool.resize(2).unwrap();
    }
    let local = Arc::into_inner(local).unwrap();
    let values: Vec<Vec<usize>> = local.into_iter().collect();
    assert!(
        values.len() <= 2 && values.iter().all(|seen| seen.iter().all(|worker| *worker == seen[0])),
        "{values:?}"
    );
    assert_eq!(values.iter().filter(|seen| seen[0] == 0).map(Vec::len).sum::<usize>(), 2);
}
