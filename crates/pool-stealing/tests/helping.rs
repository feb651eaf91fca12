//! Workers that help while they wait: what would never end if a waiter ran its own work alone.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use pool_core::{Attributes, Helping, JobOrder, JoinError, JoinSet, Reason, help_one, help_own, join_any};
use pool_stealing::StealingPool;

/// Turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

fn helping(threads: usize) -> StealingPool {
    StealingPool::builder().threads(threads).helping(Helping::Any).build().unwrap()
}

#[test]
fn a_first_half_that_helps_runs_its_second_half() {
    let pool = helping(1);
    let second = AtomicBool::new(false);
    let first = || {
        let mut helped = 0;
        while !second.load(SeqCst) {
            helped += usize::from(help_own());
        }
        helped
    };
    assert_eq!(pool.join(first, || second.store(true, SeqCst)), (1, ()));
}

/// Three forks lie below each other, and the innermost half takes them, the oldest first.
#[test]
fn a_worker_takes_all_its_own_forks() {
    let pool = helping(1);
    let order = std::sync::Mutex::new(Vec::new());
    let note = |name| order.lock().unwrap().push(name);
    let innermost = || while help_own() {};
    pool.join(|| pool.join(|| pool.join(innermost, || note(3)), || note(2)), || note(1));
    assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
}

#[test]
fn without_anything_to_do_there_is_no_help() {
    let pool = helping(1);
    assert!(!help_one() && !help_own(), "a thread of no pool");
    assert_eq!(
        pool.join(|| [(); 3].map(|()| help_one()), || ()).0,
        [true, false, false],
        "the second half alone"
    );
    assert!(!pool.install(help_one));
}

/// Also in a pool whose workers do not help by themselves.
#[test]
fn a_job_may_ask_to_help() {
    let pool = StealingPool::builder().threads(1).build().unwrap();
    let (send, receive) = channel();
    let ran = pool.install(|| {
        pool.execute(move || send.send(7).unwrap()).unwrap();
        help_one()
    });
    assert!(ran);
    assert_eq!(receive.try_recv(), Ok(7));
}

/// The second half waits for a job that its owner has spawned, and the owner waits for the second half.
#[test]
fn the_owner_of_a_stolen_half_runs_what_the_thief_waits_for() {
    let pool = helping(2);
    for _ in 0..200 {
        let both = Barrier::new(2);
        let (send, receive) = channel();
        let (both, pool) = (&both, &pool);
        let first = move || {
            pool.execute(move || send.send(()).unwrap()).unwrap();
            both.wait();
        };
        let second = move || {
            both.wait();
            receive.recv().unwrap();
        };
        pool.join(first, second);
    }
}

#[test]
fn the_halves_of_a_join_may_broadcast() {
    let pool = helping(2);
    let ran = AtomicUsize::new(0);
    for _ in 0..200 {
        let both = Barrier::new(2);
        let broadcast = || {
            both.wait();
            pool.broadcast(|_| ran.fetch_add(1, SeqCst)).unwrap();
        };
        pool.join(broadcast, broadcast);
    }
    assert_eq!(ran.into_inner(), 800);
}

#[test]
fn a_worker_that_waits_in_another_pool_runs_jobs_of_its_own() {
    let (here, there) = (helping(1), helping(1));
    for _ in 0..200 {
        assert_eq!(here.install(|| there.install(|| here.install(|| there.install(|| 3)))), 3);
    }
}

/// Each wait is for a job of another pool, which waits for one of this pool's only worker.
#[test]
fn a_worker_that_waits_for_a_group_or_for_a_job_with_a_deadline_helps() {
    let (here, there) = (Arc::new(helping(1)), helping(1));
    let there_and_back = |attributes: Attributes| {
        let here = here.clone();
        there.spawn_with(attributes, move || here.spawn(|| 7).unwrap().join().unwrap()).unwrap()
    };
    let soon = || Attributes::new().start_within(Duration::from_secs(3600));
    here.install(|| {
        for attributes in [Attributes::new, soon] {
            let mut set = JoinSet::new();
            set.extend([there_and_back(attributes()), there_and_back(attributes())]);
            assert_eq!([(); 2].map(|()| set.join_next().unwrap().unwrap()), [7, 7]);
            let (_, first, rest) = join_any([there_and_back(attributes())]).unwrap();
            assert_eq!((first.unwrap(), rest.len()), (7, 0));
            assert_eq!(there_and_back(attributes()).join().unwrap(), 7);
        }
    });
}

/// Nothing wakes the worker but the clock.
#[test]
fn a_worker_that_helps_gives_up_a_job_that_does_not_start_in_time() {
    let (here, there) = (helping(1), helping(1));
    let (release, released) = channel::<()>();
    let busy = there.spawn(move || released.recv()).unwrap();
    let late = || Attributes::new().start_within(Duration::from_millis(5));
    here.install(|| {
        let unrun = there.spawn_with(late(), || ()).unwrap();
        assert!(matches!(unrun.join(), Err(JoinError::Unrun(Reason::Expired))));
        let mut set = JoinSet::new();
        set.push(there.spawn_with(late(), || ()).unwrap());
        assert!(matches!(set.join_next(), Some(Err(JoinError::Unrun(Reason::Expired)))));
    });
    drop(release);
    assert!(busy.join().unwrap().is_err());
}

