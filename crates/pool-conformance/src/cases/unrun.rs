//! A job that does not run tells its submitter's closure, once and why; one that has started never does.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pool_core::{Attributes, CancelToken, Job, Pool, PoolExt, Reason, Submit};

use super::loss::{breakable, doom};
use crate::case::{Case, case};
use crate::tools::{
    PanicsOnDrop, Plug, SharedCount, panic_on_purpose, panic_with_explosive, shut_down_now_elsewhere, until,
};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, NestedWaits, Panics, Replacement, Shutdown, ShutdownNow, WaitIdle};
    vec![
        case!("unrun", a_job_that_has_started_tells_nothing).needs(&[Panics, WaitIdle]).queues(2),
        case!("unrun", a_job_that_its_waiter_runs_tells_nothing).needs(&[NestedWaits]).queues(1),
        case!("unrun", a_closed_pool_is_a_reason).needs(&[Shutdown]),
        case!("unrun", a_full_queue_is_a_reason).fills(),
        case!("unrun", too_long_a_wait_is_a_reason).needs(&[Hooks, WaitIdle]).queues(1),
        case!("unrun", what_a_full_queue_loses_is_told).needs(&[WaitIdle]).fills(),
        case!("unrun", a_deadline_is_a_reason).needs(&[WaitIdle]).queues(3),
        case!("unrun", a_cancellation_is_told_at_once).queues(1),
        case!("unrun", a_set_token_is_a_reason).needs(&[WaitIdle]).queues(2),
        case!("unrun", a_job_that_is_given_back_tells_when_it_is_dropped).needs(&[ShutdownNow]).queues(4),
        case!("unrun", a_job_that_comes_back_may_run_elsewhere)
            .needs(&[Shutdown, ShutdownNow, WaitIdle])
            .queues(1),
        case!("unrun", the_loss_of_all_workers_is_a_reason).needs(&[Hooks, Replacement]).queues(2),
        case!("unrun", it_comes_between_the_captures_and_the_count).needs(&[Counts, WaitIdle]).queues(1),
        case!("unrun", what_it_holds_goes_with_the_job).queues(2),
        case!("unrun", its_panics_go_no_further).needs(&[WaitIdle]).queues(4),
        case!("unrun", every_job_runs_or_tells).needs(&[Counts, Shutdown, WaitIdle]).submits(500),
    ]
}

/// What jobs have told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Reason>>>);

impl Told {
    fn attributes(&self) -> Attributes {
        let told = self.0.clone();
        Attributes::new().on_unrun(move |reason| told.lock().unwrap().push(reason))
    }

    fn reasons(&self) -> Vec<Reason> {
        self.0.lock().unwrap().clone()
    }
}

fn too_late(attributes: Attributes) -> Attributes {
    attributes.start_by(Instant::now())
}

fn a_job_that_has_started_tells_nothing(subject: &Subject) {
    let (pool, told) = (subject.pool_of(1), Told::default());
    let (handle, panics) = {
        let _plug = Plug::all(&pool);
        let handle = pool.spawn_with(told.attributes(), || 1).unwrap();
        (handle, pool.execute_with(told.attributes().name("panics"), || panic_on_purpose()))
    };
    panics.unwrap();
    assert_eq!(handle.join().unwrap(), 1);
    assert!(pool.wait_idle(None));
    drop(pool);
    assert_eq!(told.reasons(), []);
}

fn a_job_that_its_waiter_runs_tells_nothing(subject: &Subject) {
    let (pool, told) = (subject.pool_of(1), Told::default());
    let (inner, attributes) = (pool.clone(), told.attributes());
    let outer = pool.spawn(move || inner.spawn_with(attributes, || 2).unwrap().join().unwrap()).unwrap();
    assert_eq!(outer.join().unwrap(), 2);
    assert_eq!(told.reasons(), []);
}

fn a_closed_pool_is_a_reason(subject: &Subject) {
    let (pool, told) = (subject.pool_of(1), Told::default());
    let _ = pool.shutdown();
    let rejected = pool.execute_with(told.attributes(), || ()).unwrap_err();
    assert_eq!(told.reasons(), [], "it may still run");
    drop(rejected);
    assert_eq!(told.reasons(), [Reason::ShutDown]);
    drop(pool.spawn_with(told.attributes(), || ()));
    assert_eq!(told.reasons(), [Reason::ShutDown; 2]);
    pool.execute_with(told.attributes(), || ()).unwrap_err().into_job().run();
    assert_eq!(told.reasons(), [Reason::ShutDown; 2], "it has run");
}

fn a_full_queue_is_a_reason(subject: &Subject) {
    let (pool, told) = (subject.pool_of(1), Told::default());
    let _plug = Plug::all(&pool);
    while pool.try_execute(|| ()).is_ok() {}
    let attributes = || told.attributes().submit(Submit::default().no_wait());
    drop(pool.execute_with(attributes(), || ()));
    drop(pool.spawn_with(attributes(), || ()));
    assert_eq!(told.reasons(), [Reason::Full; 2]);
}

