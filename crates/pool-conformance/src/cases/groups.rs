//! Groups of handles: all of them, the first, and each as it ends.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use pool_core::{
    Attributes, CancelToken, JobHandle, JoinError, JoinSet, Pool, PoolExt, Reason, current_token, join_all,
    join_any,
};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug, SharedCount, ended, panic_on_purpose, until};
use crate::{Claim, Subject};

/// It turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(30);

pub(super) fn cases() -> Vec<Case> {
    use Claim::{NestedWaits, ShutdownNow};
    vec![
        case!("groups", an_empty_group_has_nothing_to_wait_for),
        case!("groups", all_results_come_in_the_order_of_the_handles).submits(50),
        case!("groups", a_set_gives_each_result_once).submits(200),
        case!("groups", what_is_pushed_while_others_end_is_not_missed).submits(4),
        case!("groups", panics_and_cancellations_are_results).queues(3),
        case!("groups", the_first_that_ends_leaves_the_rest_to_be_joined).queues(2),
        case!("groups", the_first_that_ends_leaves_the_rest_to_be_cancelled).queues(2),
        case!("groups", a_wait_that_is_over_takes_nothing).queues(2),
        case!("groups", a_set_wakes_the_last_waker_once).queues(2),
        case!("groups", a_job_that_does_not_start_in_time_is_given_up).queues(2),
        case!("groups", a_set_that_is_dropped_cancels_its_jobs).queues(2),
        case!("groups", a_set_that_is_detached_lets_them_run).queues(2),
        case!("groups", those_that_run_are_told_by_the_set).submits(1),
        case!("groups", what_is_given_back_and_dropped_ends_in_the_set).needs(&[ShutdownNow]).queues(2),
        case!("groups", a_set_outlives_its_pool).queues(2),
        case!("groups", a_set_may_have_jobs_of_two_pools).queues(1),
        case!("groups", a_worker_waits_for_all_on_a_pool_of_one).needs(&[NestedWaits]).submits(9),
        case!("groups", a_worker_waits_for_any_on_a_pool_of_one).needs(&[NestedWaits]).submits(9),
        case!("groups", a_worker_takes_results_as_they_come_on_a_pool_of_one)
            .needs(&[NestedWaits])
            .submits(9),
        case!("groups", groups_nest_in_each_other).needs(&[NestedWaits]).submits(100),
        case!("groups", a_worker_never_runs_a_stranger_for_a_group).needs(&[NestedWaits]).queues(2),
    ]
}

fn spawn_all(pool: &Arc<dyn Pool>, jobs: usize) -> Vec<JobHandle<usize>> {
    (0..jobs).map(|number| pool.spawn(move || number).unwrap()).collect()
}

/// The next result, which has to come.
fn next<T>(set: &mut JoinSet<T>) -> Result<T, JoinError> {
    set.join_next_timeout(DEADLINE).expect("a job of the set ends")
}

/// The results that are left, sorted.
fn rest<T: Ord>(set: &mut JoinSet<T>) -> Vec<T> {
    let mut rest: Vec<T> = std::iter::from_fn(|| set.join_next()).map(Result::unwrap).collect();
    rest.sort();
    rest
}

fn an_empty_group_has_nothing_to_wait_for(_: &Subject) {
    assert!(join_all::<u8>([]).is_empty());
    assert!(join_any::<u8>([]).is_none());
    let mut set = JoinSet::<u8>::new();
    assert!(set.is_empty() && set.join_next().is_none() && set.try_join_next().is_none());
    assert!(set.join_next_timeout(DEADLINE).is_none());
    assert!(matches!(set.poll_join_next(&mut Context::from_waker(Waker::noop())), Poll::Ready(None)));
    assert_eq!(set.cancel_all(), 0);
}

fn all_results_come_in_the_order_of_the_handles(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..20 {
        let results = join_all(spawn_all(&pool, 50)).into_iter().map(Result::unwrap);
        assert!(results.eq(0..50));
    }
}

fn a_set_gives_each_result_once(subject: &Subject) {
    let pool = subject.pool_of(2);
    for _ in 0..20 {
        let mut set: JoinSet<usize> = spawn_all(&pool, 200).into_iter().collect();
        assert_eq!(set.len(), 200);
        assert!(rest(&mut set).into_iter().eq(0..200));
        assert!(set.is_empty() && set.try_join_next().is_none());
    }
}

fn what_is_pushed_while_others_end_is_not_missed(subject: &Subject) {
    let pool = subject.pool_of(2);
    let mut set = JoinSet::new();
    let mut sum = 0;
    for number in 0..2000_u64 {
        set.spawn(&pool, move || number).unwrap();
        if set.len() == 4 {
            sum += next(&mut set).unwrap();
        }
    }
    assert_eq!(sum + rest(&mut set).into_iter().sum::<u64>(), 1999 * 1000);
}

