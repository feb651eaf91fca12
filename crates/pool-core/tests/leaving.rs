//! What a worker holds privately when it leaves its slot is run, also when all others have gone by then.

#[path = "support/deque.rs"]
#[allow(dead_code, reason = "a part of what the tests share")]
mod deque;
#[path = "support/hoarding.rs"]
mod hoarding;
#[path = "support/hold.rs"]
mod hold;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use pool_core::{Pool, PoolExt, Shutdown, ThreadPool};

use self::hoarding::Hoarding;
use self::hold::hold;

/// It turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn a_worker_that_leaves_while_the_pool_ends_comes_back_for_it() {
    let (stop, stopping) = mpsc::channel();
    // The hook waits here, once for each worker.
    let [gate_0, gate_1] = [(); 2].map(|()| mpsc::channel::<()>());
    let gates = [Mutex::new(gate_0.1), Mutex::new(gate_1.1)];
    let on_stop = move |index: usize| {
        let _ = stop.send(index);
        // An error is the test's way to say that it does not matter any more.
        let _ = gates[index].lock().unwrap().recv();
    };
    let pool = Arc::new(ThreadPool::with(Hoarding).threads(2).on_stop(on_stop).build().unwrap());
    let shut_gates = [gate_0.0, gate_1.0];
    let ran = Arc::new(AtomicUsize::new(0));
    let (started, start) = mpsc::channel();
    let worker = || start.recv_timeout(DEADLINE).unwrap();

    // Each worker takes a long job and, behind it, a short one, when all four are there.
    let first = [(); 2].map(|()| {
        let release = hold(&*pool, &started);
        worker();
        release
    });
    let long = [(); 2].map(|()| {
        let (release, ran) = (hold(&*pool, &started), ran.clone());
        let short = move || {
            ran.fetch_add(1, SeqCst);
        };
        pool.execute(short).unwrap();
        release
    });
    let running = first.map(|release| {
        release.send(()).unwrap();
        worker()
    });
    assert_ne!(running[0], running[1]);
    let [leaver, other] = if running[0] == 1 { [0, 1] } else { [1, 0] };

    // The one with the higher number leaves when it has ended its long job, with the short one in hand.
    pool.resize(1).unwrap();
    long[leaver].send(()).unwrap();
    assert_eq!(stopping.recv_timeout(DEADLINE), Ok(1));
    long[other].send(()).unwrap();
    let ending = thread::spawn({
        let pool = pool.clone();
        move || pool.shutdown()
    });
    // The other one finds the pool closed, and goes.
    assert_eq!(stopping.recv_timeout(DEADLINE), Ok(0));
    drop(shut_gates);
    assert_eq!(ending.join().unwrap(), Shutdown::Terminated);
    assert_eq!((ran.load(SeqCst), pool.counts().completed), (2, 6));
}