fn too_long_a_wait_is_a_reason(subject: &Subject) {
    let (pool, told) = (subject.build(Setup::threads(1).admit_within(Duration::ZERO)), Told::default());
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert!(pool.wait_idle(None));
    let _plug = Plug::all(&pool);
    pool.execute(|| ()).unwrap();
    drop(pool.execute_with(told.attributes(), || ()));
    assert_eq!(told.reasons(), [Reason::Overloaded]);
}

/// Where the policy lets the submitter wait or run the job, all of them run.
fn what_a_full_queue_loses_is_told(subject: &Subject) {
    let (pool, told, ran) = (subject.pool_of(1), Told::default(), SharedCount::default());
    let loses = !subject.claims(Claim::TakesAll);
    let plug = loses.then(|| Plug::all(&pool));
    for _ in 0..subject.room() + 10 {
        let ran = ran.clone();
        drop(pool.execute_with(told.attributes(), move || ran.add()));
    }
    drop(plug);
    assert!(pool.wait_idle(None));
    let reasons = told.reasons();
    assert!(reasons.iter().all(|reason| matches!(reason, Reason::Full | Reason::Displaced)), "{reasons:?}");
    assert_eq!((ran.get() + reasons.len(), reasons.len() >= 10), (subject.room() + 10, loses));
}

fn a_deadline_is_a_reason(subject: &Subject) {
    let (pool, told) = (subject.pool_of(1), Told::default());
    let plug = Plug::all(&pool);
    pool.execute_with(too_late(told.attributes()), || ()).unwrap();
    let found = pool.spawn_with(too_late(told.attributes()), || ()).unwrap();
    let awaited = pool.spawn_with(too_late(told.attributes()), || ()).unwrap();
    assert!(awaited.join().is_err());
    assert_eq!(told.reasons(), [Reason::Expired], "the waiter finds out before any worker");
    plug.pull();
    assert!(pool.wait_idle(None));
    assert_eq!(told.reasons(), [Reason::Expired; 3]);
    assert!(found.join().is_err());
}

fn a_cancellation_is_told_at_once(subject: &Subject) {
    let (pool, told) = (subject.pool_of(1), Told::default());
    let plug = Plug::all(&pool);
    let handle = pool.spawn_with(told.attributes(), || ()).unwrap();
    assert!(handle.cancel() && !handle.cancel());
    assert_eq!(told.reasons(), [Reason::Cancelled]);
    plug.pull();
    // The worker has come across what is left of it.
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert_eq!(told.reasons(), [Reason::Cancelled]);
}

fn a_set_token_is_a_reason(subject: &Subject) {
    let (pool, told, token) = (subject.pool_of(1), Told::default(), CancelToken::new());
    let plug = Plug::all(&pool);
    let attributes = told.attributes().token(&token);
    pool.execute_with(attributes.clone(), || ()).unwrap();
    drop(pool.spawn_with(attributes, || ()).unwrap());
    token.cancel();
    plug.pull();
    assert!(pool.wait_idle(None));
    assert_eq!(told.reasons(), [Reason::Cancelled; 2], "attributes that are used twice tell of both jobs");
}

fn given_back(subject: &Subject, submit: impl FnOnce(&Arc<dyn Pool>)) -> Vec<Job> {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    submit(&pool);
    let ender = shut_down_now_elsewhere(&pool);
    plug.pull();
    ender.join().unwrap()
}

fn a_job_that_is_given_back_tells_when_it_is_dropped(subject: &Subject) {
    let told = Told::default();
    let jobs = given_back(subject, |pool| {
        (0..3).for_each(|_| pool.execute_with(told.attributes(), || ()).unwrap());
        drop(pool.spawn_with(told.attributes(), || ()).unwrap());
    });
    assert_eq!((jobs.len(), told.reasons()), (4, vec![]), "the caller may run them");
    let mut jobs = jobs.into_iter();
    let mut next = || jobs.next().expect("there are four");
    next().run();
    assert_eq!(told.reasons(), []);
    drop(next());
    next().discard(Reason::ShutDown);
    drop(next());
    assert_eq!(told.reasons(), [Reason::Dropped, Reason::ShutDown, Reason::Dropped]);
}

fn a_job_that_comes_back_may_run_elsewhere(subject: &Subject) {
    let told = Told::default();
    let mut jobs = given_back(subject, |pool| pool.execute_with(told.attributes(), || ()).unwrap());
    let closed = subject.pool_of(1);
    let _ = closed.shutdown();
    jobs.push(closed.execute_with(told.attributes(), || ()).unwrap_err().into_job());
    let other = subject.pool_of(1);
    jobs.into_iter().for_each(|job| other.submit(job, Submit::default()).unwrap());
    assert!(other.wait_idle(None));
    assert_eq!((told.reasons(), other.counts().completed), (vec![], 2));
}