fn panics_and_cancellations_are_results(subject: &Subject) {
    let pool = subject.pool_of(1);
    let handles = || {
        let plug = Plug::all(&pool);
        let panics: JobHandle<u8> = pool.spawn(|| panic_on_purpose()).unwrap();
        let handles = [panics, pool.spawn(|| 1).unwrap(), pool.spawn(|| 2).unwrap()];
        assert!(handles[1].cancel());
        plug.pull();
        handles
    };
    let results = join_all(handles());
    let [Err(JoinError::Panicked(_)), Err(JoinError::Cancelled), Ok(2)] = &results[..] else {
        panic!("{results:?}")
    };
    let mut set: JoinSet<u8> = handles().into_iter().collect();
    let results = [(); 3].map(|()| next(&mut set));
    assert_eq!(results.iter().filter(|result| matches!(result, Err(JoinError::Cancelled))).count(), 1);
    assert_eq!(results.iter().filter(|result| matches!(result, Err(JoinError::Panicked(_)))).count(), 1);
    assert_eq!(results.iter().filter(|result| matches!(result, Ok(2))).count(), 1);
    let (_, first, others) = join_any(handles()).unwrap();
    let both = others.into_iter().map(ended).chain([first]);
    assert_eq!(both.filter(Result::is_err).count(), 2);
}

/// A pool of one that is held up, with two jobs in its queue of which the second is done by hand: it was cancelled.
fn one_of_two_has_ended(pool: &Arc<dyn Pool>) -> (Plug, [JobHandle<usize>; 2]) {
    let plug = Plug::all(pool);
    let handles = [1, 2].map(|number| pool.spawn(move || number).unwrap());
    assert!(handles[1].cancel());
    (plug, handles)
}

fn the_first_that_ends_leaves_the_rest_to_be_joined(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (plug, handles) = one_of_two_has_ended(&pool);
    let (place, result, mut rest) = join_any(handles).unwrap();
    assert!(place == 1 && matches!(result, Err(JoinError::Cancelled)));
    assert_eq!(rest.len(), 1);
    plug.pull();
    assert_eq!(ended(rest.pop().unwrap()).unwrap(), 1);
}

fn the_first_that_ends_leaves_the_rest_to_be_cancelled(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (plug, handles) = one_of_two_has_ended(&pool);
    let (_, _, mut rest) = join_any(handles).unwrap();
    assert!(rest[0].cancel());
    plug.pull();
    let (place, result, none) = join_any(rest.drain(..)).unwrap();
    assert!(place == 0 && matches!(result, Err(JoinError::Cancelled)) && none.is_empty());
}

fn a_wait_that_is_over_takes_nothing(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut set: JoinSet<usize> = spawn_all(&pool, 2).into_iter().collect();
    for limit in [Duration::ZERO, Duration::from_millis(1)] {
        assert!(set.join_next_timeout(limit).is_none());
    }
    assert!(set.try_join_next().is_none());
    assert_eq!(set.len(), 2);
    plug.pull();
    assert_eq!(rest(&mut set), [0, 1]);
}

struct CountsWakes(SharedCount);

impl Wake for CountsWakes {
    fn wake(self: Arc<Self>) {
        self.0.add();
    }
}

fn a_set_wakes_the_last_waker_once(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut set: JoinSet<usize> = spawn_all(&pool, 2).into_iter().collect();
    let woken = [(); 2].map(|()| SharedCount::default());
    for tally in &woken {
        let waker = Waker::from(Arc::new(CountsWakes(tally.clone())));
        assert!(set.poll_join_next(&mut Context::from_waker(&waker)).is_pending());
    }
    plug.pull();
    until(|| woken[1].get() > 0);
    assert_eq!(rest(&mut set), [0, 1]);
    assert_eq!((woken[0].get(), woken[1].get()), (0, 1));
}

fn a_job_that_does_not_start_in_time_is_given_up(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut set = JoinSet::new();
    set.spawn(&pool, || 1).unwrap();
    set.spawn_with(&pool, Attributes::new().start_within(Duration::from_millis(2)), || 2).unwrap();
    assert!(matches!(next(&mut set), Err(JoinError::Unrun(Reason::Expired))), "nobody else looks at it");
    plug.pull();
    assert_eq!(rest(&mut set), [1]);
}

fn a_set_that_is_dropped_cancels_its_jobs(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (ran, dropped) = (SharedCount::default(), SharedCount::default());
    let mut set = JoinSet::new();
    for _ in 0..2 {
        let (ran, held) = (ran.clone(), dropped.on_drop());
        set.spawn(&pool, move || {
            ran.add();
            drop(held);
        })
        .unwrap();
    }
    drop(set);
    assert_eq!(dropped.get(), 2, "what the jobs held is dropped");
    plug.pull();
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert_eq!(ran.get(), 0);
}

fn a_set_that_is_detached_lets_them_run(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut set = JoinSet::new();
    let ran = SharedCount::default();
    for _ in 0..2 {
        let ran = ran.clone();
        set.spawn(&pool, move || ran.add()).unwrap();
    }
    set.detach_all();
    assert!(set.is_empty() && set.try_join_next().is_none());
    drop(set);
    plug.pull();
    until(|| ran.get() == 2);
}

