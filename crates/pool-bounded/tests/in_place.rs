//! Jobs that a worker submits to its own full queue, or that `CallerRuns` has the submitter run: one inside the other, down to
//! a stated depth.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use pool_bounded::{Bounded, BoundedPool, Overflow};
use pool_core::strategy::MOST_IN_PLACE;
use pool_core::{Job, Pool, PoolExt, Shutdown, current};

/// Long enough for any machine; it turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(120);

const LONG: Duration = Duration::from_secs(3600);

const WAITING: [Overflow; 3] = [Overflow::Block, Overflow::Timeout(LONG), Overflow::CallerRuns];

fn pool(threads: usize, overflow: Overflow) -> Arc<BoundedPool> {
    Arc::new(BoundedPool::with(Bounded::new(1).overflow(overflow)).threads(threads).build().unwrap())
}

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// The deepest that jobs of `step` have lain on each other.
static DEEPEST: AtomicUsize = AtomicUsize::new(0);

fn step(pool: &Arc<BoundedPool>, left: usize, ran: &Arc<AtomicUsize>) {
    let (inner, counts) = (pool.clone(), ran.clone());
    let job = move || {
        DEPTH.set(DEPTH.get() + 1);
        DEEPEST.fetch_max(DEPTH.get(), SeqCst);
        counts.fetch_add(1, SeqCst);
        if left > 1 {
            step(&inner, left - 1, &counts);
        }
        DEPTH.set(DEPTH.get() - 1);
    };
    pool.execute(job).unwrap();
}

/// Two chains, so that the queue is full at every step; workers with the stack that std gives a thread.
#[test]
fn a_million_steps_take_no_more_stack_than_a_few() {
    const STEPS: usize = if cfg!(debug_assertions) { 50_000 } else { 500_000 };
    for overflow in WAITING {
        for threads in 1..=2 {
            let (pool, ran) = (pool(threads, overflow), Arc::default());
            (0..2).for_each(|_| step(&pool, STEPS, &ran));
            assert!(pool.wait_idle(Some(DEADLINE)), "{overflow:?} on {threads}: {:?}", pool.counts());
            assert_eq!((ran.load(SeqCst), pool.counts().completed), (2 * STEPS, 2 * STEPS as u64));
        }
    }
    assert_eq!(DEEPEST.load(SeqCst), MOST_IN_PLACE + 1, "the outermost came out of the queue");
}

/// A pool whose only worker is inside a job that has filled the queue and submitted a chain of jobs, one more than can be run
/// in place.
struct Kept {
    pool: Arc<BoundedPool>,
    go: Sender<()>,
    said: Receiver<&'static str>,
}

impl Kept {
    fn new() -> Self {
        let pool = pool(1, Overflow::Block);
        let (go, goes) = channel();
        let (say, said) = channel();
        let (filled, full) = channel();
        let inner = pool.clone();
        let outermost = move || {
            let queued = say.clone();
            inner.execute(move || queued.send("queued").unwrap()).unwrap();
            descend(&inner, MOST_IN_PLACE, say.clone());
            filled.send(()).unwrap();
            goes.recv().unwrap();
            say.send("outermost").unwrap();
        };
        pool.execute(outermost).unwrap();
        full.recv_timeout(DEADLINE).unwrap();
        assert_eq!(pool.counts().queued, 2, "the one in the queue, and the one that is kept");
        Kept { pool, go, said }
    }

    fn said(&self) -> Vec<&'static str> {
        self.said.iter().collect()
    }
}

/// A chain of jobs, of which the last says that it has run.
fn descend(pool: &Arc<BoundedPool>, left: usize, say: Sender<&'static str>) {
    let inner = pool.clone();
    let job = move || if left == 0 { say.send("kept").unwrap() } else { descend(&inner, left - 1, say) };
    pool.execute(job).unwrap();
}

#[test]
fn what_is_too_deep_runs_when_the_outermost_has_ended() {
    let kept = Kept::new();
    assert_eq!(kept.said.try_recv().ok(), None);
    kept.go.send(()).unwrap();
    assert_eq!(kept.said(), ["outermost", "kept", "queued"]);
}

#[test]
fn another_worker_may_run_it_meanwhile() {
    let pool = BoundedPool::with(Bounded::new(1)).threads(1).max_threads(2).build().map(Arc::new).unwrap();
    let (say, said) = channel();
    let inner = pool.clone();
    let outermost = move || {
        let (queued, waits) = channel();
        inner.execute(move || queued.send(()).unwrap()).unwrap();
        let (deepest, ran) = channel();
        descend(&inner, MOST_IN_PLACE, deepest);
        assert_eq!(inner.counts().queued, 2);
        inner.resize(2).unwrap();
        waits.recv_timeout(DEADLINE).unwrap();
        say.send(ran.recv_timeout(DEADLINE).unwrap()).unwrap();
    };
    pool.execute(outermost).unwrap();
    assert_eq!(said.recv_timeout(DEADLINE), Ok("kept"));
}

