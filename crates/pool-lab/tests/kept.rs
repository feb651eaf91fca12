//! The bytes that pools keep allocated, counted: after a burst, and for jobs that were cancelled. Everything is one test,
//! since the count is the process's.

mod support {
    pub mod live;
}

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use pool_bounded::{Bounded, BoundedPool};
use pool_core::{Attributes, CancelToken, JobHandle, JoinError, Pool, PoolExt};
use pool_mpsc::{Mpsc, MpscPool};
use pool_priority::{Levels, PriorityPool};
use pool_stealing::StealingPool;

use self::support::live::live;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The documentation of the strategies has the figures for ten times as many.
const BURST: usize = 300_000;

/// What a pool of two workers may keep of a burst.
const KEPT: usize = 192 * KIB;

const STACK: usize = 64 * MIB;

/// Builds a pool of two workers whose queue holds a burst.
type Build = fn() -> Arc<dyn Pool>;

/// Listed here, and not taken from the table of engines: this program has an allocator of its own, and so has pool-lab.
const STRATEGIES: [(&str, Build); 6] = [
    ("mpsc", || Arc::new(MpscPool::builder().threads(2).stack_size(STACK).build().unwrap())),
    ("mpsc, batches", || {
        let strategy = Mpsc::new().batch(NonZeroUsize::new(1024).unwrap());
        Arc::new(MpscPool::with(strategy).threads(2).stack_size(STACK).build().unwrap())
    }),
    ("bounded", || {
        Arc::new(BoundedPool::with(Bounded::new(BURST + 64)).threads(2).stack_size(STACK).build().unwrap())
    }),
    ("priority", || Arc::new(PriorityPool::builder().threads(2).stack_size(STACK).build().unwrap())),
    ("priority, express", || {
        Arc::new(
            PriorityPool::with(Levels::default().express(1, 8)).threads(2).stack_size(STACK).build().unwrap(),
        )
    }),
    ("stealing", || Arc::new(StealingPool::builder().threads(2).stack_size(STACK).build().unwrap())),
];

#[test]
fn pools_keep_what_they_say() {
    // A closure of a mebibyte is moved a few times before it lies in the queue.
    thread::Builder::new().stack_size(STACK).spawn(check_all).unwrap().join().unwrap();
}

fn check_all() {
    for (name, build) in STRATEGIES {
        let pool = build();
        warm_up(&pool);
        bursts_are_given_back(name, "from outside", &pool, from_outside);
        bursts_are_given_back(name, "from a job", &pool, from_a_job);
        bursts_are_given_back(name, "for another worker", &pool, for_another_worker);
        bursts_are_given_back(name, "of mail", &pool, of_mail);
        bursts_are_given_back(name, "in a scope", &pool, in_a_scope);
        a_worker_that_leaves_keeps_nothing(name, &pool);
        cancelled_jobs_give_their_captures_back(name, &pool);
        jobs_whose_token_is_set_keep_theirs(name, &pool);
    }
}

/// What a pool and its threads allocate once.
fn warm_up(pool: &Arc<dyn Pool>) {
    for _ in 0..100 {
        pool.scope(|scope| (0..100).for_each(|_| scope.execute(|| ())));
        let inner = pool.clone();
        pool.spawn(move || (0..100).for_each(|_| inner.execute(|| ()).unwrap())).unwrap().join().unwrap();
        pool.spawn_broadcast(|_| ()).unwrap().into_iter().for_each(|handle| handle.join().unwrap());
        assert!(pool.wait_idle(None));
    }
}

/// Keeps these workers busy until the senders are dropped.
fn plug(pool: &Arc<dyn Pool>, workers: Range<usize>) -> Vec<Sender<()>> {
    let (started, running) = channel();
    let plugs = workers.clone().map(|worker| {
        let (started, (release, released)) = (started.clone(), channel::<()>());
        pool.execute_on(worker, move || {
            started.send(()).unwrap();
            let _ = released.recv();
        })
        .unwrap();
        release
    });
    let plugs = plugs.collect();
    workers.for_each(|_| running.recv().unwrap());
    plugs
}

fn from_outside(pool: &Arc<dyn Pool>) {
    let plugs = plug(pool, 0..2);
    (0..BURST).for_each(|_| pool.execute(|| ()).unwrap());
    drop(plugs);
}

fn from_a_job(pool: &Arc<dyn Pool>) {
    // Nobody takes a job before all are there.
    let (inner, plugs) = (pool.clone(), plug(pool, 1..2));
    pool.execute_on(0, move || {
        (0..BURST).for_each(|_| inner.execute(|| ()).unwrap());
        drop(plugs);
    })
    .unwrap();
}

