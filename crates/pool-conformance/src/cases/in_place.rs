//! Jobs that submit the next: however many there are, and wherever they run, they take no more stack.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use pool_core::strategy::MOST_IN_PLACE;
use pool_core::{Attributes, CancelToken, Job, Pool, PoolExt, Shutdown};

use crate::case::{Case, case};
use crate::tools::{SharedCount, mailbox, panic_on_purpose, until};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Panics, ShutdownNow, TakesAll, WaitIdle};
    vec![
        case!("in_place", chains_of_jobs_take_no_stack).needs(&[TakesAll, Counts, WaitIdle, Claim::Shutdown]),
        case!("in_place", chains_that_panic_go_on).needs(&[TakesAll, Counts, WaitIdle, Panics]),
        case!("in_place", a_chain_of_handles_may_be_joined).needs(&[TakesAll, WaitIdle, Claim::NestedWaits]),
        case!("in_place", what_one_job_submits_in_a_row_runs_once).needs(&[TakesAll, Counts, WaitIdle]),
        case!("in_place", a_shutdown_runs_what_is_kept).needs(&[TakesAll, Claim::Shutdown]),
        case!("in_place", shutdown_now_gives_back_what_is_kept).needs(&[TakesAll, ShutdownNow]),
        case!("in_place", a_token_stops_a_chain).needs(&[TakesAll, Counts, WaitIdle]),
        case!("in_place", a_pause_holds_what_is_kept).needs(&[TakesAll, Claim::Lifecycle, Counts]),
    ]
}

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Runs this one level deeper.
fn nested(f: impl FnOnce()) {
    struct Level;
    impl Drop for Level {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get() - 1);
        }
    }
    DEPTH.set(DEPTH.get() + 1);
    let _level = Level;
    // The first of them was not run in place.
    assert!(DEPTH.get() <= MOST_IN_PLACE + 1);
    f();
}

/// Submits a job that does this for each number from here down to 0, in a job of its own, each submitted by the one before.
fn descend(pool: &Arc<dyn Pool>, from: usize, step: impl Fn(usize) + Clone + Send + 'static) {
    let inner = pool.clone();
    let job = move || {
        nested(|| {
            if from > 0 {
                descend(&inner, from - 1, step.clone());
            }
            step(from);
        });
    };
    pool.execute(job).unwrap();
}

const STEPS: usize = 20_000;

/// Two chains, so that a queue of one is full at every step.
fn chains_of_jobs_take_no_stack(subject: &Subject) {
    for threads in 1..=2 {
        let pool = subject.pool_of(threads);
        let ran = SharedCount::default();
        for _ in 0..2 {
            let ran = ran.clone();
            descend(&pool, STEPS - 1, move |_| ran.add());
        }
        assert!(pool.wait_idle(None));
        assert_eq!(ran.get(), 2 * STEPS);
        let counts = pool.counts();
        assert_eq!((counts.completed, counts.accounted()), (counts.submitted, counts.submitted));
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
    }
}

fn chains_that_panic_go_on(subject: &Subject) {
    let pool = subject.pool_of(1);
    for _ in 0..2 {
        descend(&pool, 999, |_| panic_on_purpose());
    }
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.panicked, counts.accounted()), (2000, counts.submitted));
}

/// Each job of the chain spawns the next and hands its handle on, so that all are joined in the end.
fn a_chain_of_handles_may_be_joined(subject: &Subject) {
    fn step(pool: &Arc<dyn Pool>, left: usize, say: Sender<pool_core::JobHandle<usize>>) {
        let inner = pool.clone();
        let next = say.clone();
        let handle = pool.spawn(move || {
            if left > 0 {
                step(&inner, left - 1, next);
            }
            left
        });
        say.send(handle.unwrap()).unwrap();
    }
    for threads in 1..=2 {
        let pool = subject.pool_of(threads);
        let (say, said) = mailbox();
        step(&pool, 999, say.clone());
        step(&pool, 999, say);
        // One half from outside, the other in a job, which may run what nobody has started.
        let mut numbers: Vec<usize> = said.iter().take(1000).map(|handle| handle.join().unwrap()).collect();
        let rest = pool.spawn(move || said.iter().map(|handle| handle.join().unwrap()).collect::<Vec<_>>());
        numbers.extend(rest.unwrap().join().unwrap());
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq((0..1000).flat_map(|number| [number; 2])));
    }
}