fn the_loss_of_all_workers_is_a_reason(subject: &Subject) {
    let told = Told::default();
    let (setup, broken) = breakable(1);
    let pool = subject.build(setup);
    let doom = doom(&pool);
    pool.execute_with(told.attributes(), || ()).unwrap();
    let handle = pool.spawn_with(told.attributes(), || ()).unwrap();
    broken.store(true, std::sync::atomic::Ordering::SeqCst);
    doom.open();
    let _ = pool.shutdown();
    assert!(handle.is_finished());
    assert_eq!(told.reasons(), [Reason::NoWorkers; 2]);
}

fn it_comes_between_the_captures_and_the_count(subject: &Subject) {
    let (pool, dropped) = (subject.pool_of(1), SharedCount::default());
    let plug = Plug::all(&pool);
    let (held, seen, found) = (dropped.on_drop(), dropped.clone(), Arc::new(Mutex::new(None)));
    let (watched, finds) = (Arc::downgrade(&pool), found.clone());
    let attributes = Attributes::new().on_unrun(move |_| {
        let queued = watched.upgrade().expect("the case holds the pool").counts().queued;
        *finds.lock().unwrap() = Some((seen.get(), queued));
    });
    pool.execute_with(too_late(attributes), move || drop(held)).unwrap();
    plug.pull();
    assert!(pool.wait_idle(None));
    assert_eq!(
        *found.lock().unwrap(),
        Some((1, 1)),
        "the captures are gone, and the job still counts as queued"
    );
}

/// Also while the handle is kept.
fn what_it_holds_goes_with_the_job(subject: &Subject) {
    let (pool, dropped) = (subject.pool_of(1), SharedCount::default());
    let holding = || {
        let held = dropped.on_drop();
        Attributes::new().on_unrun(move |_| {
            let _ = &held;
        })
    };
    let plug = Plug::all(&pool);
    let seen = dropped.clone();
    let runs = pool.spawn_with(holding(), move || seen.get()).unwrap();
    let cancelled = pool.spawn_with(holding(), || ()).unwrap();
    assert_eq!(dropped.get(), 0);
    assert!(cancelled.cancel());
    assert_eq!(dropped.get(), 1);
    plug.pull();
    until(|| runs.is_finished());
    assert_eq!(runs.join().unwrap(), 2, "it went before the job began");
    assert_eq!(dropped.get(), 2);
}

fn its_panics_go_no_further(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    pool.execute_with(too_late(Attributes::new().on_unrun(|_| panic_on_purpose())), || ()).unwrap();
    pool.execute_with(too_late(Attributes::new().on_unrun(|_| panic_with_explosive())), || ()).unwrap();
    let held = PanicsOnDrop;
    let holding = Attributes::new().on_unrun(move |_| {
        let _ = &held;
        panic_on_purpose()
    });
    let handle = pool.spawn_with(holding, || ()).unwrap();
    let held = PanicsOnDrop;
    let runs = Attributes::new().on_unrun(move |_| {
        let _ = &held;
    });
    let runs = pool.spawn_with(runs, || 5).unwrap();
    assert!(handle.cancel());
    plug.pull();
    assert_eq!(runs.join().unwrap(), 5);
    assert!(pool.wait_idle(None));
    assert_eq!(pool.stats().replaced(), 0);
}

/// Workers, waiters, cancellers, the clock and the end of the pool all after the same jobs.
fn every_job_runs_or_tells(subject: &Subject) {
    let (pool, token, ran) = (subject.pool_of(2), CancelToken::new(), SharedCount::default());
    let told: Vec<Told> = (0..500).map(|_| Told::default()).collect();
    for (number, told) in (0_u64..).zip(&told) {
        let attributes = match number % 4 {
            0 => told.attributes().start_within(Duration::from_micros(number / 10)),
            1 => told.attributes().token(&token),
            _ => told.attributes(),
        };
        let inside = ran.clone();
        match pool.spawn_with(attributes, move || inside.add()) {
            Ok(handle) if number % 5 == 0 => drop(handle.cancel()),
            Ok(handle) if number % 7 == 0 => drop(handle.join()),
            Ok(_) | Err(_) => {}
        }
        match number {
            400 => token.cancel(),
            450 => drop(pool.shutdown()),
            _ => {}
        }
    }
    assert!(pool.wait_idle(None));
    assert!(told.iter().all(|told| told.reasons().len() <= 1), "none tells twice");
    let unrun = told.iter().flat_map(Told::reasons).count();
    assert_eq!((ran.get(), ran.get() + unrun), (pool.counts().completed as usize, 500));
    assert_eq!(told[499].reasons(), [Reason::ShutDown]);
}