/// The job goes on until the other worker has emptied the queue.
fn for_another_worker(pool: &Arc<dyn Pool>) {
    let (inner, plugs) = (pool.clone(), plug(pool, 1..2));
    pool.execute_on(0, move || {
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..BURST {
            let ran = ran.clone();
            let count = move || {
                ran.fetch_add(1, SeqCst);
            };
            inner.execute(count).unwrap();
        }
        drop(plugs);
        while ran.load(SeqCst) < BURST {
            thread::yield_now();
        }
    })
    .unwrap();
}

fn of_mail(pool: &Arc<dyn Pool>) {
    let plugs = plug(pool, 0..2);
    (0..BURST / 30).for_each(|_| pool.execute_on(0, || ()).unwrap());
    drop(plugs);
}

fn in_a_scope(pool: &Arc<dyn Pool>) {
    let plugs = plug(pool, 0..2);
    pool.scope(|scope| {
        (0..BURST).for_each(|_| scope.execute(|| ()));
        drop(plugs);
    });
}

/// Twice, so that the second burst shows that nothing piles up.
fn bursts_are_given_back(name: &str, kind: &str, pool: &Arc<dyn Pool>, burst: fn(&Arc<dyn Pool>)) {
    let before = live();
    for _ in 0..2 {
        burst(pool);
        assert!(pool.wait_idle(None));
        let idle = live().saturating_sub(before);
        let kept = until(KEPT, || live().saturating_sub(before));
        println!("{name}: of a burst {kind} {} KiB at once, {} KiB at rest", idle / KIB, kept / KIB);
        assert!(kept <= KEPT, "{name}: {} KiB of a burst {kind} are kept", kept / KIB);
    }
}

/// It leaves a queue behind that others empty.
fn a_worker_that_leaves_keeps_nothing(name: &str, pool: &Arc<dyn Pool>) {
    let (inner, plugs, before) = (pool.clone(), plug(pool, 0..1), live());
    pool.execute_on(1, move || {
        (0..BURST).for_each(|_| inner.execute(|| ()).unwrap());
        inner.resize(1).unwrap();
    })
    .unwrap();
    until(0, || usize::from(pool.present_workers() != [0]));
    drop(plugs);
    assert!(pool.wait_idle(None));
    let kept = until(KEPT, || live().saturating_sub(before));
    println!("{name}: {} KiB are kept when the worker that had them queued has left", kept / KIB);
    assert!(kept <= KEPT && pool.counts().queued == 0);
    pool.resize(2).unwrap();
    until(0, || usize::from(pool.present_workers() != [0, 1]));
}

/// What there is when it is no more than this, or when it was not for long.
fn until(limit: usize, bytes: impl Fn() -> usize) -> usize {
    let deadline = Instant::now() + Duration::from_secs(60);
    while bytes() > limit && Instant::now() < deadline {
        thread::yield_now();
    }
    bytes()
}

const CANCELLED: usize = 96;

/// What a cancelled job may keep until a worker comes across it.
const KEPT_OF_EACH: usize = 512;

fn spawn_large(pool: &Arc<dyn Pool>, attributes: &Attributes) -> JobHandle<usize> {
    let captured = [1_u8; MIB];
    pool.spawn_with(attributes.clone(), move || std::hint::black_box(&captured).len()).unwrap()
}

fn cancelled_jobs_give_their_captures_back(name: &str, pool: &Arc<dyn Pool>) {
    let plugs = plug(pool, 0..2);
    let before = live();
    let handles: Vec<_> = (0..CANCELLED).map(|_| spawn_large(pool, &Attributes::new())).collect();
    let queued = live() - before;
    assert!(queued >= CANCELLED * MIB);
    handles.iter().for_each(|handle| assert!(handle.cancel()));
    let kept = live() - before;
    println!("{name}: {CANCELLED} jobs keep {} KiB, {} bytes once they are cancelled", queued / KIB, kept);
    assert!(kept <= CANCELLED * KEPT_OF_EACH, "{name}: {CANCELLED} cancelled jobs keep {} KiB", kept / KIB);
    drop(plugs);
    for handle in handles {
        assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
    }
    assert!(pool.wait_idle(None));
}

/// Nobody looks at a token before a worker comes across the job.
fn jobs_whose_token_is_set_keep_theirs(name: &str, pool: &Arc<dyn Pool>) {
    let plugs = plug(pool, 0..2);
    let (before, token) = (live(), CancelToken::new());
    let attributes = Attributes::new().token(&token);
    let handles: Vec<_> = (0..CANCELLED).map(|_| spawn_large(pool, &attributes)).collect();
    token.cancel();
    let kept = live() - before;
    assert!(kept >= CANCELLED * MIB, "then the documents are behind");
    drop(plugs);
    for handle in handles {
        assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
    }
    let kept = until(KEPT, || live().saturating_sub(before));
    println!("{name}: {CANCELLED} jobs whose token was set keep {} KiB when they were popped", kept / KIB);
    assert!(kept <= KEPT);
}