/// The owner has nothing to do when the job is pushed: it sleeps, and the push wakes it.
#[test]
fn a_push_wakes_a_worker_that_sleeps_in_a_join() {
    let pool = helping(2);
    for _ in 0..200 {
        let both = Barrier::new(2);
        let (send, receive) = channel();
        let (both, pool) = (&both, &pool);
        let first = || {
            both.wait();
        };
        let second = move || {
            both.wait();
            pool.execute(move || send.send(()).unwrap()).unwrap();
            receive.recv().unwrap();
        };
        pool.join(first, second);
    }
}

#[test]
fn a_scope_that_waits_leaves_no_worker_idle() {
    let pool = helping(2);
    for _ in 0..200 {
        let both = Barrier::new(2);
        // The owner's worker is needed for the second of two jobs that wait for each other.
        pool.install(|| {
            pool.scope(|scope| {
                scope.execute(|| {
                    let meet = || {
                        both.wait();
                    };
                    pool.join(meet, meet);
                });
            });
        });
    }
}

/// The push that wakes the owner of a scope has it search for the others. It finds a job of its scope, which waits for one that comes
/// when the other workers sleep.
#[test]
fn a_worker_that_was_woken_for_its_scope_leaves_the_search_to_others() {
    let pool = &helping(3);
    for _ in 0..50 {
        let (started, has_started) = channel();
        let (release, released) = channel::<()>();
        let (send, receive) = channel();
        let busy = pool.spawn(move || released.recv()).unwrap();
        std::thread::scope(|threads| {
            threads.spawn(move || {
                let both = Barrier::new(2);
                pool.install(|| {
                    pool.shared_scope(JobOrder::NewestFirst, |scope| {
                        let both = &both;
                        scope.execute(move |scope| {
                            both.wait();
                            // The owner may sleep by now, or not.
                            (0..100).for_each(|_| std::thread::yield_now());
                            scope.execute(move |_| {
                                both.wait();
                                started.send(parks(pool)).unwrap();
                                receive.recv_timeout(DEADLINE).unwrap();
                            });
                            both.wait();
                        });
                        both.wait();
                    });
                });
            });
            let before: u64 = has_started.recv().unwrap();
            drop(release);
            assert!(busy.join().unwrap().is_err());
            // That of the scope's first job, and the one that was busy.
            while parks(pool) < before + 1 {
                std::thread::yield_now();
            }
            pool.execute(move || send.send(()).unwrap()).unwrap();
        });
    }
}

/// How often workers have parked that had nothing to do.
/// A worker that helps in a job of a scope runs a second one of it, which waits for what the other worker is to run.
#[test]
fn a_worker_with_two_tickets_of_a_scope_counts_once() {
    for setting in [Helping::Own, Helping::Any] {
        let pool = &StealingPool::builder().threads(2).helping(setting).build().unwrap();
        let (release, released) = channel::<()>();
        let (is_busy, busy) = channel();
        let held = pool.spawn(move || {
            is_busy.send(()).unwrap();
            released.recv().unwrap();
        });
        busy.recv().unwrap();
        let (started, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
        let job = || {
            if started.fetch_add(1, SeqCst) == 0 {
                while !ended.load(SeqCst) {
                    help_one();
                }
                return;
            }
            let (tells, told) = channel();
            pool.scope(|scope| {
                scope.execute(move || tells.send(()).unwrap());
                release.send(()).unwrap();
                told.recv_timeout(DEADLINE).expect("the other worker is there for it");
            });
            ended.store(true, SeqCst);
        };
        let job = &job;
        pool.scope(|scope| (0..2).for_each(|_| scope.execute(job)));
        held.unwrap().join().unwrap();
    }
}

fn parks(pool: &StealingPool) -> u64 {
    pool.stats().workers.iter().map(|worker| worker.parks).sum()
}

#[test]
fn what_a_helper_runs_may_panic() {
    let pool = helping(1);
    let (_, ran) = pool.install(|| {
        pool.execute(|| panic!("of a job that is nobody's")).unwrap();
        pool.join(|| (), help_one)
    });
    assert!(ran);
    assert_eq!(pool.counts().panicked, 1);
}

#[test]
fn a_pause_holds_helpers_back_and_its_end_does_not_forget_them() {
    let pool = helping(2);
    for _ in 0..50 {
        let (both, (send, receive)) = (Barrier::new(2), channel());
        pool.pause().unwrap();
        pool.resume().unwrap();
        let (pool, both) = (&pool, &both);
        pool.join(
            move || {
                both.wait();
            },
            move || {
                pool.pause().unwrap();
                pool.execute(move || send.send(()).unwrap()).unwrap();
                both.wait();
                pool.resume().unwrap();
                receive.recv().unwrap();
            },
        );
    }
}

/// Random trees of everything that waits, on a pool that others use at the same time.
#[test]
fn waits_of_all_kinds_lie_on_each_other() {
    fn tree(pool: &StealingPool, depth: u32) -> u64 {
        if depth == 0 {
            return 1;
        }
        match depth % 3 {
            0 => {
                let (left, right) = pool.join(|| tree(pool, depth - 1), || tree(pool, depth - 1));
                left + right
            }
            1 => {
                let sum = AtomicUsize::new(0);
                pool.scope(|scope| {
                    for _ in 0..2 {
                        scope.execute(|| {
                            sum.fetch_add(tree(pool, depth - 1) as usize, SeqCst);
                        });
                    }
                });
                sum.into_inner() as u64
            }
            _ => {
                let items = [depth - 1, depth - 1];
                pool.map(&items, |depth| tree(pool, *depth)).into_iter().sum()
            }
        }
    }
    let pool = helping(3);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| (0..20).for_each(|_| assert_eq!(tree(&pool, 9), 512)));
        }
    });
    let counts = pool.counts();
    assert_eq!(counts.running + counts.queued, 0, "{counts:?}");
}
