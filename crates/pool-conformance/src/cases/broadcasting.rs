//! Broadcasts that borrow, and the many ways in which they may be disturbed.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;

use pool_core::{Pool, PoolExt, Reason, Shutdown, current};

use super::loss::doom;
use crate::case::{Case, case};
use crate::tools::{
    Latch, Recurring, SharedCount, mailbox, panic_on_purpose, shut_down_elsewhere, shut_down_now_elsewhere,
    until,
};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, Lifecycle, Parallel, Shutdown, ShutdownNow, WaitIdle, Workforce};
    vec![
        case!("broadcasting", every_worker_runs_its_part_once).needs(&[Lifecycle]),
        case!("broadcasting", workers_that_are_starting_have_a_part).needs(&[Lifecycle, Workforce]),
        case!("broadcasting", parts_and_results_borrow).needs(&[Lifecycle]),
        case!("broadcasting", a_part_waits_for_its_worker).needs(&[Lifecycle, Parallel]),
        case!("broadcasting", in_a_job_the_caller_runs_its_own_part).needs(&[Lifecycle]).submits(1),
        case!("broadcasting", jobs_that_broadcast_at_once_end).needs(&[Lifecycle, Parallel]),
        case!("broadcasting", pools_that_broadcast_to_each_other_end).needs(&[Lifecycle]),
        case!("broadcasting", parts_may_broadcast).needs(&[Lifecycle]),
        case!("broadcasting", the_first_panic_wins_and_nothing_is_leaked).needs(&[Lifecycle]),
        case!("broadcasting", parts_are_no_jobs).needs(&[Lifecycle, Counts, WaitIdle]),
        case!("broadcasting", a_pause_holds_the_parts).needs(&[Lifecycle]),
        case!("broadcasting", a_pool_that_has_ended_runs_none).needs(&[Lifecycle, Shutdown]),
        case!("broadcasting", a_shutdown_runs_the_parts).needs(&[Lifecycle, Shutdown]),
        case!("broadcasting", shutdown_now_takes_them_back).needs(&[Lifecycle, ShutdownNow]),
        case!("broadcasting", in_a_job_too).needs(&[Lifecycle, ShutdownNow]),
        case!("broadcasting", a_dead_worker_leaves_its_part_to_its_successor)
            .needs(&[Lifecycle, Hooks, Claim::Replacement])
            .submits(1),
        case!("broadcasting", workers_come_and_go_meanwhile)
            // The messages that resizes send take places in the queue.
            .needs(&[Lifecycle, Workforce, Claim::TakesAll]),
        case!("broadcasting", a_shutdown_at_any_moment_ends_it).needs(&[Lifecycle, Parallel, ShutdownNow]),
    ]
}

fn this_worker() -> usize {
    current().expect("a worker runs this").index
}

fn every_worker_runs_its_part_once(subject: &Subject) {
    for threads in 1..=3 {
        let pool = subject.pool_of(threads);
        for _ in 0..50 {
            let seen = pool.broadcast(|worker| (worker, this_worker(), thread::current().id())).unwrap();
            assert!(seen.iter().map(|seen| (seen.0, seen.1)).eq((0..threads).map(|index| (index, index))));
            let threads_seen: BTreeSet<_> = seen.iter().map(|seen| format!("{:?}", seen.2)).collect();
            assert_eq!(threads_seen.len(), threads);
        }
    }
}

fn workers_that_are_starting_have_a_part(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.build(Setup { max_threads: Some(4), ..Setup::threads(1) });
        pool.resize(4).unwrap();
        assert_eq!(pool.broadcast(|worker| (worker, this_worker())).unwrap().len(), 4);
        assert_eq!(pool.spawn_broadcast(|worker| worker).unwrap().len(), 4);
        assert!(pool.execute_on(3, || ()).is_ok());
    }
}

fn parts_and_results_borrow(subject: &Subject) {
    let pool = subject.pool_of(3);
    let words = ["one".to_owned(), "two".to_owned(), "three".to_owned()];
    let ran = AtomicUsize::new(0);
    let object: &dyn Pool = &*pool;
    let borrowed: Vec<&str> = object
        .broadcast(|worker| {
            ran.fetch_add(1, SeqCst);
            words[worker].as_str()
        })
        .unwrap();
    assert_eq!((borrowed, ran.into_inner()), (vec!["one", "two", "three"], 3));
}