/// At every depth a job submits several, so that some are kept while others are run in place.
fn what_one_job_submits_in_a_row_runs_once(subject: &Subject) {
    let pool = subject.pool_of(1);
    let ran = SharedCount::default();
    let leaves = ran.clone();
    let inner = pool.clone();
    descend(&pool, 999, move |number| {
        for _ in 0..number % 4 {
            let leaves = leaves.clone();
            inner.execute(move || nested(|| leaves.add())).unwrap();
        }
    });
    assert!(pool.wait_idle(None));
    assert_eq!(ran.get(), 250 * (1 + 2 + 3));
}

/// As `descend`, on a pool that may be shut down meanwhile. Counts what it takes.
fn descend_if_taken(pool: &Arc<dyn Pool>, from: usize, taken: &SharedCount, ran: &SharedCount) {
    let (inner, takes, runs) = (pool.clone(), taken.clone(), ran.clone());
    let job = move || {
        nested(|| {
            runs.add();
            if from > 0 {
                descend_if_taken(&inner, from - 1, &takes, &runs);
            }
        });
    };
    if pool.execute(job).is_ok() {
        taken.add();
    }
}

fn a_shutdown_runs_what_is_kept(subject: &Subject) {
    for threads in [1, 2].repeat(20) {
        let pool = subject.pool_of(threads);
        let (taken, ran) = (SharedCount::default(), SharedCount::default());
        (0..2).for_each(|_| descend_if_taken(&pool, 300, &taken, &ran));
        assert_eq!(pool.shutdown(), Shutdown::Terminated);
        assert_eq!(ran.get(), taken.get());
    }
}

fn shutdown_now_gives_back_what_is_kept(subject: &Subject) {
    for threads in [1, 2].repeat(20) {
        let pool = subject.pool_of(threads);
        let (taken, ran) = (SharedCount::default(), SharedCount::default());
        (0..2).for_each(|_| descend_if_taken(&pool, 300, &taken, &ran));
        let (jobs, _) = pool.shutdown_now();
        assert_eq!(ran.get() + jobs.len(), taken.get());
        jobs.into_iter().for_each(Job::run);
        assert_eq!(ran.get(), taken.get());
    }
}

fn a_token_stops_a_chain(subject: &Subject) {
    fn step(pool: &Arc<dyn Pool>, token: &CancelToken, ran: &SharedCount) {
        let (inner, next, inside) = (pool.clone(), token.clone(), ran.clone());
        let job = move || {
            nested(|| {
                if inside.add_and_get() == 500 {
                    next.cancel();
                }
                step(&inner, &next, &inside);
            });
        };
        pool.execute_with(Attributes::new().token(token), job).unwrap();
    }
    let pool = subject.pool_of(1);
    let (token, ran) = (CancelToken::new(), SharedCount::default());
    // In a job, so that a full pool whose callers run what finds no room runs both chains on one thread.
    let (inner, begun) = (pool.clone(), ran.clone());
    pool.execute(move || (0..2).for_each(|_| step(&inner, &token, &begun))).unwrap();
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.completed, counts.cancelled, counts.accounted()), (501, 2, 503));
    assert_eq!(ran.get(), 500);
}

fn a_pause_holds_what_is_kept(subject: &Subject) {
    let pool = subject.pool_of(1);
    for _ in 0..20 {
        let ran = SharedCount::default();
        let (inside, inner) = (ran.clone(), pool.clone());
        let (say, said) = mailbox();
        let job = move || {
            inner.pause().unwrap();
            for _ in 0..2 {
                let inside = inside.clone();
                descend(&inner, 2 * MOST_IN_PLACE, move |_| inside.add());
            }
            say.send(()).unwrap();
        };
        pool.execute(job).unwrap();
        said.recv().unwrap();
        // Those that were run in place are not held up.
        until(|| pool.counts().running == 0);
        assert!(ran.get() < 2 * (2 * MOST_IN_PLACE + 1) && pool.counts().queued > 0);
        pool.resume().unwrap();
        until(|| ran.get() == 2 * (2 * MOST_IN_PLACE + 1));
    }
}
