//! What is called around each job.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

use pool_core::{JobInfo, JobOutcome, Pool, PoolExt, Shutdown};

use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount, panic_on_purpose, panic_with_explosive, until};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, NestedWaits, Panics, Replacement, WaitIdle};
    vec![
        case!("job_hooks", they_run_around_the_job_on_its_thread).needs(&[Hooks]).submits(1),
        case!("job_hooks", every_job_has_one_of_each)
            .needs(&[Hooks, Counts, WaitIdle, Panics, NestedWaits])
            .submits(20),
        case!("job_hooks", a_job_that_never_runs_has_none).needs(&[Hooks, Counts, WaitIdle]).queues(2),
        case!("job_hooks", whoever_has_the_result_finds_them_done).needs(&[Hooks]).submits(1),
        case!("job_hooks", a_panicking_before_job_loses_nothing)
            .needs(&[Hooks, Replacement, Counts])
            .submits(1),
        case!("job_hooks", a_panicking_after_job_loses_nothing)
            .needs(&[Hooks, Replacement, Counts])
            .submits(1),
        case!("job_hooks", both_may_panic_each_time).needs(&[Hooks, Replacement, Counts]).submits(1),
        case!("job_hooks", one_may_panic_around_a_job_that_panics)
            .needs(&[Hooks, Replacement, Counts])
            .submits(1),
        case!("job_hooks", one_may_panic_around_a_job_in_place)
            .needs(&[Hooks, Replacement, NestedWaits])
            .submits(1),
        case!("job_hooks", one_may_panic_in_a_scope).needs(&[Hooks, Replacement, Counts, WaitIdle]),
        case!("job_hooks", one_may_panic_while_the_pool_ends)
            .needs(&[Hooks, Replacement, Claim::Shutdown])
            .queues(4),
    ]
}

fn they_run_around_the_job_on_its_thread(subject: &Subject) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |seen: &Arc<Mutex<Vec<_>>>, what: &'static str| {
        seen.lock().unwrap().push((what, thread::current().id()));
    };
    let check = |job: JobInfo<'_>| {
        assert_eq!((job.pool, job.name), ("watched", None));
        assert_eq!(job.worker, pool_core::current().map(|worker| worker.index));
    };
    let (before, after, inside) = (seen.clone(), seen.clone(), seen.clone());
    let setup = Setup::threads(2)
        .name("watched")
        .before_job(move |job| {
            check(job);
            note(&before, "before");
        })
        .after_job(move |job, outcome| {
            check(job);
            assert_eq!(outcome, JobOutcome::Completed);
            note(&after, "after");
        });
    let pool = subject.build(setup);
    pool.spawn(move || note(&inside, "job")).unwrap().join().unwrap();
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    let [(first, thread), (second, same), (third, too)] = seen[..] else { panic!("{seen:?}") };
    assert_eq!([first, second, third], ["before", "job", "after"]);
    assert!(thread == same && same == too);
    assert_eq!(pool.stats().handler_panics, 0);
}

/// Counts the calls of both hooks; of `after_job` by outcome.
fn counting(threads: usize) -> (Setup, [SharedCount; 3]) {
    let tallies = [(); 3].map(|()| SharedCount::default());
    let [before, completed, panicked] = tallies.clone();
    let setup =
        Setup::threads(threads).before_job(move |_| before.add()).after_job(
            move |_, outcome| match outcome {
                JobOutcome::Completed => completed.add(),
                JobOutcome::Panicked => panicked.add(),
            },
        );
    (setup, tallies)
}

fn every_job_has_one_of_each(subject: &Subject) {
    let (setup, tallies) = counting(2);
    let pool = subject.build(setup);
    for _ in 0..5 {
        pool.execute(|| ()).unwrap();
        pool.execute(|| panic_on_purpose()).unwrap();
        assert!(pool.spawn(|| panic_on_purpose()).unwrap().join().is_err());
        let inner = pool.clone();
        pool.spawn(move || inner.spawn(|| ()).unwrap().join().unwrap()).unwrap().join().unwrap();
    }
    pool.scope(|scope| {
        (0..10).for_each(|_| scope.execute(|| ()));
        scope.spawn(|| ()).join().unwrap();
    });
    let panics = catch_unwind(AssertUnwindSafe(|| pool.scope(|scope| scope.execute(|| panic_on_purpose()))));
    assert!(panics.is_err());
    // Halves of a join are no jobs.
    pool.join(|| (), || ());
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.completed, counts.panicked), (5 + 10 + 11, 5 + 5 + 1));
    let [before, completed, panicked] = tallies.map(|tally| tally.get() as u64);
    assert_eq!((before, completed, panicked), (37, counts.completed, counts.panicked));
}

fn a_job_that_never_runs_has_none(subject: &Subject) {
    let (setup, [before, completed, panicked]) = counting(1);
    let pool = subject.build(setup);
    let plug = Plug::all(&pool);
    assert!(pool.spawn(|| ()).unwrap().cancel());
    plug.pull();
    assert!(pool.wait_idle(None));
    assert_eq!(pool.counts().cancelled, 1);
    // The plug's.
    assert_eq!((before.get(), completed.get(), panicked.get()), (1, 1, 0));
}

