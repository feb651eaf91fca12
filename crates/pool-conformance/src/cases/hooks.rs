//! Start-up, and what is called at a worker's start and end.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::thread;

use pool_core::{BuildError, PoolExt, Scaling, Shutdown};

use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount, panic_on_purpose, panic_with_explosive};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::Hooks;
    vec![
        case!("hooks", build_returns_when_every_worker_has_started).needs(&[Hooks]),
        case!("hooks", each_worker_starts_and_stops_once).needs(&[Hooks, Claim::Shutdown]).submits(20),
        case!("hooks", they_run_on_the_worker).needs(&[Hooks, Claim::Identity, Claim::Shutdown]),
        case!("hooks", on_stop_comes_after_the_last_job).needs(&[Hooks, Claim::Shutdown]).queues(10),
        case!("hooks", a_panicking_on_stop_does_not_keep_the_pool_from_ending)
            .needs(&[Hooks, Claim::Shutdown])
            .submits(1),
        case!("hooks", on_start_that_panics_with_an_explosive_payload_is_an_error).needs(&[Hooks]),
        case!("hooks", settings_that_make_no_sense_are_errors).needs(&[Hooks]),
        case!("hooks", numbers_beyond_what_is_possible_are_errors_that_say_what_is)
            .needs(&[Hooks, Claim::Workforce]),
        case!("hooks", a_handler_that_panics_when_a_handle_is_dropped_is_contained)
            .needs(&[Hooks, Claim::WaitIdle])
            .submits(1),
    ]
}

fn build_returns_when_every_worker_has_started(subject: &Subject) {
    for _ in 0..20 {
        let started = SharedCount::default();
        let counter = started.clone();
        let pool = subject.build(Setup::threads(4).on_start(move |_| {
            thread::yield_now();
            counter.add();
        }));
        assert_eq!((started.get(), pool.threads()), (4, 4));
    }
}

fn each_worker_starts_and_stops_once(subject: &Subject) {
    let (started, stopped) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (starts, stops) = (started.clone(), stopped.clone());
    let setup = Setup::threads(3)
        .on_start(move |index| starts.lock().unwrap().push(index))
        .on_stop(move |index| stops.lock().unwrap().push(index));
    let pool = subject.build(setup);
    for _ in 0..20 {
        pool.spawn(|| ()).unwrap().join().unwrap();
    }
    assert!(stopped.lock().unwrap().is_empty());
    let _ = pool.shutdown();
    for indices in [started, stopped] {
        let mut indices = indices.lock().unwrap();
        indices.sort_unstable();
        assert_eq!(*indices, [0, 1, 2]);
    }
}

fn they_run_on_the_worker(subject: &Subject) {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let note = |seen: &Arc<Mutex<BTreeSet<_>>>, index: usize, hook: &'static str| {
        let worker = pool_core::current().expect("on a worker");
        assert_eq!(worker.index, index);
        seen.lock().unwrap().insert((hook, thread::current().name().unwrap().to_owned()));
    };
    let (start, stop) = (seen.clone(), seen.clone());
    let setup = Setup::threads(2)
        .name("hooked")
        .on_start(move |index| note(&start, index, "start"))
        .on_stop(move |index| note(&stop, index, "stop"));
    let _ = subject.build(setup).shutdown();
    let names = ["hooked-0", "hooked-1"].map(str::to_owned);
    let expected = ["start", "stop"].into_iter().flat_map(|hook| names.clone().map(|name| (hook, name)));
    assert_eq!(*seen.lock().unwrap(), expected.collect());
}

fn on_stop_comes_after_the_last_job(subject: &Subject) {
    let (ran, at_stop) = (SharedCount::default(), SharedCount::default());
    let (counter, seen) = (ran.clone(), at_stop.clone());
    let pool = subject.build(Setup::threads(1).on_stop(move |_| (0..counter.get()).for_each(|_| seen.add())));
    let plug = Plug::all(&pool);
    for _ in 0..10 {
        let ran = ran.clone();
        pool.execute(move || ran.add()).unwrap();
    }
    plug.pull();
    let _ = pool.shutdown();
    assert_eq!((ran.get(), at_stop.get()), (10, 10));
}

fn a_panicking_on_stop_does_not_keep_the_pool_from_ending(subject: &Subject) {
    let stops = SharedCount::default();
    let counter = stops.clone();
    let pool = subject.build(Setup::threads(2).on_stop(move |index| {
        counter.add();
        if index == 0 { panic_on_purpose() } else { panic_with_explosive() }
    }));
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    assert_eq!(stops.get(), 2, "a worker that has ended is not replaced for it");
    let stats = pool.stats();
    assert_eq!((stats.handler_panics, stats.replaced()), (2, 0));
}

fn on_start_that_panics_with_an_explosive_payload_is_an_error(subject: &Subject) {
    let error =
        subject.try_build(Setup::threads(3).on_start(|_| panic_with_explosive())).map(|_| ()).unwrap_err();
    assert!(matches!(error, BuildError::Start(_)));
    // It is ours now, and so is its destructor's panic.
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| drop(error))).is_err());
}

fn settings_that_make_no_sense_are_errors(subject: &Subject) {
    let error = |setup: Setup| subject.try_build(setup).map(|_| ()).unwrap_err();
    assert!(matches!(error(Setup::threads(0)), BuildError::ZeroThreads));
    assert!(matches!(error(Setup::threads(1).name("a\0b")), BuildError::Name(name) if name == "a\0b"));
}

fn numbers_beyond_what_is_possible_are_errors_that_say_what_is(subject: &Subject) {
    let most_threads = |setup: Setup| match subject.try_build(setup).map(|_| ()) {
        Err(BuildError::TooManyThreads { asked, most }) if asked > most => most,
        other => panic!("{other:?}"),
    };
    let most = most_threads(Setup::threads(usize::MAX));
    let setup = || Setup::threads(1);
    let beyond = |more: usize| {
        [
            Setup::threads(most.saturating_add(more)),
            Setup { max_threads: Some(most.saturating_add(more)), ..setup() },
            Setup { spare_threads: (most - 1).saturating_add(more), ..setup() },
            Setup { scaling: Some(Scaling::between(1, most.saturating_add(more))), ..setup() },
        ]
    };
    for setup in beyond(1).into_iter().chain(beyond(usize::MAX)) {
        assert_eq!(most_threads(setup), most);
    }
    let most_stack = |bytes: usize| match subject.try_build(setup().stack_size(bytes)).map(|_| ()) {
        Err(BuildError::TooLarge { what: "stack size", asked, most }) if asked == bytes => Some(most),
        // The system may not give as much.
        Ok(()) | Err(BuildError::Spawn { .. }) => None,
        Err(other) => panic!("{other}"),
    };
    let most = most_stack(usize::MAX).unwrap();
    assert_eq!((most_stack(most + 1), most_stack(most)), (Some(most), None));
}

/// Dropping the handle of a job that has panicked calls the handler, on a thread that is no worker.
fn a_handler_that_panics_when_a_handle_is_dropped_is_contained(subject: &Subject) {
    let heard = SharedCount::default();
    let counter = heard.clone();
    let pool = subject.build(Setup::threads(1).on_panic(move |_| {
        counter.add();
        panic_on_purpose();
    }));
    let handle = pool.spawn(|| panic_on_purpose()).unwrap();
    crate::tools::until(|| handle.is_finished());
    drop(handle);
    assert_eq!(heard.get(), 1);
    assert!(pool.wait_idle(None));
    assert_eq!(pool.stats().workers[0].replaced, 0);
}