fn those_that_run_are_told_by_the_set(subject: &Subject) {
    let (pool, started) = (subject.pool_of(1), Latch::default());
    let starts = started.clone();
    let mut set = JoinSet::new();
    let job = move || {
        starts.open();
        current_token().expect("the job has a token").wait();
    };
    set.spawn_with(&pool, Attributes::new().token(&CancelToken::new()), job).unwrap();
    started.wait();
    assert_eq!(set.cancel_all(), 0, "it has started");
    next(&mut set).unwrap();
}

fn what_is_given_back_and_dropped_ends_in_the_set(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut set: JoinSet<usize> = spawn_all(&pool, 2).into_iter().collect();
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    drop(ender.join().unwrap());
    for _ in 0..2 {
        assert!(matches!(next(&mut set), Err(JoinError::Unrun(_))));
    }
    assert!(set.is_empty());
}

fn a_set_outlives_its_pool(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let mut set: JoinSet<usize> = spawn_all(&pool, 2).into_iter().collect();
    plug.pull();
    drop(pool);
    let ended = [(); 2].map(|()| next(&mut set));
    assert!(ended.iter().all(|result| matches!(result, Ok(_) | Err(JoinError::Unrun(_)))), "{ended:?}");
}

fn a_set_may_have_jobs_of_two_pools(subject: &Subject) {
    let pools = [subject.pool_of(1), subject.pool_of(1)];
    let plug = Plug::all(&pools[0]);
    let mut set = JoinSet::new();
    for (number, pool) in pools.iter().enumerate() {
        set.spawn(pool, move || number).unwrap();
    }
    assert_eq!(next(&mut set).unwrap(), 1, "the other pool is held up");
    plug.pull();
    assert_eq!(next(&mut set).unwrap(), 0);
}

/// Has a worker of a pool of one do this with the handles of eight jobs that nobody else could run meanwhile.
fn on_the_only_worker<R: Send + 'static>(
    subject: &Subject,
    wait: fn(Vec<JobHandle<usize>>) -> R,
) -> (Arc<dyn Pool>, R) {
    let pool = subject.pool_of(1);
    let inner = pool.clone();
    let outcome = ended(pool.spawn(move || wait(spawn_all(&inner, 8))).unwrap());
    (pool, outcome.unwrap())
}

fn a_worker_waits_for_all_on_a_pool_of_one(subject: &Subject) {
    let (_, results) = on_the_only_worker(subject, join_all);
    assert!(results.into_iter().map(Result::unwrap).eq(0..8));
}

fn a_worker_waits_for_any_on_a_pool_of_one(subject: &Subject) {
    let (_pool, outcome) = on_the_only_worker(subject, join_any);
    let (place, result, rest) = outcome.unwrap();
    assert_eq!((place, rest.len()), (result.unwrap(), 7));
    let others: Vec<usize> = rest.into_iter().map(|handle| ended(handle).unwrap()).collect();
    assert!(others.into_iter().eq((0..8).filter(|number| *number != place)));
}

fn a_worker_takes_results_as_they_come_on_a_pool_of_one(subject: &Subject) {
    let (_, results) = on_the_only_worker(subject, |handles| rest(&mut handles.into_iter().collect()));
    assert!(results.into_iter().eq(0..8));
}

/// A tree of groups: each job waits for a group of its own, in turn in one way and the other.
fn tree(pool: &Arc<dyn Pool>, depth: usize) -> usize {
    if depth == 0 {
        return 1;
    }
    let handles = [(); 3].map(|()| {
        let inner = pool.clone();
        pool.spawn(move || tree(&inner, depth - 1)).unwrap()
    });
    if depth.is_multiple_of(2) {
        return join_all(handles).into_iter().map(Result::unwrap).sum();
    }
    let mut set: JoinSet<usize> = handles.into_iter().collect();
    std::iter::from_fn(|| set.join_next()).map(Result::unwrap).sum()
}

fn groups_nest_in_each_other(subject: &Subject) {
    for threads in [1, 2] {
        let pool = subject.pool_of(threads);
        assert_eq!(tree(&pool, 4), 81);
    }
}

fn a_worker_never_runs_a_stranger_for_a_group(subject: &Subject) {
    let pool = subject.pool_of(2);
    let plug = Plug::some(&pool, 1);
    let inner = pool.clone();
    let ran_inside = ended(
        pool.spawn(move || {
            let ran = SharedCount::default();
            let strange = ran.clone();
            let stranger = inner.spawn(move || strange.add()).unwrap();
            let mut set: JoinSet<usize> = spawn_all(&inner, 1).into_iter().collect();
            set.join_next().unwrap().unwrap();
            // The other worker is held up, and this one has waited.
            let ran = ran.get();
            drop(stranger);
            ran
        })
        .unwrap(),
    );
    plug.pull();
    assert_eq!(ran_inside.unwrap(), 0);
}