/// A job that keeps this worker busy until the latch is opened.
fn hold(pool: &Arc<dyn Pool>, worker: usize) -> Latch {
    let (started, go) = (Latch::default(), Latch::default());
    let (starts, goes) = (started.clone(), go.clone());
    pool.execute_on(worker, move || {
        starts.open();
        goes.wait();
    })
    .unwrap();
    started.wait();
    go
}

fn a_part_waits_for_its_worker(subject: &Subject) {
    let pool = subject.pool_of(3);
    for busy in 0..3 {
        let (go, ran) = (hold(&pool, busy), SharedCount::default());
        thread::scope(|threads| {
            let caller = threads.spawn(|| {
                pool.broadcast(|worker| {
                    ran.add();
                    worker
                })
            });
            until(|| ran.get() == 2);
            assert!(!caller.is_finished());
            go.open();
            assert_eq!(caller.join().unwrap(), Ok(vec![0, 1, 2]));
        });
    }
}

fn in_a_job_the_caller_runs_its_own_part(subject: &Subject) {
    for threads in 1..=3 {
        let pool = subject.pool_of(threads);
        for number in 0..30 {
            let (inner, worker) = (pool.clone(), number % threads);
            let job = move || (inner.broadcast(|_| thread::current().id()).unwrap(), thread::current().id());
            let (parts, caller) = pool.spawn_on(worker, job).unwrap().join().unwrap();
            assert_eq!((parts.len(), parts[worker]), (threads, caller));
        }
    }
}

/// Each worker is in a job that waits for all other workers.
fn jobs_that_broadcast_at_once_end(subject: &Subject) {
    for threads in 2..=3 {
        let pool = subject.pool_of(threads);
        for _ in 0..50 {
            let all_run = Arc::new(Barrier::new(threads));
            let jobs: Vec<_> = (0..threads)
                .map(|worker| {
                    let (inner, all_run) = (pool.clone(), all_run.clone());
                    let job = move || {
                        all_run.wait();
                        let offset = this_worker() * 10;
                        inner
                            .broadcast(|worker| (this_worker() == worker).then_some(offset + worker))
                            .unwrap()
                    };
                    pool.spawn_on(worker, job).unwrap()
                })
                .collect();
            let mut sums: Vec<usize> = jobs
                .into_iter()
                .map(|job| job.join().unwrap().into_iter().map(|part| part.expect("on its worker")).sum())
                .collect();
            sums.sort_unstable();
            let own = threads * (threads - 1) / 2;
            assert!(sums.into_iter().eq((0..threads).map(|worker| worker * 10 * threads + own)));
        }
    }
}

fn pools_that_broadcast_to_each_other_end(subject: &Subject) {
    let pools = [subject.pool_of(1), subject.pool_of(1)];
    for _ in 0..50 {
        let both_run = Arc::new(Barrier::new(2));
        let jobs = [(0, 1), (1, 0)].map(|(here, there)| {
            let (other, both_run) = (pools[there].clone(), both_run.clone());
            let job = move || {
                both_run.wait();
                let id = other.id();
                other.broadcast(|_| current().is_some_and(|worker| worker.pool == id)).unwrap()
            };
            pools[here].spawn_on(0, job).unwrap()
        });
        assert_eq!(jobs.map(|job| job.join().unwrap()), [[true], [true]]);
    }
}

fn parts_may_broadcast(subject: &Subject) {
    for threads in 1..=3 {
        let pool = subject.pool_of(threads);
        for _ in 0..20 {
            let all = pool.broadcast(|outer| pool.broadcast(|inner| (outer, inner)).unwrap()).unwrap();
            let expected = (0..threads).flat_map(|outer| (0..threads).map(move |inner| (outer, inner)));
            assert!(all.into_iter().flatten().eq(expected));
        }
    }
}

