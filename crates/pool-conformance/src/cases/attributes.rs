//! What a job may ask for holds wherever it is run: deadlines, tokens, names.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use pool_core::{
    Attributes, CancelToken, JobHandle, JoinError, Pool, PoolExt, Reason, Submit, current_token, job_name,
};

use crate::case::{Case, case};
use crate::tools::{Latch, PanicsOnDrop, Plug, SharedCount, mailbox, panic_on_purpose, until};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, ShutdownNow, WaitIdle};
    vec![
        case!("attributes", a_job_whose_time_has_passed_never_runs).needs(&[Counts, WaitIdle]).queues(2),
        case!("attributes", a_waiter_gives_the_job_up_at_the_deadline).needs(&[Counts]).queues(2),
        case!("attributes", a_poll_after_the_deadline_gives_the_job_up).needs(&[Counts]).queues(1),
        case!("attributes", a_waiting_worker_does_not_run_what_has_expired).queues(1),
        case!("attributes", a_deadline_that_is_kept_changes_nothing).submits(1),
        case!("attributes", an_expired_capture_that_panics_is_counted_and_reported)
            .needs(&[Counts, WaitIdle, Claim::Panics])
            .queues(2),
        case!("attributes", an_expired_capture_that_panics_in_a_waiters_hands_is_reported)
            .needs(&[Claim::Panics, Hooks, Claim::NestedWaits])
            .queues(1),
        case!("attributes", an_expired_job_is_given_back_and_does_not_run).needs(&[ShutdownNow]).queues(1),
        case!("attributes", a_token_set_before_the_start_cancels).needs(&[Counts, WaitIdle]).queues(2),
        case!("attributes", a_running_job_sees_its_token).submits(1),
        case!("attributes", cancelling_a_running_job_sets_its_own_token).submits(1),
        case!("attributes", jobs_that_share_a_token_are_stopped_alone_and_together)
            .needs(&[Claim::Parallel])
            .queues(3),
        case!("attributes", a_job_hands_its_token_down).submits(1),
        case!("attributes", a_job_run_in_place_has_its_own_attributes)
            .needs(&[Claim::NestedWaits])
            .submits(1),
        case!("attributes", the_panic_handler_finds_the_name)
            .needs(&[Claim::Panics, Hooks, WaitIdle])
            .submits(1),
        case!("attributes", hooks_around_a_job_find_its_name).needs(&[Hooks, WaitIdle]).submits(2),
        case!("attributes", a_job_that_would_wait_too_long_is_turned_away)
            .needs(&[Counts, Hooks, WaitIdle])
            .queues(1),
        case!("attributes", every_job_has_one_end).needs(&[Counts, WaitIdle]).submits(500),
    ]
}

/// Long enough for any machine.
pub(super) const LONG: Duration = Duration::from_secs(3600);

fn too_late() -> Attributes {
    Attributes::new().start_by(Instant::now())
}

fn is_expired<T>(result: &Result<T, JoinError>) -> bool {
    matches!(result, Err(JoinError::Unrun(Reason::Expired)))
}

fn a_job_whose_time_has_passed_never_runs(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    let (one, other) = (ran.clone(), ran.clone());
    pool.execute_with(too_late(), move || one.add()).unwrap();
    let handle = pool.spawn_with(too_late(), move || other.add()).unwrap();
    assert_eq!(pool.counts().expired, 0, "nobody has come across them");
    plug.pull();
    until(|| handle.is_finished());
    assert!(is_expired(&handle.join()));
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((ran.get(), counts.expired, counts.completed), (0, 2, 1));
    assert_eq!(counts.accounted(), counts.submitted);
}

fn a_waiter_gives_the_job_up_at_the_deadline(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let dropped = SharedCount::default();
    let soon = || Attributes::new().start_within(Duration::from_millis(1));
    let (one, other) = (dropped.on_drop(), dropped.on_drop());
    let patient = pool.spawn_with(soon(), move || drop(one)).unwrap();
    let limited = pool.spawn_with(soon(), move || drop(other)).unwrap();
    assert!(is_expired(&patient.join()));
    assert!(is_expired(&limited.join_timeout(LONG).unwrap()));
    let counts = pool.counts();
    assert_eq!((dropped.get(), counts.expired, counts.queued, counts.running), (2, 2, 0, 1));
    plug.pull();
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert_eq!(pool.counts().expired, 2, "their tickets count no more");
}

