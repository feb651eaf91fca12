//! What becomes of futures when their pool ends, drops what is queued, or is another crate's.

#[path = "../../pool-core/tests/support/stub.rs"]
mod stub;
mod support;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::thread;

use pool_bounded::{Bounded, BoundedPool, Overflow};
use pool_core::adapter::Recorder;
use pool_core::{Helping, Job, JoinError, Pool, PoolExt, Reason, Shutdown};
use pool_future::{FutureHandle, block_on, spawn_future, yield_now};
use pool_stealing::StealingPool;

use self::stub::Stub;
use self::support::{Drops, hold, pools};

#[test]
fn a_closed_pool_drops_those_that_wait_and_tells_their_handles() {
    for pool in pools(2) {
        let drops = Drops::default();
        let waiting: Vec<FutureHandle<()>> = (0..100)
            .map(|_| {
                let guard = drops.guard();
                spawn_future(&pool, async move {
                    let _guard = guard;
                    pending().await
                })
                .unwrap()
            })
            .collect();
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
        assert_eq!(drops.count(), 100);
        for handle in waiting {
            assert!(matches!(handle.try_join(), Ok(Err(JoinError::Unrun(Reason::ShutDown)))));
        }
        let rejected = spawn_future(&pool, async {}).unwrap_err();
        assert_eq!(rejected.reason(), Reason::ShutDown);
    }
}

