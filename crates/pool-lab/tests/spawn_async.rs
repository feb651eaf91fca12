//! A runtime of one thread goes on while one of its tasks waits for room in a pool.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::channel;

use pool_bounded::{Bounded, BoundedPool};
use pool_core::{Pool, PoolExt, Reason};

/// A pool of one worker, which is busy until the sender is dropped, and a full queue that makes threads wait.
fn full() -> (Arc<dyn Pool>, std::sync::mpsc::Sender<()>) {
    let pool = BoundedPool::with(Bounded::new(2)).threads(1).build().unwrap();
    let (release, released) = channel::<()>();
    let (started, running) = channel();
    pool.execute(move || {
        started.send(()).unwrap();
        let _ = released.recv();
    })
    .unwrap();
    running.recv().unwrap();
    while pool.try_execute(|| ()).is_ok() {}
    (Arc::new(pool), release)
}

fn block_on<T>(task: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, task)
}

#[test]
fn it_goes_on_ticking() {
    let (pool, release) = full();
    let ticks = Rc::new(Cell::new(0));
    let ticking = ticks.clone();
    let sum = block_on(async move {
        let waiting = tokio::task::spawn_local(async move {
            let handles = [pool.spawn_async(|| 40).await.unwrap(), pool.spawn_async(|| 2).await.unwrap()];
            let mut sum = 0;
            for handle in handles {
                sum += handle.await.unwrap();
            }
            sum
        });
        // The worker is let go only after these: a thread that waited for room would wait for ever.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
            ticking.set(ticking.get() + 1);
        }
        assert!(!waiting.is_finished());
        drop(release);
        waiting.await.unwrap()
    });
    assert_eq!((sum, ticks.get()), (42, 1000));
}

#[test]
fn an_aborted_task_leaves_its_turn_to_the_next() {
    let (pool, release) = full();
    let (first, second) = (pool.clone(), pool.clone());
    let answer = block_on(async move {
        let first = tokio::task::spawn_local(async move { first.spawn_async(|| 1).await.map(drop).is_ok() });
        let second = tokio::task::spawn_local(async move { second.spawn_async(|| 2).await.unwrap().await });
        tokio::task::yield_now().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        drop(release);
        second.await.unwrap().unwrap()
    });
    assert_eq!((answer, pool.counts().cancelled), (2, 1));
}

#[test]
fn the_end_of_the_pool_ends_the_wait() {
    let (pool, release) = full();
    let ending = pool.clone();
    let reason = block_on(async move {
        let waiting =
            tokio::task::spawn_local(async move { pool.spawn_async(|| ()).await.unwrap_err().reason() });
        tokio::task::yield_now().await;
        let ender = std::thread::spawn(move || ending.shutdown_now().0.len());
        let reason = waiting.await.unwrap();
        drop(release);
        assert_eq!(ender.join().unwrap(), 2, "the two in the queue");
        reason
    });
    assert_eq!(reason, Reason::ShutDown);
}