fn a_poll_after_the_deadline_gives_the_job_up(subject: &Subject) {
    let pool = subject.pool_of(1);
    let _plug = Plug::all(&pool);
    let handle = pool.spawn_with(too_late(), || ()).unwrap();
    let polled = pin!(handle).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(result) if is_expired(&result)));
    assert_eq!((pool.counts().expired, pool.counts().queued), (1, 0));
}

fn a_waiting_worker_does_not_run_what_has_expired(subject: &Subject) {
    let pool = subject.pool_of(1);
    let inner = pool.clone();
    let outer = pool.spawn(move || inner.spawn_with(too_late(), || ()).unwrap().join()).unwrap();
    assert!(is_expired(&outer.join().unwrap()));
}

fn a_deadline_that_is_kept_changes_nothing(subject: &Subject) {
    let pool = subject.pool_of(1);
    for limit in [LONG, Duration::MAX] {
        let attributes = Attributes::new().start_within(limit).run_limit(limit);
        assert_eq!(pool.spawn_with(attributes, || 7).unwrap().join().unwrap(), 7);
    }
}

fn an_expired_capture_that_panics_is_counted_and_reported(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (one, other) = (PanicsOnDrop, PanicsOnDrop);
    pool.execute_with(too_late(), move || drop(one)).unwrap();
    let handle = pool.spawn_with(too_late(), move || drop(other)).unwrap();
    plug.pull();
    assert!(is_expired(&handle.join()));
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.expired, counts.panicked, counts.accounted()), (2, 0, counts.submitted));
    assert_eq!(pool.spawn(|| 3).unwrap().join().unwrap(), 3);
}

fn an_expired_capture_that_panics_in_a_waiters_hands_is_reported(subject: &Subject) {
    let (say, said) = mailbox();
    let pool = subject.build(Setup::threads(1).on_panic(move |info| {
        say.send(info.name.map(str::to_owned)).unwrap();
        // This is not to be the end of the job that waits.
        panic_on_purpose();
    }));
    let inner = pool.clone();
    let outer = move || {
        let capture = PanicsOnDrop;
        inner.spawn_with(too_late().name("late"), move || drop(capture)).unwrap().join()
    };
    assert!(is_expired(&pool.spawn(outer).unwrap().join().unwrap()));
    assert_eq!(said.recv().unwrap().as_deref(), Some("late"));
    assert_eq!((pool.stats().handler_panics, pool.stats().replaced()), (1, 0));
}

fn an_expired_job_is_given_back_and_does_not_run(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let handle = pool.spawn_with(too_late(), || ()).unwrap();
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let jobs = ender.join().unwrap();
    assert_eq!(jobs.len(), 1);
    jobs.into_iter().for_each(|job| job.run());
    assert!(is_expired(&handle.join()));
    assert_eq!((pool.counts().expired, pool.counts().discarded), (0, 1));
}

fn a_token_set_before_the_start_cancels(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (token, ran) = (CancelToken::new(), SharedCount::default());
    let (one, other) = (ran.clone(), ran.clone());
    pool.execute_with(Attributes::new().token(&token), move || one.add()).unwrap();
    let child = Attributes::new().token(&token.child());
    let handle = pool.spawn_with(child, move || other.add()).unwrap();
    token.cancel();
    plug.pull();
    assert!(matches!(handle.join(), Err(JoinError::Cancelled)));
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((ran.get(), counts.cancelled, counts.accounted()), (0, 2, counts.submitted));
}

/// A job that runs until its token is set.
pub(super) fn until_told() {
    let token = current_token().expect("a job with a token");
    until(|| token.is_cancelled());
}