#[test]
fn shutdown_in_the_midst_leaves_no_handle_hanging() {
    for pool in pools(2) {
        let (ended, ends) = channel();
        // They begin when all are there: while so many turn, the full queue takes no more.
        let (begin, begins) = async_channel::bounded::<()>(1);
        let handles: Vec<_> = (0..40)
            .map(|index| {
                let (send, receive) = async_channel::bounded(1);
                let (ended, begins) = (ended.clone(), begins.clone());
                let turning = spawn_future(&pool, async move {
                    // It is closed.
                    let _ = begins.recv().await;
                    let mut turns = 0_u64;
                    while index % 2 == 0 || turns < 3 {
                        // Some wait for a moment, some are queued at once.
                        send.send(turns).await.unwrap();
                        turns = receive.recv().await.unwrap() + 1;
                        yield_now().await;
                    }
                    let _ = ended.send(());
                    turns
                });
                turning.unwrap()
            })
            .collect();
        drop(begin);
        // The endless ones do not keep the others from it.
        (0..20).for_each(|_| ends.recv().unwrap());
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
        for (index, handle) in handles.into_iter().enumerate() {
            match handle.join() {
                Ok(turns) => assert_eq!((turns, index % 2), (3, 1)),
                Err(JoinError::Unrun(Reason::ShutDown)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn the_drop_of_the_pool_is_its_end_whoever_waits() {
    let pool = Arc::new(StealingPool::builder().threads(1).build().unwrap());
    let (send, receive) = async_channel::bounded::<()>(1);
    let waiting = spawn_future(&pool, async move { receive.recv().await.is_ok() }).unwrap();
    assert_eq!(Arc::strong_count(&pool), 1, "a future does not keep its pool");
    drop(pool);
    assert!(send.try_send(()).is_err(), "the future is gone");
    assert!(matches!(waiting.join(), Err(JoinError::Unrun(Reason::ShutDown))));
}

#[test]
fn a_poll_that_comes_back_may_be_run_by_hand() {
    for pool in pools(1) {
        let (release, releases) = channel();
        let inner = pool.clone();
        let (queued, jobs) = {
            let held = hold(&*pool);
            let queued = spawn_future(&pool, async { 7 }).unwrap();
            let ending = thread::spawn(move || {
                let (jobs, _) = inner.shutdown_now_timeout(std::time::Duration::ZERO).unwrap();
                release.send(()).unwrap();
                jobs
            });
            releases.recv().unwrap();
            drop(held);
            (queued, ending.join().unwrap())
        };
        assert!(!queued.is_finished());
        jobs.into_iter().for_each(Job::run);
        assert_eq!(queued.join().unwrap(), 7);
    }
}

#[test]
fn a_poll_that_makes_way_ends_its_future() {
    let bounded = Bounded::new(1).overflow(Overflow::DropOldest);
    let pool = Arc::new(BoundedPool::with(bounded).threads(1).build().unwrap());
    let held = hold(&*pool);
    let oldest = spawn_future(&pool, async {}).unwrap();
    pool.execute(|| ()).unwrap();
    drop(held);
    assert!(matches!(oldest.join(), Err(JoinError::Unrun(Reason::Displaced))));
}

#[test]
fn a_rejected_one_comes_back_and_may_be_polled_by_hand() {
    let bounded = Bounded::new(1).overflow(Overflow::Reject);
    let pool = Arc::new(BoundedPool::with(bounded).threads(1).build().unwrap());
    let _held = hold(&*pool);
    pool.execute(|| ()).unwrap();
    let has_run = Arc::new(AtomicBool::new(false));
    let runs = has_run.clone();
    let rejected = spawn_future(&pool, async move { runs.store(true, SeqCst) }).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Full);
    rejected.into_job().run();
    assert!(has_run.load(SeqCst));
}

#[test]
fn block_on_in_the_only_worker_takes_none_from_the_pool() {
    let with_spare = StealingPool::builder().threads(1).spare_threads(1).build().unwrap();
    let helping = StealingPool::builder().threads(1).helping(Helping::Any).build().unwrap();
    for pool in [Arc::new(with_spare), Arc::new(helping)] {
        let inner = pool.clone();
        let job = pool.spawn(move || {
            let (send, receive) = async_channel::bounded(1);
            let waits = spawn_future(&inner, async move { receive.recv().await.unwrap() }).unwrap();
            let sends = spawn_future(&inner, async move {
                yield_now().await;
                send.send(8).await.unwrap();
            });
            let received = block_on(waits).unwrap();
            sends.unwrap().join().unwrap();
            received
        });
        assert_eq!(job.unwrap().join().unwrap(), 8);
    }
}

#[test]
fn a_panic_in_block_on_comes_out_of_it() {
    let helping = StealingPool::builder().threads(1).helping(Helping::Any).build().unwrap();
    let job = helping.spawn(|| {
        block_on(async {
            yield_now().await;
            std::panic::panic_any("out of it");
        })
    });
    let Err(JoinError::Panicked(panic)) = job.unwrap().join() else { panic!("it has panicked") };
    assert_eq!(panic.message().as_deref(), Some("out of it"));
    assert_eq!(helping.spawn(|| 1).unwrap().join().unwrap(), 1);
}

/// Another crate's pool: a thread and a channel, and a flag that says that it is full.
fn other(is_full: &Arc<AtomicBool>) -> Arc<dyn Pool> {
    let (jobs, queue) = channel::<(Arc<Recorder>, Job)>();
    thread::spawn(move || {
        for (recorder, job) in queue {
            let mut next = Some(job);
            while let Some(job) = next {
                next = recorder.run(job, 0);
            }
        }
    });
    let is_full = is_full.clone();
    Arc::new(Stub::new("other", move |recorder: &Arc<Recorder>, job: Job| {
        recorder.admit();
        if is_full.load(SeqCst) {
            return Err(recorder.reject(job, Reason::Full));
        }
        jobs.send((recorder.clone(), job)).unwrap();
        Ok(())
    }))
}

/// The waker of the channel is called under a lock that the future takes when it is dropped.
#[test]
fn an_adapter_runs_futures_and_may_reject_their_polls() {
    let is_full = Arc::new(AtomicBool::new(false));
    let pool = other(&is_full);
    let yields = spawn_future(&pool, async {
        yield_now().await;
        2
    });
    assert_eq!(yields.unwrap().join().unwrap(), 2);

    let receives = || {
        let (send, receive) = async_channel::bounded::<u8>(1);
        let handle = spawn_future(&pool, async move { receive.recv().await.unwrap() }).unwrap();
        assert!(pool.wait_idle(None));
        (send, handle)
    };
    let (send, rejected) = receives();
    is_full.store(true, SeqCst);
    send.try_send(1).unwrap();
    assert!(matches!(rejected.join(), Err(JoinError::Unrun(Reason::Full))));

    is_full.store(false, SeqCst);
    let (send, left) = receives();
    drop(pool);
    send.try_send(1).unwrap();
    assert!(matches!(left.join(), Err(JoinError::Unrun(Reason::ShutDown))));
}

/// Half of the futures are woken while the pool closes, under such a lock.
#[test]
fn a_wake_up_that_meets_the_end_drops_no_future_under_its_lock() {
    for pool in pools(1) {
        let (senders, handles): (Vec<_>, Vec<_>) = (0..200)
            .map(|_| {
                let (send, receive) = async_channel::bounded::<u8>(1);
                (send, spawn_future(&pool, async move { receive.recv().await.unwrap() }).unwrap())
            })
            .unzip();
        let waking = thread::spawn(move || {
            for send in senders {
                let _ = send.try_send(1);
            }
        });
        let _ = pool.shutdown();
        waking.join().unwrap();
        for handle in handles {
            assert!(matches!(handle.join(), Ok(1) | Err(JoinError::Unrun(Reason::ShutDown))));
        }
    }
}
