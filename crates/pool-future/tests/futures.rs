//! Futures on all strategies: outputs, wake-ups, cancellation, panics.

mod support;

use std::future::pending;
use std::panic::panic_any;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use pool_bounded::{Bounded, BoundedPool, Overflow};
use pool_core::{Attributes, CancelToken, JoinError, Pool, PoolExt, Priority, Reason, job_name};
use pool_future::{FutureHandle, spawn_future, spawn_future_with, yield_now};
use pool_stealing::StealingPool;

use self::support::{Drops, hold, pools};

#[test]
fn a_handle_is_awaited_from_any_executor() {
    for pool in pools(2) {
        let answer = || {
            let future = async {
                yield_now().await;
                6 * 7
            };
            spawn_future(&pool, future).unwrap()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(answer()).unwrap(), 42, "{}", pool.name());
        assert_eq!(smol::block_on(answer()).unwrap(), 42);
        assert_eq!(answer().join().unwrap(), 42);
        let other = answer();
        let within = spawn_future(&pool, async { other.await.unwrap() + 1 }).unwrap();
        assert_eq!(within.join().unwrap(), 43);
    }
}

#[test]
fn tokio_timers_and_smol_tasks_wake_it() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    for pool in pools(1) {
        let _entered = runtime.enter();
        let sleep = tokio::time::sleep(std::time::Duration::from_millis(1));
        let (send, receive) = async_channel::bounded(1);
        let handle = spawn_future(&pool, async move {
            sleep.await;
            receive.recv().await.unwrap()
        });
        smol::spawn(async move { send.send("from smol").await.unwrap() }).detach();
        assert_eq!(runtime.block_on(handle.unwrap()).unwrap(), "from smol");
    }
}

/// Passes a number to and fro, and returns it.
async fn ping(send: async_channel::Sender<u32>, receive: async_channel::Receiver<u32>, rounds: u32) -> u32 {
    let mut last = 0;
    for _ in 0..rounds {
        last = receive.recv().await.unwrap();
        // The other may have had its last.
        let _ = send.send(last + 1).await;
    }
    last
}

#[test]
fn thousands_that_wake_each_other_lose_no_wake_up() {
    const PAIRS: usize = 1_000;
    const ROUNDS: u32 = 10;
    for pool in pools(2) {
        let pairs: Vec<_> = (0..PAIRS)
            .map(|_| {
                let ((to_a, at_a), (to_b, at_b)) = (async_channel::bounded(1), async_channel::bounded(1));
                to_a.try_send(0).unwrap();
                let a = spawn_future(&pool, ping(to_b, at_a, ROUNDS)).unwrap();
                (a, spawn_future(&pool, ping(to_a, at_b, ROUNDS)).unwrap())
            })
            .collect();
        for (a, b) in pairs {
            assert_eq!((a.join().unwrap(), b.join().unwrap()), (2 * ROUNDS - 2, 2 * ROUNDS - 1));
        }
        assert!(pool.wait_idle(None));
        let counts = pool.counts();
        assert_eq!((counts.submitted, counts.rejected, counts.discarded), (counts.completed, 0, 0));
    }
}

#[test]
fn a_wake_up_finds_its_place_in_a_full_queue() {
    let pool =
        Arc::new(BoundedPool::with(Bounded::new(1).overflow(Overflow::Reject)).threads(1).build().unwrap());
    let (send, receive) = async_channel::bounded(1);
    let handle = spawn_future(&pool, async move { receive.recv().await.unwrap() }).unwrap();
    let release = {
        assert!(pool.wait_idle(None));
        hold(&*pool)
    };
    pool.execute(|| ()).unwrap();
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::Full);
    // The wake-up neither waits nor runs the future here.
    send.try_send(5).unwrap();
    assert!(!handle.is_finished());
    drop(release);
    assert_eq!(handle.join().unwrap(), 5);
}

#[test]
fn one_that_yields_makes_way_for_a_job() {
    for pool in pools(1) {
        let (flag, release) = (Arc::new(AtomicBool::new(false)), hold(&*pool));
        let seen = flag.clone();
        // Also when it is at home on the worker.
        let inner = pool.clone();
        let (started, starts) = channel();
        pool.execute(move || {
            let spinning = async move {
                while !seen.load(SeqCst) {
                    yield_now().await;
                }
            };
            started.send(spawn_future(&inner, spinning).unwrap()).unwrap();
        })
        .unwrap();
        drop(release);
        let spinning = starts.recv().unwrap();
        pool.execute(move || flag.store(true, SeqCst)).unwrap();
        spinning.join().unwrap();
    }
}

#[test]
fn one_that_waits_is_dropped_when_it_is_cancelled() {
    for pool in pools(1) {
        let drops = Drops::default();
        let guard = drops.guard();
        let waiting: FutureHandle<()> = spawn_future(&pool, async move {
            let _guard = guard;
            pending().await
        })
        .unwrap();
        assert!(pool.wait_idle(None) && !waiting.is_finished());
        assert!(waiting.cancel());
        assert!(matches!(waiting.join(), Err(JoinError::Cancelled)));
        assert_eq!(drops.count(), 1, "before the handle ends");
    }
}

