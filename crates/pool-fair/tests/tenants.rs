//! Settings, shares and limits, on a pool.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use pool_core::{Attributes, Pool, PoolExt, QueueId, Reason, Submit};
use pool_fair::{Fair, FairPool, Queue};

/// A pool of one worker, which is busy until the sender is dropped.
fn held(fair: Fair) -> (FairPool, Sender<()>) {
    let pool = FairPool::with(fair).threads(1).build().unwrap();
    let release = hold(&pool, QueueId::default());
    (pool, release)
}

/// Makes a worker busy with a job of this queue, until the sender is dropped.
fn hold(pool: &FairPool, queue: QueueId) -> Sender<()> {
    let (release, released): (_, Receiver<()>) = channel();
    let (started, running) = channel();
    let job = move || {
        started.send(()).unwrap();
        let _ = released.recv();
    };
    pool.execute_with(queue, job).unwrap();
    running.recv().unwrap();
    release
}

#[test]
fn tenants_share_the_run_time_by_weight() {
    let clock = Arc::new(AtomicU64::new(0));
    let now = clock.clone();
    let fair = Fair::new([Queue::new("hold"), Queue::new("a").weight(3), Queue::new("b")])
        .clock(move || Duration::from_micros(now.load(Relaxed)));
    let ids = [fair.id("a").unwrap(), fair.id("b").unwrap()];
    let (pool, release) = held(fair);
    // All of the burst of `a` is submitted before `b` comes.
    let log = Arc::new(Mutex::new(Vec::new()));
    for (tenant, (jobs, cost)) in [(6_000, 50), (1_000, 200)].into_iter().enumerate() {
        for _ in 0..jobs {
            let (clock, log) = (clock.clone(), log.clone());
            let job = move || {
                clock.fetch_add(cost, Relaxed);
                log.lock().unwrap().push((tenant, cost));
            };
            pool.execute_with(ids[tenant], job).unwrap();
        }
    }
    drop(release);
    let _ = pool.shutdown();
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 7_000);
    let mut time = [0, 0];
    for &(tenant, cost) in log.iter() {
        time[tenant] += cost;
        // While both have jobs, at every moment: a turn of 3 ms and of 1 ms, and a job.
        if time[0] < 300_000 && time[1] < 200_000 {
            assert!(time[0].abs_diff(3 * time[1]) <= 2 * (3_000 + 3 * 200), "{time:?}");
        }
    }
    assert_eq!(time, [300_000, 200_000]);
}

#[test]
fn a_full_queue_refuses_and_the_others_do_not() {
    let fair = Fair::new([Queue::new("small").limit(1), Queue::new("any")]);
    let (small, any) = (fair.id("small").unwrap(), fair.id("any").unwrap());
    let (pool, release) = held(fair);
    pool.execute_with(small, || ()).unwrap();
    let refused = pool.execute_with(small, || ()).unwrap_err();
    assert_eq!(refused.reason(), Reason::Full);
    let at_once = Submit::default().queue(small).no_wait();
    assert_eq!(pool.execute_with(at_once, || ()).unwrap_err().reason(), Reason::Full);
    // It gives up when its time is over, and gets in when there is room before that.
    let briefly = Submit::default().queue(small).wait_at_most(Duration::from_millis(1));
    assert_eq!(pool.execute_with(briefly, || ()).unwrap_err().reason(), Reason::Full);
    pool.execute_with(any, || ()).unwrap();
    std::thread::scope(|scope| {
        let patient = Submit::default().queue(small).wait_at_most(Duration::from_secs(600));
        let pool = &pool;
        let waiting = scope.spawn(move || pool.execute_with(patient, || ()));
        drop(release);
        waiting.join().unwrap().unwrap();
    });
    let _ = pool.shutdown();
}

#[test]
fn a_queue_leaves_a_worker_to_the_others() {
    let fair = Fair::new([Queue::new("long").at_once(1), Queue::new("short")]);
    let (long, short) = (fair.id("long").unwrap(), fair.id("short").unwrap());
    let pool = FairPool::with(fair).threads(2).build().unwrap();
    let release = hold(&pool, long);
    let next = pool.spawn_with(long, || "after the first").unwrap();
    assert_eq!(pool.spawn_with(short, || "meanwhile").unwrap().join().unwrap(), "meanwhile");
    assert_eq!(pool.stats().counts.queued, 1);
    drop(release);
    assert_eq!(next.join().unwrap(), "after the first");
}

