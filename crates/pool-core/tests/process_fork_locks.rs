//! A forked child never waits for a lock that a thread of its parent's has held.

#![cfg(unix)]

#[path = "support/child.rs"]
mod child;
#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use pool_core::{
    Attributes, CancelToken, JoinError, JoinSet, Pool, PoolExt, Reason, Scope, ThreadPool, join_any,
};

use self::child::{End, alone, fork_and_return, in_child};
use self::deque::{Deque, End as Oldest};

/// So many are forked while other threads take the locks again and again.
const CHILDREN: usize = 300;
/// Those that abort say so.
const ABORTED_CHILDREN: usize = 10;

fn pool(threads: usize) -> Arc<ThreadPool<Deque>> {
    Arc::new(ThreadPool::with(Deque::taking_from(Oldest::Oldest)).threads(threads).build().unwrap())
}

/// Tells the others to stop when it is dropped, also by a panic.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[derive(Default)]
struct CountsWakes(AtomicUsize);

impl Wake for CountsWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_token_from_before_is_waited_for_and_set_in_the_child() {
    alone("a_token_from_before_is_waited_for_and_set_in_the_child", fork_while_others_wait_for_a_token);
}

fn fork_while_others_wait_for_a_token() {
    let (token, stop) = (CancelToken::new(), AtomicBool::new(false));
    let all_run = Barrier::new(3);
    thread::scope(|threads| {
        let _stop = Stop(&stop);
        for _ in 0..2 {
            threads.spawn(|| {
                all_run.wait();
                while !stop.load(SeqCst) {
                    assert!(!token.wait_timeout(Duration::ZERO));
                }
            });
        }
        // See `alone`.
        all_run.wait();
        for _ in 0..CHILDREN {
            let end = in_child(|| {
                let below = token.child();
                assert!(!below.wait_timeout(Duration::ZERO));
                thread::scope(|threads| {
                    threads.spawn(|| below.wait());
                    token.cancel();
                });
                token.wait();
            });
            assert_eq!(end, End::Done);
        }
    });
}

#[test]
fn of_those_who_wait_for_a_token_the_child_wakes_its_own() {
    alone("of_those_who_wait_for_a_token_the_child_wakes_its_own", fork_among_those_who_wait);
}

