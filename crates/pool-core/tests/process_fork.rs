//! A forked child never waits for what only its parent's threads do.

#![cfg(unix)]

#[path = "support/child.rs"]
mod child;
#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;

use std::future::Future;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use pool_core::strategy::join_claimable;
use pool_core::{
    JoinError, JoinSet, Pool, PoolExt, Reason, Shutdown, ThreadPool, block_in_place, join_all, join_any,
};

use self::child::{End, alone, fork_and_return, in_child};
use self::deque::{Deque, End as Oldest};

fn pool(threads: usize) -> Arc<ThreadPool<Deque>> {
    Arc::new(ThreadPool::with(Deque::taking_from(Oldest::Oldest)).threads(threads).build().unwrap())
}

fn is_forked<T>(result: Result<T, JoinError>) -> bool {
    matches!(result, Err(JoinError::Unrun(Reason::Forked)))
}

#[test]
fn a_handle_from_before_says_so_unless_its_job_has_ended() {
    let (pool, (release, released)) = (pool(1), mpsc::channel::<()>());
    let ended = pool.spawn(|| 7).unwrap();
    while !ended.is_finished() {
        thread::yield_now();
    }
    let (starts, started) = mpsc::channel();
    let running = pool.spawn(move || {
        starts.send(()).unwrap();
        released.recv().unwrap();
    });
    started.recv().unwrap();
    let [joined, timed, mut polled, dropped] = [(); 4].map(|()| pool.spawn(|| 8).unwrap());
    let running = running.unwrap();
    let end = in_child(move || {
        assert!(matches!(ended.join(), Ok(7)));
        assert!(is_forked(running.join()));
        assert!(is_forked(joined.join()));
        assert!(is_forked(timed.join_timeout(Duration::MAX).unwrap()));
        let polled = std::pin::Pin::new(&mut polled).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(polled) = polled else { panic!("nobody would wake it") };
        assert!(is_forked(polled));
        drop(dropped);
    });
    assert_eq!(end, End::Done);
    release.send(()).unwrap();
}

#[test]
fn a_group_from_before_ends_in_the_child() {
    alone("a_group_from_before_ends_in_the_child", fork_with_groups);
}

fn fork_with_groups() {
    let (pool, (release, released)) = (pool(1), mpsc::channel::<()>());
    let mut set = JoinSet::new();
    set.spawn(&pool, || 7).unwrap();
    while pool.counts().completed == 0 {
        thread::yield_now();
    }
    let (starts, started) = mpsc::channel();
    set.spawn(&pool, move || {
        starts.send(()).unwrap();
        released.recv().unwrap();
        8
    })
    .unwrap();
    // The parent drops its set, which would cancel a job that waits.
    started.recv().unwrap();
    set.spawn(&pool, || 9).unwrap();
    let all = [(); 2].map(|()| pool.spawn(|| 10).unwrap());
    let any = [(); 2].map(|()| pool.spawn(|| 11).unwrap());
    let dropped: JoinSet<i32> = [pool.spawn(|| 12).unwrap()].into_iter().collect();
    let end = in_child(move || {
        let own = self::pool(1);
        set.spawn(&own, || 13).unwrap();
        let mut results: Vec<_> = std::iter::from_fn(|| set.join_next()).collect();
        assert_eq!(results.len(), 4);
        results.retain(|result| !matches!(result, Err(JoinError::Unrun(Reason::Forked))));
        let mut results: Vec<_> = results.into_iter().map(Result::unwrap).collect();
        results.sort_unstable();
        assert_eq!(results, [7, 13]);
        assert!(join_all(all).into_iter().all(is_forked));
        let (place, result, rest) = join_any(any).unwrap();
        assert!(place == 0 && is_forked(result) && rest.len() == 1);
        drop(dropped);
    });
    assert_eq!(end, End::Done);
    release.send(()).unwrap();
}