#[test]
fn jobs_that_wait_for_their_queue_run_at_shutdown() {
    let fair = Fair::new([Queue::new("one").at_once(1)]);
    let pool = FairPool::with(fair).threads(3).build().unwrap();
    let ran = Arc::new(AtomicU64::new(0));
    for _ in 0..1_000 {
        let ran = ran.clone();
        pool.execute(move || {
            let before = ran.load(Relaxed);
            std::thread::yield_now();
            // No other runs at the same time.
            ran.store(before + 1, Relaxed);
        })
        .unwrap();
    }
    let _ = pool.shutdown();
    assert_eq!(ran.load(Relaxed), 1_000);
}

#[test]
fn a_queue_can_be_named_through_a_dyn_pool_and_other_pools_ignore_it() {
    let fair = Fair::new([Queue::new("first").limit(1), Queue::new("second")]);
    let second = fair.id("second").unwrap();
    let (pool, release) = held(fair);
    let pool: Arc<dyn Pool> = Arc::new(pool);
    pool.execute(|| ()).unwrap();
    let named = pool.spawn_with(Attributes::new().queue(second).name("there"), || 7).unwrap();
    // An id of another pool is that of the first queue, which is full.
    assert!(pool.execute_with(QueueId::new(99), || ()).is_err());
    drop(release);
    assert_eq!(named.join().unwrap(), 7);
}

#[test]
fn settings_that_make_no_sense_are_refused_with_what_would() {
    let refused = |fair: Fair| FairPool::with(fair).threads(1).build().map(drop).unwrap_err().to_string();
    let a = || Queue::new("a");
    for (fair, says) in [
        (Fair::new([]), "1 to 4096 queues, not 0"),
        (Fair::new([a(), a()]), "two queues are named \"a\""),
        (Fair::new([a().weight(0)]), "the weight of queue \"a\" is 1 to 1000000, not 0"),
        (Fair::new([a().limit(0)]), "limit of queue \"a\" is at least 1"),
        (Fair::new([a().at_once(0)]), "at_once of queue \"a\" is at least 1"),
        (Fair::default().quantum(Duration::ZERO), "1 us to 1 s, not 0ns"),
    ] {
        let text = refused(fair);
        assert!(text.contains(says), "{text}");
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_task_waits_for_room_in_the_queue_of_its_own_tenant() {
    let fair = Fair::new([Queue::new("hold"), Queue::new("a").limit(1), Queue::new("b").limit(2)]);
    let [a, b] = ["a", "b"].map(|name| fair.id(name).unwrap());
    let (pool, release) = held(fair);
    pool.execute_with(a, || ()).unwrap();
    let mut of_a = [1, 2].map(|number| Box::pin(pool.spawn_async_with(a, move || number)));
    let mut context = Context::from_waker(Waker::noop());
    of_a.iter_mut().for_each(|waiting| assert!(waiting.as_mut().poll(&mut context).is_pending()));
    // The other tenant has room for two.
    let of_b = [3, 4].map(|number| block_on(pool.spawn_async_with(b, move || number)).unwrap());
    let error = pool.try_spawn_with(b, || 5).unwrap_err();
    assert_eq!((error.reason(), error.into_closure()()), (Reason::Full, 5));
    // A pop from the one queue is no room in the other, and no wake-up gets lost between them.
    let more_of_b = pool.spawn_async_with(b, || 5);
    let results = thread::scope(|threads| {
        let of_a = of_a.map(|waiting| threads.spawn(|| block_on(waiting).unwrap().join().unwrap()));
        let more = threads.spawn(|| block_on(more_of_b).unwrap().join().unwrap());
        drop(release);
        [of_a.map(|thread| thread.join().unwrap()).to_vec(), vec![more.join().unwrap()]].concat()
    });
    assert_eq!(results, [1, 2, 5]);
    assert_eq!(of_b.map(|handle| handle.join().unwrap()), [3, 4]);
}