#[test]
fn what_has_ended_is_not_cancelled() {
    for pool in pools(1) {
        let ended = spawn_future(&pool, async { 1 }).unwrap();
        assert!(pool.wait_idle(None) && ended.is_finished());
        assert!(!ended.cancel());
        assert_eq!(ended.try_join().unwrap().unwrap(), 1);
        let queued = {
            let _held = hold(&*pool);
            let queued = spawn_future(&pool, async { 1 }).unwrap();
            assert!(queued.cancel());
            queued.try_join().unwrap_err()
        };
        assert!(matches!(queued.join(), Err(JoinError::Cancelled)), "it has not begun");
    }
}

#[test]
fn a_detached_one_goes_on() {
    for pool in pools(1) {
        let ((send, receive), (done, end)) = (async_channel::bounded::<u8>(1), channel());
        let future = async move { done.send(receive.recv().await).unwrap() };
        spawn_future(&pool, future).unwrap().detach();
        send.try_send(3).unwrap();
        assert_eq!(end.recv().unwrap(), Ok(3));
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic_any("dropped");
        }
    }
}

#[test]
fn a_panic_is_at_the_handle_or_with_the_handler() {
    let (heard, hears) = channel();
    let heard = Mutex::new(heard);
    let pool = StealingPool::builder().threads(1).on_panic(move |panic| {
        heard
            .lock()
            .unwrap()
            .send((panic.name.map(str::to_owned), panic.message.map(str::to_owned)))
            .unwrap();
    });
    let pool = Arc::new(pool.build().unwrap());
    let fails = |message| async move {
        yield_now().await;
        panic_any(message);
    };

    let handle = spawn_future(&pool, fails("at the handle")).unwrap();
    let Err(JoinError::Panicked(panic)) = handle.join() else { panic!("it has panicked") };
    assert_eq!(panic.message().as_deref(), Some("at the handle"));

    spawn_future_with(&pool, Attributes::new().name("lonely"), fails("detached")).unwrap().detach();
    assert_eq!(hears.recv().unwrap(), (Some("lonely".to_owned()), Some("detached".to_owned())));

    let late = spawn_future(&pool, fails("late")).unwrap();
    assert!(pool.wait_idle(None) && late.is_finished());
    drop(late);
    assert_eq!(hears.recv().unwrap().1.as_deref(), Some("late"));

    let handle = spawn_future(&pool, async {
        let _bomb = Bomb;
    })
    .unwrap();
    let Err(JoinError::Panicked(panic)) = handle.join() else { panic!("its end has panicked") };
    assert_eq!(panic.message().as_deref(), Some("dropped"));

    assert!(pool.wait_idle(None));
    assert_eq!(pool.counts().panicked, 4);
    assert!(hears.try_recv().is_err(), "the handlers have heard of those without a handle alone");
}

#[test]
fn a_destructor_may_panic_when_the_future_is_given_up() {
    for pool in pools(1) {
        let waiting: FutureHandle<()> = spawn_future(&pool, async {
            let _bomb = Bomb;
            pending().await
        })
        .unwrap();
        assert!(pool.wait_idle(None));
        waiting.cancel();
        assert!(matches!(waiting.join(), Err(JoinError::Panicked(_))));
        let queued: FutureHandle<()> = {
            let _held = hold(&*pool);
            let bomb = Bomb;
            let queued = spawn_future(&pool, async move { drop(bomb) }).unwrap();
            let (jobs, _) = pool.shutdown_now_timeout(std::time::Duration::ZERO).unwrap();
            drop(jobs);
            queued
        };
        assert!(matches!(queued.join(), Err(JoinError::Unrun(Reason::Dropped))));
    }
}

#[test]
fn attributes_hold_at_each_poll() {
    for pool in pools(1) {
        let names =
            spawn_future_with(&pool, Attributes::new().name("named").priority(Priority::URGENT), async {
                let first = job_name();
                yield_now().await;
                (first.unwrap().into_owned(), job_name().unwrap().into_owned())
            });
        assert_eq!(names.unwrap().join().unwrap(), ("named".to_owned(), "named".to_owned()));

        let stop = CancelToken::new();
        let (send, receive) = async_channel::bounded::<()>(1);
        let stopped = spawn_future_with(&pool, Attributes::new().token(&stop), async move {
            receive.recv().await.unwrap();
        });
        assert!(pool.wait_idle(None));
        stop.cancel();
        send.try_send(()).unwrap();
        assert!(matches!(stopped.unwrap().join(), Err(JoinError::Cancelled)));
    }
}

#[test]
fn the_deadline_is_for_the_first_poll() {
    for pool in pools(1) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_millis(200);
        let (send, receive) = async_channel::bounded::<()>(1);
        let in_time = spawn_future_with(&pool, Attributes::new().start_by(deadline), async move {
            receive.recv().await.unwrap();
        });
        // On a machine so busy that the first poll came too late, there is nothing to see.
        assert!(pool.wait_idle(None));
        let has_begun = pool.counts().expired == 0;
        while std::time::Instant::now() < deadline {
            thread::yield_now();
        }
        assert_eq!(send.try_send(()).is_ok(), has_begun);
        assert_eq!(in_time.unwrap().join().is_ok(), has_begun);

        let past = Attributes::new().start_by(std::time::Instant::now());
        let late = spawn_future_with(&pool, past, async {}).unwrap();
        assert!(matches!(late.join(), Err(JoinError::Unrun(Reason::Expired))));
    }
}