#[test]
fn a_child_may_drop_the_pool_and_build_one_of_its_own() {
    alone("a_child_may_drop_the_pool_and_build_one_of_its_own", || {
        let old = pool(2);
        let end = in_child(|| {
            drop(old);
            let new = pool(2);
            assert_eq!(new.spawn(|| 1).unwrap().join().unwrap(), 1);
            let end = in_child(|| assert_eq!(new.execute(|| ()).unwrap_err().reason(), Reason::Forked));
            assert_eq!((end, new.shutdown()), (End::Done, Shutdown::Terminated));
        });
        assert_eq!(end, End::Done);
    });
}

#[test]
fn a_job_that_returns_in_the_child_ends_it() {
    // In the first job of a worker, and in a later one.
    for jobs_before in [0, 3] {
        let pool = pool(1);
        (0..jobs_before).for_each(|_| pool.spawn(|| ()).unwrap().join().unwrap());
        assert_eq!(pool.spawn(fork_and_return).unwrap().join().unwrap(), Some(End::Aborted));
        assert_eq!(pool.spawn(|| 1).unwrap().join().unwrap(), 1);
    }
}

#[test]
fn a_child_runs_none_of_the_mail_behind_its_job() {
    let (pool, parent) = (pool(1), process::id());
    let (release, released) = mpsc::channel::<()>();
    pool.execute(move || released.recv().unwrap()).unwrap();
    let forking = pool.spawn_on(0, fork_and_return).unwrap();
    let behind = pool.spawn_on(0, move || {
        if process::id() != parent {
            // SAFETY: no pointers.
            unsafe { libc::_exit(0) }
        }
    });
    release.send(()).unwrap();
    assert_eq!(forking.join().unwrap(), Some(End::Aborted));
    behind.unwrap().join().unwrap();
}

#[test]
fn a_scope_from_before_ends_the_child_that_waits_for_it() {
    let pool = pool(1);
    let (release, released) = mpsc::channel::<()>();
    let mut released = Some(released);
    let (starts, started) = mpsc::channel();
    let end = pool.scope(|scope| {
        let released = released.take().unwrap();
        scope.execute(move || {
            starts.send(()).unwrap();
            released.recv().unwrap();
        });
        started.recv().unwrap();
        let end = fork_and_return();
        let _ = release.send(());
        end
    });
    assert_eq!(end, Some(End::Aborted));
}

#[test]
fn half_of_a_join_from_before_ends_the_child_that_waits_for_it() {
    let pool = pool(2);
    let both = Barrier::new(2);
    let release = Barrier::new(2);
    let (end, ()) = join_claimable(
        &*pool,
        || {
            both.wait();
            let end = fork_and_return();
            if end.is_some() {
                release.wait();
            }
            end
        },
        || {
            both.wait();
            release.wait();
        },
    );
    assert_eq!(end, Some(End::Aborted));
}

#[test]
fn a_child_forked_in_a_job_may_block_join_and_open_scopes() {
    let builder = ThreadPool::with(Deque::taking_from(Oldest::Oldest)).threads(2).spare_threads(1);
    let pool = Arc::new(builder.build().unwrap());
    let inner = pool.clone();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    // The other worker takes the pool's locks all the time.
    let busy = pool.spawn(move || {
        while !stopped.load(SeqCst) {
            block_in_place(|| ());
        }
    });
    let ends = pool.spawn(move || {
        let child = || {
            in_child(|| {
                assert_eq!(block_in_place(|| 1), 1);
                assert_eq!(inner.join(|| 2, || 3), (2, 3));
                assert_eq!(inner.scope(|scope| scope.spawn(|| 4).join().unwrap()), 4);
                assert_eq!(inner.execute(|| ()).unwrap_err().reason(), Reason::Forked);
                inner.wait_idle(None);
            })
        };
        (0..500).map(|_| child()).find(|end| *end != End::Done)
    });
    assert_eq!(ends.unwrap().join().unwrap(), None);
    stop.store(true, SeqCst);
    busy.unwrap().join().unwrap();
}