/// Such a job, once it runs, and its token.
fn run_until_told(pool: &Arc<dyn Pool>) -> (CancelToken, JobHandle<()>) {
    let (token, started) = (CancelToken::new(), Latch::default());
    let starts = started.clone();
    let job = move || {
        starts.open();
        until_told();
    };
    let handle = pool.spawn_with(Attributes::new().token(&token), job).unwrap();
    started.wait();
    (token, handle)
}

fn a_running_job_sees_its_token(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (token, handle) = run_until_told(&pool);
    assert!(!handle.is_finished());
    token.cancel();
    handle.join().unwrap();
    assert!(pool.spawn(|| current_token().is_none()).unwrap().join().unwrap());
}

fn cancelling_a_running_job_sets_its_own_token(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (token, handle) = run_until_told(&pool);
    assert!(!handle.cancel(), "it runs");
    handle.join().unwrap();
    assert!(!token.is_cancelled());
}

fn jobs_that_share_a_token_are_stopped_alone_and_together(subject: &Subject) {
    let pool = subject.pool_of(3);
    let (token, started) = (CancelToken::new(), SharedCount::default());
    // The same attributes, too: each submission makes a token of its own.
    let attributes = Attributes::new().token(&token);
    let start = |attributes: &Attributes, job: fn()| {
        let starts = started.clone();
        let job = move || {
            starts.add();
            job();
        };
        pool.spawn_with(attributes.clone(), job).unwrap()
    };
    let one = start(&attributes, until_told);
    let other = start(&attributes, until_told);
    until(|| started.get() == 2);
    assert!(!one.cancel());
    one.join().unwrap();
    start(&attributes, || current_token().expect("it has one").cancel()).join().unwrap();
    start(&attributes.clone().run_limit(Duration::from_millis(1)), until_told).join().unwrap();
    assert!(!other.is_finished() && !token.is_cancelled(), "each of them stopped itself alone");
    token.cancel();
    other.join().unwrap();
    assert!(matches!(start(&attributes, || ()).join(), Err(JoinError::Cancelled)));
}

/// From one job to the next, and what is said to the first of those that are left reaches the last.
fn a_job_hands_its_token_down(subject: &Subject) {
    fn step(pool: &Arc<dyn Pool>, left: usize, last: mpsc::Sender<CancelToken>) {
        let token = current_token().expect("each has one");
        if left == 0 {
            return last.send(token).unwrap();
        }
        let (inner, attributes) = (pool.clone(), Attributes::new().token(&token));
        pool.execute_with(attributes, move || step(&inner, left - 1, last)).unwrap();
    }
    let pool = subject.pool_of(1);
    let (first, (say, said)) = (CancelToken::new(), mailbox());
    let (inner, attributes) = (pool.clone(), Attributes::new().token(&first));
    pool.execute_with(attributes, move || step(&inner, 1000, say)).unwrap();
    let last = said.recv().unwrap();
    assert!(!last.is_cancelled());
    first.cancel();
    assert!(last.is_cancelled());
}

fn a_job_run_in_place_has_its_own_attributes(subject: &Subject) {
    let pool = subject.pool_of(1);
    let inner = pool.clone();
    let look = || (job_name(), current_token().is_some());
    let outer = move || {
        let named = inner.spawn_with(Attributes::new().name("inner"), look).unwrap();
        let plain = inner.spawn(look).unwrap();
        let scoped = inner.scope(|scope| scope.spawn(look).join().unwrap());
        let forked = inner.join(look, || ()).0;
        (named.join().unwrap(), plain.join().unwrap(), scoped, forked, look())
    };
    let attributes = Attributes::new().name("outer").token(&CancelToken::new());
    let (named, plain, scoped, forked, after) = pool.spawn_with(attributes, outer).unwrap().join().unwrap();
    assert_eq!(named, (Some("inner".into()), false));
    assert_eq!((plain, scoped), ((None, false), (None, false)));
    assert_eq!((forked, after), ((Some("outer".into()), true), (Some("outer".into()), true)));
}