fn the_first_panic_wins_and_nothing_is_leaked(subject: &Subject) {
    let pool = subject.pool_of(3);
    for _ in 0..20 {
        let (ran, dropped, payloads) =
            (SharedCount::default(), SharedCount::default(), SharedCount::default());
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.broadcast(|worker| {
                ran.add();
                match worker {
                    0 => dropped.on_drop(),
                    1 => resume_unwind(Box::new(1_u8)),
                    _ => resume_unwind(Box::new(Recurring { dropped: payloads.clone(), panics: 1 })),
                }
            })
        }));
        let payload = outcome.map(drop).unwrap_err();
        assert_eq!(payload.downcast_ref::<u8>(), Some(&1));
        assert_eq!((ran.get(), dropped.get(), payloads.get()), (3, 1, 2));
    }
    assert_eq!(pool.broadcast(|worker| worker), Ok(vec![0, 1, 2]));
}

fn parts_are_no_jobs(subject: &Subject) {
    let pool = subject.pool_of(2);
    let go = hold(&pool, 0);
    let (say, said) = mailbox();
    thread::scope(|threads| {
        threads.spawn(|| {
            pool.broadcast(|_| say.send(()).unwrap()).unwrap();
        });
        // The other part lies in a mailbox by now.
        said.recv().unwrap();
        let counts = pool.counts();
        assert_eq!((counts.submitted, counts.queued, counts.running), (1, 0, 1));
        go.open();
    });
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.completed, counts.accounted()), (1, 1, 1));
}

fn a_pause_holds_the_parts(subject: &Subject) {
    for threads in 1..=2 {
        let pool = subject.pool_of(threads);
        pool.pause().unwrap();
        let ran = SharedCount::default();
        thread::scope(|scope| {
            let caller = scope.spawn(|| pool.broadcast(|_| ran.add()).unwrap().len());
            // Those that wait for their first job may not have heard of the pause; one that has runs nothing.
            pool.resume().unwrap();
            assert_eq!(caller.join().unwrap(), threads);
        });
        assert_eq!(ran.get(), threads);
    }
}

fn a_pool_that_has_ended_runs_none(subject: &Subject) {
    let pool = subject.pool_of(2);
    let (inner, ran) = (pool.clone(), SharedCount::default());
    let counts = ran.clone();
    let job = move || {
        let _ = inner.shutdown();
        inner.broadcast(|_| counts.add()).unwrap_err().reason()
    };
    let from_inside = pool.spawn(job).unwrap();
    assert_eq!(from_inside.join().unwrap(), Reason::ShutDown);
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    assert_eq!(pool.broadcast(|_| ran.add()).unwrap_err().reason(), Reason::ShutDown);
    assert_eq!(ran.get(), 0);
}

/// Broadcasts while worker 0 is busy, and ends the pool when worker 1 has run its part. Returns what the broadcast says, and how
/// many parts ran.
fn broadcast_until_ended(pool: &Arc<dyn Pool>, end: impl FnOnce()) -> (Result<Vec<usize>, Reason>, usize) {
    let (go, ran) = (hold(pool, 0), SharedCount::default());
    thread::scope(|threads| {
        let caller = threads.spawn(|| {
            let part = |worker| {
                ran.add();
                worker
            };
            pool.broadcast(part).map_err(|error| error.reason())
        });
        until(|| ran.get() == 1);
        end();
        go.open();
        (caller.join().unwrap(), ran.get())
    })
}

fn a_shutdown_runs_the_parts(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let mut ender = None;
        let outcome = broadcast_until_ended(&pool, || ender = Some(shut_down_elsewhere(&pool)));
        assert_eq!(outcome, (Ok(vec![0, 1]), 2));
        assert_eq!(ender.map(|ender| ender.join().unwrap()), Some(Shutdown::Terminated));
    }
}

fn shutdown_now_takes_them_back(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let mut ender = None;
        let outcome = broadcast_until_ended(&pool, || ender = Some(shut_down_now_elsewhere(&pool)));
        assert!(ender.is_some_and(|ender| ender.join().unwrap().is_empty()), "a part is no job");
        // The worker may have come to its mailbox first.
        assert!([(Err(Reason::ShutDown), 1), (Ok(vec![0, 1]), 2)].contains(&outcome), "{outcome:?}");
    }
}