#[test]
fn shutdown_now_gives_it_back_behind_what_is_queued() {
    let kept = Kept::new();
    let (jobs, shutdown) = kept.pool.shutdown_now_timeout(Duration::ZERO).unwrap();
    assert_eq!((jobs.len(), shutdown), (2, Shutdown::Pending { queued: 0, running: 1 }));
    jobs.into_iter().for_each(Job::run);
    kept.go.send(()).unwrap();
    assert_eq!(kept.pool.shutdown(), Shutdown::Terminated);
    let counts = kept.pool.counts();
    assert_eq!((counts.discarded, counts.accounted()), (2, counts.submitted));
    assert_eq!(kept.said(), ["queued", "kept", "outermost"]);
}

#[test]
fn a_waiter_runs_it_in_place() {
    let pool = pool(1, Overflow::Block);
    let inner = pool.clone();
    /// Spawns a job inside a job, down to where it is kept, and joins it there.
    fn spawn_at(pool: &Arc<BoundedPool>, depth: usize) -> usize {
        let inner = pool.clone();
        if depth == MOST_IN_PLACE {
            return pool.spawn(|| 7).unwrap().join().unwrap();
        }
        let handle = pool.spawn(move || spawn_at(&inner, depth + 1)).unwrap();
        assert!(handle.is_finished(), "it has run in place");
        handle.join().unwrap()
    }
    let outermost = pool.spawn(move || {
        inner.execute(|| ()).unwrap();
        spawn_at(&inner, 0)
    });
    assert_eq!(outermost.unwrap().join().unwrap(), 7);
    assert!(pool.wait_idle(Some(DEADLINE)));
    assert_eq!(pool.counts().completed, 3 + MOST_IN_PLACE as u64);
}

/// A thread outside is no worker and goes back to no queue: what is too deep there, a worker runs.
#[test]
fn a_chain_on_the_caller_ends_on_a_worker() {
    let pool = pool(1, Overflow::CallerRuns);
    let (started, running) = channel();
    let (go, goes) = channel::<()>();
    let hold = move || {
        started.send(()).unwrap();
        let _ = goes.recv();
    };
    pool.execute(hold).unwrap();
    running.recv_timeout(DEADLINE).unwrap();
    pool.execute(|| ()).unwrap();
    let (say, said) = channel();
    fn descend(pool: &Arc<BoundedPool>, left: usize, say: Sender<bool>) {
        let inner = pool.clone();
        let job = move || {
            say.send(current().is_some()).unwrap();
            if left > 0 {
                descend(&inner, left - 1, say);
            }
        };
        pool.execute(job).unwrap();
    }
    descend(&pool, 2 * MOST_IN_PLACE, say);
    assert_eq!(said.try_iter().collect::<Vec<_>>(), [false; MOST_IN_PLACE]);
    assert_eq!(pool.counts().queued, 2);
    drop(go);
    assert_eq!(said.iter().collect::<Vec<_>>(), [true; MOST_IN_PLACE + 1]);
}

/// Two pools that submit to each other share the depth, since they share the stack.
#[test]
fn pools_that_submit_to_each_other_take_no_more_stack() {
    let pools = [pool(1, Overflow::CallerRuns), pool(1, Overflow::CallerRuns)];
    let ran = Arc::new(AtomicUsize::new(0));
    fn step(pools: &[Arc<BoundedPool>; 2], left: usize, ran: &Arc<AtomicUsize>) {
        let (inner, counts) = (pools.clone(), ran.clone());
        let job = move || {
            DEPTH.set(DEPTH.get() + 1);
            assert!(DEPTH.get() <= MOST_IN_PLACE + 1);
            counts.fetch_add(1, SeqCst);
            if left > 1 {
                step(&inner, left - 1, &counts);
            }
            DEPTH.set(DEPTH.get() - 1);
        };
        pools[left % 2].execute(job).unwrap();
    }
    (0..4).for_each(|chain| step(&pools, 50_000 + chain, &ran));
    let deadline = Instant::now() + DEADLINE;
    while ran.load(SeqCst) < 200_006 && Instant::now() < deadline {
        thread::yield_now();
    }
    assert_eq!(ran.load(SeqCst), 200_006);
}

/// What a policy displaces is dropped by the submitter, and its destructor may submit what displaces the next.
#[test]
fn destructors_that_submit_take_no_more_stack() {
    /// Submits itself once more when it is displaced.
    struct Again(Arc<BoundedPool>, Arc<AtomicUsize>, bool);
    impl Drop for Again {
        fn drop(&mut self) {
            self.1.fetch_add(1, SeqCst);
            if self.2 {
                let again = Again(self.0.clone(), self.1.clone(), false);
                self.0.execute(move || drop(again)).unwrap();
            }
        }
    }
    const MANY: usize = 100_000;
    let strategy = Bounded::new(MANY).overflow(Overflow::DropOldest);
    let pool = BoundedPool::with(strategy).threads(1).build().map(Arc::new).unwrap();
    let dropped = Arc::new(AtomicUsize::new(0));
    pool.pause().unwrap();
    for _ in 0..MANY {
        let again = Again(pool.clone(), dropped.clone(), true);
        pool.execute(move || drop(again)).unwrap();
    }
    pool.execute(|| ()).unwrap();
    pool.resume().unwrap();
    assert!(pool.wait_idle(Some(DEADLINE)));
    assert_eq!(dropped.load(SeqCst), 2 * MANY);
    assert_eq!(pool.counts().accounted(), pool.counts().submitted);
}