fn the_panic_handler_finds_the_name(subject: &Subject) {
    let (say, said) = mailbox();
    let pool = subject.build(Setup::threads(1).on_panic(move |info| {
        assert_eq!(info.name, job_name().as_deref());
        say.send(info.name.map(str::to_owned)).unwrap();
    }));
    let named = |name| Attributes::new().name(name);
    pool.execute_with(named("executed"), || panic_on_purpose()).unwrap();
    assert_eq!(said.recv().unwrap().as_deref(), Some("executed"));
    assert!(pool.wait_idle(None));
    let handle = pool.spawn_with(named("dropped late"), || panic_on_purpose()).unwrap();
    until(|| handle.is_finished());
    drop(handle);
    assert_eq!(said.recv().unwrap().as_deref(), Some("dropped late"));
    let started = Latch::default();
    let go = started.clone();
    let job = move || {
        go.wait();
        panic_on_purpose()
    };
    drop(pool.spawn_with(named("dropped early"), job).unwrap());
    started.open();
    assert_eq!(said.recv().unwrap().as_deref(), Some("dropped early"));
    assert!(pool.wait_idle(None));
    pool.execute(|| panic_on_purpose()).unwrap();
    assert_eq!(said.recv(), Ok(None));
}

fn hooks_around_a_job_find_its_name(subject: &Subject) {
    let (say, said) = mailbox();
    let before = say.clone();
    let setup = Setup::threads(1)
        .before_job(move |info| before.send(info.name.map(str::to_owned)).unwrap())
        .after_job(move |info, _| say.send(info.name.map(str::to_owned)).unwrap());
    let pool = subject.build(setup);
    pool.execute_with(Attributes::new().name("executed"), || ()).unwrap();
    assert!(pool.wait_idle(None));
    drop(pool.spawn_with(Attributes::new().name("spawned"), || ()).unwrap());
    assert!(pool.wait_idle(None));
    let names: Vec<_> = said.try_iter().flatten().collect();
    assert_eq!(names, ["executed", "executed", "spawned", "spawned"]);
}

fn a_job_that_would_wait_too_long_is_turned_away(subject: &Subject) {
    let pool = subject.build(Setup::threads(1).admit_within(Duration::ZERO));
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert!(pool.wait_idle(None));
    let plug = Plug::all(&pool);
    let first = pool.spawn(|| 1).unwrap();
    let refused = pool.spawn(|| 2).map(drop).unwrap_err();
    assert_eq!(refused.reason(), Reason::Overloaded);
    plug.pull();
    assert_eq!(first.join().unwrap(), 1);
    assert!(pool.wait_idle(None));
    pool.submit(refused.into_job(), Submit::default()).unwrap();
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.rejected, counts.accounted()), (1, counts.submitted));
}

/// Workers, waiters, cancellers and the clock all after the same jobs.
fn every_job_has_one_end(subject: &Subject) {
    let pool = subject.pool_of(2);
    let ran = SharedCount::default();
    let (mut handles, token) = (Vec::new(), CancelToken::new());
    for number in 0..500_u64 {
        let attributes = match number % 4 {
            0 => Attributes::new().start_within(Duration::from_micros(number / 10)),
            1 => Attributes::new().token(&token.child()),
            2 => Attributes::new().run_limit(Duration::from_micros(1)).name("short"),
            _ => Attributes::new(),
        };
        let inside = ran.clone();
        handles.push(pool.spawn_with(attributes, move || inside.add()).unwrap());
        if number == 400 {
            token.cancel();
        }
    }
    let mut unrun = 0;
    for (number, handle) in handles.into_iter().enumerate() {
        if number % 5 == 0 {
            handle.cancel();
        }
        match handle.join() {
            Ok(()) => {}
            Err(JoinError::Cancelled | JoinError::Unrun(Reason::Expired)) => unrun += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.accounted(), counts.queued, counts.running), (500, 500, 0, 0));
    assert_eq!((ran.get(), unrun), (counts.completed as usize, (counts.cancelled + counts.expired) as usize));
}