/// The job's own part runs, the other is taken back, and the job goes on.
fn in_a_job_too(subject: &Subject) {
    for _ in 0..20 {
        let pool = subject.pool_of(2);
        let (go, ran) = (hold(&pool, 0), SharedCount::default());
        let (inner, counts) = (pool.clone(), ran.clone());
        let job = move || {
            inner.broadcast(|_| counts.add()).map(|parts| parts.len()).map_err(|error| error.reason())
        };
        let caller = pool.spawn_on(1, job).unwrap();
        until(|| ran.get() == 1);
        let (jobs, _) = pool.shutdown_now_timeout(std::time::Duration::ZERO).unwrap();
        // Worker 0 is still busy.
        assert_eq!(caller.join().unwrap(), Err(Reason::ShutDown));
        go.open();
        assert_eq!((pool.shutdown(), jobs.len(), ran.get()), (Shutdown::Terminated, 0, 1));
    }
}

fn a_dead_worker_leaves_its_part_to_its_successor(subject: &Subject) {
    for _ in 0..5 {
        let pool = subject.build(Setup::threads(1).on_panic(|_| panic_on_purpose()));
        let go = doom(&pool);
        thread::scope(|threads| {
            let caller = threads.spawn(|| pool.broadcast(|_| this_worker()));
            go.open();
            assert_eq!(caller.join().unwrap(), Ok(vec![0]));
        });
    }
}

fn workers_come_and_go_meanwhile(subject: &Subject) {
    let pool = subject.build(Setup { max_threads: Some(4), ..Setup::threads(2) });
    let ended = Latch::default();
    thread::scope(|threads| {
        threads.spawn(|| {
            for round in 0..200 {
                pool.resize(1 + round % 4).unwrap();
                thread::yield_now();
            }
            ended.open();
        });
        for inside in [false, true] {
            let (pool, ended) = (&pool, &ended);
            threads.spawn(move || {
                let check = |workers: Vec<usize>| assert!(!workers.is_empty() && workers.is_sorted());
                let part = |worker| {
                    assert_eq!(this_worker(), worker);
                    worker
                };
                while !ended.is_open() {
                    let inner = pool.clone();
                    let job = move || inner.broadcast(part).unwrap();
                    check(if inside { pool.spawn(job).unwrap().join().unwrap() } else { job() });
                }
            });
        }
    });
}

fn a_shutdown_at_any_moment_ends_it(subject: &Subject) {
    for round in 0..100 {
        let pool = subject.pool_of(2);
        let (ran, all_run) = (SharedCount::default(), Arc::new(Barrier::new(4)));
        let broadcast = {
            let (inner, ran, all_run) = (pool.clone(), ran.clone(), all_run.clone());
            move || {
                all_run.wait();
                // Borrowed, so that a part that is run too late would be seen by a sanitizer.
                let (begun, borrowed) = (AtomicUsize::new(0), vec![1_usize; 64]);
                let part = |_| {
                    begun.fetch_add(1, SeqCst);
                    ran.add();
                    borrowed.iter().sum::<usize>()
                };
                let outcome = inner.broadcast(part).map_err(|error| error.reason());
                let begun = begun.into_inner();
                match outcome {
                    Ok(parts) => assert_eq!((parts, begun), (vec![64, 64], 2)),
                    Err(reason) => assert!(reason == Reason::ShutDown && begun < 2),
                }
                begun
            }
        };
        let jobs = [0, 1].map(|worker| pool.spawn_on(worker, broadcast.clone()).unwrap());
        let begun: usize = thread::scope(|threads| {
            let outside = threads.spawn(broadcast.clone());
            all_run.wait();
            (0..round % 10).for_each(|_| thread::yield_now());
            let ended = if round % 2 == 0 { pool.shutdown() } else { pool.shutdown_now().1 };
            assert_eq!(ended, Shutdown::Terminated);
            jobs.into_iter().map(|job| job.join().unwrap()).sum::<usize>() + outside.join().unwrap()
        });
        assert_eq!(begun, ran.get());
    }
}