fn whoever_has_the_result_finds_them_done(subject: &Subject) {
    let (setup, [_, completed, _]) = counting(2);
    let pool = subject.build(setup);
    for number in 1..=200 {
        pool.spawn(|| ()).unwrap().join().unwrap();
        assert_eq!(completed.get(), number);
    }
}

/// Panics at its n-th call.
fn panics_at(call: usize) -> impl Fn() + Send + Sync + 'static {
    let calls = SharedCount::default();
    move || {
        if calls.add_and_get() == call {
            panic_on_purpose();
        }
    }
}

/// The first job is fine and costs the worker; the others cost nothing.
fn loses_nothing(subject: &Subject, setup: Setup) {
    let pool = subject.build(setup);
    let here = || thread::current().id();
    let first = pool.spawn(here).unwrap().join().unwrap();
    until(|| pool.stats().replaced() == 1);
    let threads: Vec<_> = (0..5).map(|_| pool.spawn(here).unwrap().join().unwrap()).collect();
    assert!(threads.iter().all(|thread| *thread != first && *thread == threads[0]));
    let stats = pool.stats();
    assert_eq!((stats.counts.completed, stats.counts.accounted()), (6, 6));
    assert_eq!((stats.replaced(), stats.handler_panics), (1, 1));
}

fn a_panicking_before_job_loses_nothing(subject: &Subject) {
    let hook = panics_at(1);
    loses_nothing(subject, Setup::threads(1).before_job(move |_| hook()));
}

fn a_panicking_after_job_loses_nothing(subject: &Subject) {
    let hook = panics_at(1);
    loses_nothing(subject, Setup::threads(1).after_job(move |_, _| hook()));
}

fn both_may_panic_each_time(subject: &Subject) {
    let setup = Setup::threads(1).before_job(|_| panic_on_purpose()).after_job(|_, _| panic_with_explosive());
    let pool = subject.build(setup);
    for number in 0..3 {
        assert_eq!(pool.spawn(move || number).unwrap().join().unwrap(), number);
    }
    until(|| pool.stats().replaced() == 3);
    let stats = pool.stats();
    assert_eq!((stats.counts.completed, stats.counts.accounted(), stats.handler_panics), (3, 3, 6));
}

/// The worker dies once, of the panic handler.
fn one_may_panic_around_a_job_that_panics(subject: &Subject) {
    let hook = panics_at(1);
    let setup = Setup::threads(1).before_job(move |_| hook()).on_panic(|_| panic_on_purpose());
    let pool = subject.build(setup);
    pool.execute(|| panic_on_purpose()).unwrap();
    until(|| pool.stats().replaced() == 1);
    pool.spawn(|| ()).unwrap().join().unwrap();
    let stats = pool.stats();
    assert_eq!((stats.counts.panicked, stats.counts.completed, stats.counts.accounted()), (1, 1, 2));
    assert_eq!((stats.replaced(), stats.handler_panics), (1, 2));
}

/// The worker dies when it is through with the job that waited.
fn one_may_panic_around_a_job_in_place(subject: &Subject) {
    let hook = panics_at(2);
    let pool = subject.build(Setup::threads(1).before_job(move |_| hook()));
    let inner = pool.clone();
    let outer = pool.spawn(move || {
        let here = thread::current().id();
        let there = inner.spawn(move || thread::current().id()).unwrap().join().unwrap();
        (here, there, inner.stats().replaced())
    });
    let (here, there, replaced) = outer.unwrap().join().unwrap();
    assert!(here == there && replaced == 0);
    until(|| pool.stats().replaced() == 1);
    pool.spawn(|| ()).unwrap().join().unwrap();
}

fn one_may_panic_in_a_scope(subject: &Subject) {
    let hook = panics_at(1);
    let pool = subject.build(Setup::threads(2).after_job(move |_, _| hook()));
    let ran = SharedCount::default();
    pool.scope(|scope| (0..100).for_each(|_| scope.execute(|| ran.add())));
    assert_eq!(ran.get(), 100);
    assert!(pool.wait_idle(None));
    let stats = pool.stats();
    assert_eq!((stats.counts.completed, stats.counts.accounted(), stats.handler_panics), (100, 100, 1));
    until(|| pool.stats().replaced() == 1);
    // Both are there again.
    Plug::all(&pool).pull();
}

fn one_may_panic_while_the_pool_ends(subject: &Subject) {
    let pool = subject.build(Setup::threads(1).after_job(|_, _| panic_on_purpose()));
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    for _ in 0..4 {
        let ran = ran.clone();
        pool.execute(move || ran.add()).unwrap();
    }
    plug.pull();
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    let counts = pool.counts();
    assert_eq!((ran.get(), counts.completed, counts.accounted()), (4, 5, 5));
    assert_eq!(pool.stats().handler_panics, 5);
}