fn fork_among_those_who_wait() {
    let token = CancelToken::new();
    let [own, other] = [(); 2].map(|()| Arc::new(CountsWakes::default()));
    let poll = |wakes: &Arc<CountsWakes>| {
        let mut cancelled = token.cancelled();
        let waker = Waker::from(wakes.clone());
        assert!(Pin::new(&mut cancelled).poll(&mut Context::from_waker(&waker)).is_pending());
        cancelled
    };
    let mut waits = [poll(&own), thread::scope(|threads| threads.spawn(|| poll(&other)).join().unwrap())];
    let end = in_child(|| {
        let anew = poll(&own);
        let elsewhere = thread::scope(|threads| threads.spawn(|| poll(&own)).join().unwrap());
        token.cancel();
        assert_eq!((own.0.load(SeqCst), other.0.load(SeqCst)), (3, 0), "the other's thread is not here");
        drop((anew, elsewhere));
        for wait in &mut waits {
            assert!(Pin::new(wait).poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
    });
    assert_eq!(end, End::Done);
    token.cancel();
    assert_eq!((own.0.load(SeqCst), other.0.load(SeqCst)), (1, 1));
}

#[test]
fn a_job_with_a_token_that_returns_in_the_child_ends_it() {
    let (pool, stop) = (pool(1), AtomicBool::new(false));
    thread::scope(|threads| {
        let _stop = Stop(&stop);
        let (mut set, token) = (JoinSet::new(), CancelToken::new());
        threads.spawn(|| {
            while !stop.load(SeqCst) {
                pool.cancel_running();
            }
        });
        for _ in 0..ABORTED_CHILDREN {
            let attributes = Attributes::new().token(&token).run_limit(Duration::from_secs(1000));
            set.spawn_with(&*pool, attributes, fork_and_return).unwrap();
            assert_eq!(set.join_next().unwrap().unwrap(), Some(End::Aborted));
        }
    });
}

#[test]
fn a_group_from_before_ends_in_the_child_whatever_its_jobs_were_doing() {
    let pool = pool(2);
    for _ in 0..CHILDREN {
        let mut set = JoinSet::new();
        let any = [(); 30].map(|()| pool.spawn(|| 1).unwrap());
        (0..30).for_each(|_| set.spawn(&pool, || 1).unwrap());
        let end = in_child(move || {
            let is_clear = |result| matches!(result, Ok(1) | Err(JoinError::Unrun(Reason::Forked)));
            let (_, result, rest) = join_any(any).unwrap();
            assert!(is_clear(result) && rest.len() == 29);
            assert_eq!(
                std::iter::from_fn(|| set.join_next()).map(|result| assert!(is_clear(result))).count(),
                30
            );
        });
        assert_eq!(end, End::Done);
    }
}

#[test]
fn a_broadcast_in_the_child_is_rejected() {
    for threads in [1, 2] {
        let (pool, stop) = (pool(threads), AtomicBool::new(false));
        thread::scope(|scope| {
            let _stop = Stop(&stop);
            // It takes the locks of the mailboxes all the time.
            scope.spawn(|| {
                while !stop.load(SeqCst) {
                    assert_eq!(pool.broadcast(|worker| worker).unwrap().len(), threads);
                }
            });
            let child =
                || in_child(|| assert_eq!(pool.broadcast(|_| ()).unwrap_err().reason(), Reason::Forked));
            for _ in 0..CHILDREN / 4 {
                assert_eq!((child(), pool.install(child)), (End::Done, End::Done));
            }
        });
    }
}

#[test]
fn a_part_of_a_broadcast_that_returns_in_the_child_ends_it() {
    let pool = pool(2);
    let forks_at =
        |forker: usize| move |worker: usize| if worker == forker { fork_and_return() } else { None };
    for forker in [0, 1] {
        let from_outside = pool.broadcast(forks_at(forker)).unwrap();
        assert_eq!(from_outside[forker], Some(End::Aborted));
        let inner = pool.clone();
        let from_a_worker = pool.spawn_on(0, move || inner.broadcast(forks_at(forker)).unwrap()).unwrap();
        assert_eq!(from_a_worker.join().unwrap()[forker], Some(End::Aborted));
    }
}

#[test]
fn a_part_that_is_run_by_one_who_waits_for_another_ends_the_child() {
    let (pool, both) = (pool(2), Arc::new(Barrier::new(2)));
    let (ends, ended) = mpsc::channel();
    let ended = std::sync::Mutex::new(ended);
    // Each worker is in a job, and can run the other's part only while it waits for its own.
    let [inner, other] = [pool.clone(), pool.clone()];
    let meet = both.clone();
    let waits = pool
        .spawn_on(0, move || {
            meet.wait();
            let waits_for_the_child =
                |worker| if worker == 1 { Some(ended.lock().unwrap().recv().unwrap()) } else { None };
            inner.broadcast(waits_for_the_child).unwrap()[1]
        })
        .unwrap();
    let forks = pool
        .spawn_on(1, move || {
            both.wait();
            let forks = |worker| {
                if worker == 0 {
                    ends.send(fork_and_return()).unwrap();
                }
            };
            other.broadcast(forks).unwrap();
        })
        .unwrap();
    assert_eq!(waits.join().unwrap(), Some(Some(End::Aborted)));
    forks.join().unwrap();
}

/// The child does this in the body of a scope whose jobs add more all the time, and in one of its jobs. Returns how they ended.
fn in_a_scope(in_child: impl for<'scope> Fn(&'scope Scope<'scope, '_>) + Sync) -> Vec<Option<End>> {
    fn go_on<'scope>(scope: &'scope Scope<'scope, '_>, stop: &'scope AtomicBool) {
        if !stop.load(SeqCst) {
            scope.execute(move || go_on(scope, stop));
        }
    }
    let (pool, stop) = (pool(2), AtomicBool::new(false));
    pool.scope(|scope| {
        let _stop = Stop(&stop);
        go_on(scope, &stop);
        let child = || {
            let end = fork_and_return();
            if end.is_none() {
                in_child(scope);
                // SAFETY: no pointers; the exit runs no destructors.
                unsafe { libc::_exit(0) };
            }
            end
        };
        (0..ABORTED_CHILDREN).flat_map(|_| [child(), scope.spawn(child).join().unwrap()]).collect()
    })
}

#[test]
fn a_job_that_is_added_to_a_scope_from_before_ends_the_child() {
    let ends = in_a_scope(|scope| scope.execute(|| ()));
    assert!(ends.iter().all(|end| *end == Some(End::Aborted)), "{ends:?}");
    let ends = in_a_scope(|scope| drop(scope.spawn(|| ())));
    assert!(ends.iter().all(|end| *end == Some(End::Aborted)), "{ends:?}");
}

#[test]
fn a_job_of_a_scope_that_returns_in_the_child_ends_it() {
    let pool = pool(2);
    let ends = || {
        pool.scope(|scope| {
            // Some are run by a worker, and some by the thread that waits, if that is one.
            let jobs = [(); ABORTED_CHILDREN].map(|()| scope.spawn(fork_and_return));
            jobs.map(|job| job.join().unwrap())
        })
    };
    assert_eq!(ends(), [Some(End::Aborted); ABORTED_CHILDREN]);
    assert_eq!(pool.install(ends), [Some(End::Aborted); ABORTED_CHILDREN]);
}

#[test]
fn a_handle_of_a_scope_from_before_ends_the_child_unless_its_job_has_ended() {
    let pool = pool(2);
    let (starts, started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let inner = &pool;
    let (ended, running) = pool.install(move || {
        inner.scope(move |scope| {
            let ended = scope.spawn(|| 7);
            let running = scope.spawn(move || {
                starts.send(()).unwrap();
                released.recv().unwrap();
            });
            started.recv().unwrap();
            while !ended.is_finished() {
                thread::yield_now();
            }
            let ends =
                (in_child(|| assert_eq!(ended.join().unwrap(), 7)), in_child(|| running.join().unwrap()));
            release.send(()).unwrap();
            ends
        })
    });
    assert_eq!((ended, running), (End::Done, End::Aborted));
}
