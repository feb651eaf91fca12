//! A worker that dies is replaced; a pool that loses its last one says so.
//!
//! A user can kill a worker by what the pool calls between jobs: here it is a panic handler that panics. See
//! `job_hooks` and `panics` for the others.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;

use pool_core::{BuildError, JoinError, Pool, PoolExt, PoolState, Reason, Shutdown};

use crate::case::{Case, case};
use crate::tools::{Latch, Plug, SharedCount, panic_on_purpose};
use crate::{Claim, Setup, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Hooks, Replacement, ShutdownNow, WaitIdle};
    vec![
        case!("loss", a_dead_worker_is_replaced).needs(&[Hooks, Replacement, Counts]).submits(1),
        case!("loss", jobs_behind_it_still_run).needs(&[Hooks, Replacement, WaitIdle]).queues(20),
        case!("loss", each_worker_may_die).needs(&[Hooks, Replacement, WaitIdle]).queues(3),
        case!("loss", a_worker_may_die_while_the_pool_ends)
            .needs(&[Hooks, Replacement, Claim::Shutdown])
            .queues(4),
        case!("loss", a_deserted_pool_says_so).needs(&[Hooks, Replacement, Counts, WaitIdle]).queues(10),
        case!("loss", a_deserted_pool_refuses_what_comes_in_the_meantime)
            .needs(&[Hooks, Replacement, Counts, Claim::TakesAll])
            .submits(1),
        case!("loss", a_deserted_pool_leaves_forks_to_their_owners).needs(&[Hooks, Replacement]).submits(1),
        case!("loss", a_deserted_pool_gives_back_what_shutdown_now_asks_for)
            .needs(&[Hooks, Replacement, ShutdownNow])
            .queues(5),
        case!("loss", what_a_deserted_pool_drops_may_panic).needs(&[Hooks, Replacement, Counts]).queues(3),
        case!("loss", one_empty_slot_leaves_the_others).needs(&[Hooks, Replacement]).queues(2),
        case!("loss", a_start_that_panics_is_a_build_error).needs(&[Hooks]),
    ]
}

/// Every detached panic kills its worker.
fn deadly(threads: usize) -> Setup {
    Setup::threads(threads).on_panic(|_| panic_on_purpose())
}

/// Its workers die of detached panics, and no new one starts once `broken`.
pub(super) fn breakable(threads: usize) -> (Setup, Arc<AtomicBool>) {
    let broken = Arc::new(AtomicBool::new(false));
    let breaks = broken.clone();
    let setup = deadly(threads).on_start(move |_| {
        if breaks.load(SeqCst) {
            panic_on_purpose();
        }
    });
    (setup, broken)
}

/// Occupies a worker until the latch is opened, and then kills it.
pub(super) fn doom(pool: &Arc<dyn Pool>) -> Latch {
    let (started, go) = (Latch::default(), Latch::default());
    let (starts, goes) = (started.clone(), go.clone());
    pool.execute(move || {
        starts.open();
        goes.wait();
        panic_on_purpose();
    })
    .unwrap();
    started.wait();
    go
}

fn a_dead_worker_is_replaced(subject: &Subject) {
    let pool = subject.build(deadly(1));
    let here = || thread::current().id();
    for deaths in 1..=5 {
        let before = pool.spawn(here).unwrap().join().unwrap();
        pool.execute(|| panic_on_purpose()).unwrap();
        crate::tools::until(|| pool.counts().panicked == deaths);
        let after = pool.spawn(here).unwrap().join().unwrap();
        assert_ne!(before, after);
        let stats = pool.stats();
        assert_eq!((stats.workers[0].replaced, stats.counts.panicked), (deaths, deaths));
    }
}

fn jobs_behind_it_still_run(subject: &Subject) {
    let pool = subject.build(deadly(1));
    let doom = doom(&pool);
    let handles: Vec<_> = (0..20).map(|number| pool.spawn(move || number).unwrap()).collect();
    doom.open();
    assert!(handles.into_iter().map(|handle| handle.join().unwrap()).eq(0..20));
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.completed, counts.panicked, counts.accounted()), (21, 20, 1, 21));
}

fn each_worker_may_die(subject: &Subject) {
    let pool = subject.build(deadly(3));
    let plug = Plug::all(&pool);
    (0..3).for_each(|_| pool.execute(|| panic_on_purpose()).unwrap());
    plug.pull();
    assert!(pool.wait_idle(None));
    // All three are there again.
    Plug::all(&pool).pull();
    let replaced = pool.stats().workers.iter().map(|worker| worker.replaced).sum::<u64>();
    assert_eq!(replaced, 3);
}

fn a_worker_may_die_while_the_pool_ends(subject: &Subject) {
    let pool = subject.build(deadly(1));
    let plug = Plug::all(&pool);
    let ran = SharedCount::default();
    for number in 0..4 {
        let ran = ran.clone();
        pool.execute(move || {
            ran.add();
            if number % 2 == 0 {
                panic_on_purpose();
            }
        })
        .unwrap();
    }
    let ender = crate::tools::shut_down_elsewhere(&pool);
    plug.pull();
    assert_eq!(ender.join().unwrap(), Shutdown::Terminated);
    assert_eq!(ran.get(), 4);
    assert_eq!(pool.state(), PoolState::Terminated);
}

fn a_deserted_pool_says_so(subject: &Subject) {
    let (setup, broken) = breakable(1);
    let pool = subject.build(setup);
    let doom = doom(&pool);
    let handles: Vec<_> = (0..5).map(|_| pool.spawn(|| ()).unwrap()).collect();
    (0..4).for_each(|_| pool.execute(|| ()).unwrap());
    broken.store(true, SeqCst);
    doom.open();
    for handle in handles {
        let error = handle.join().unwrap_err();
        assert!(matches!(error, JoinError::Unrun(Reason::NoWorkers)), "{error}");
    }
    assert!(pool.wait_idle(None));
    crate::tools::until(|| pool.state() == PoolState::Terminated);
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::NoWorkers);
    let counts = pool.counts();
    assert_eq!(
        (counts.discarded, counts.rejected, counts.panicked, counts.accounted()),
        (9, 1, 1, counts.submitted)
    );
    let _ = pool.shutdown();
}

/// Submitters that come while the last worker dies, waiting for room in a full queue among them, are not left
/// hanging: each job runs, is discarded, or comes back.
fn a_deserted_pool_refuses_what_comes_in_the_meantime(subject: &Subject) {
    let (setup, broken) = breakable(1);
    let pool = subject.build(setup);
    broken.store(true, SeqCst);
    let (ran, refused) = (SharedCount::default(), SharedCount::default());
    pool.execute(|| panic_on_purpose()).unwrap();
    thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| {
                loop {
                    let inside = ran.clone();
                    match pool.spawn(move || inside.add()) {
                        Ok(handle) => drop(handle.join()),
                        Err(rejected) => {
                            assert_eq!(rejected.reason(), Reason::NoWorkers);
                            refused.add();
                            break;
                        }
                    }
                }
            });
        }
    });
    assert_eq!(refused.get(), 3);
    let counts = pool.counts();
    assert_eq!((counts.rejected, counts.completed), (3, ran.get() as u64));
    assert_eq!((counts.accounted(), counts.queued), (counts.submitted, 0));
}

fn a_deserted_pool_leaves_forks_to_their_owners(subject: &Subject) {
    let (setup, broken) = breakable(1);
    let pool = subject.build(setup);
    let doom = doom(&pool);
    broken.store(true, SeqCst);
    thread::scope(|threads| {
        let install = threads.spawn(|| pool.install(|| 1));
        let scope = threads.spawn(|| pool.scope(|scope| scope.spawn(|| 2).join().unwrap()));
        let join = threads.spawn(|| pool.join(|| 3, || 4));
        // Nobody else may run its part.
        let broadcast = threads.spawn(|| pool.broadcast(|_| ()).unwrap_err().reason());
        doom.open();
        assert_eq!(broadcast.join().unwrap(), Reason::NoWorkers);
        assert_eq!((install.join().unwrap(), scope.join().unwrap(), join.join().unwrap()), (1, 2, (3, 4)));
    });
}

fn a_deserted_pool_gives_back_what_shutdown_now_asks_for(subject: &Subject) {
    let (setup, broken) = breakable(1);
    let pool = subject.build(setup);
    let doom = doom(&pool);
    let ran = SharedCount::default();
    for _ in 0..5 {
        let ran = ran.clone();
        pool.execute(move || ran.add()).unwrap();
    }
    broken.store(true, SeqCst);
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    doom.open();
    let jobs = ender.join().unwrap();
    assert_eq!((jobs.len(), ran.get()), (5, 0));
    assert_eq!(pool.state(), PoolState::Terminated);
}

fn what_a_deserted_pool_drops_may_panic(subject: &Subject) {
    let (setup, broken) = breakable(1);
    let pool = subject.build(setup);
    let doom = doom(&pool);
    let (bomb, other) = (crate::tools::PanicsOnDrop, crate::tools::PanicsOnDrop);
    pool.execute(move || drop(bomb)).unwrap();
    let handle = pool.spawn(move || drop(other)).unwrap();
    broken.store(true, SeqCst);
    doom.open();
    assert!(matches!(handle.join(), Err(JoinError::Unrun(Reason::NoWorkers))));
    let _ = pool.shutdown();
    let counts = pool.counts();
    assert_eq!((counts.discarded, counts.accounted()), (2, counts.submitted));
}

fn one_empty_slot_leaves_the_others(subject: &Subject) {
    let broken = Arc::new(AtomicBool::new(false));
    let (breaks, failed) = (broken.clone(), SharedCount::default());
    let fails = failed.clone();
    let pool = subject.build(deadly(2).on_start(move |index| {
        if index == 0 && breaks.load(SeqCst) {
            fails.add();
            panic_on_purpose();
        }
    }));
    broken.store(true, SeqCst);
    let meet = Arc::new(Barrier::new(2));
    for _ in 0..2 {
        let meet = meet.clone();
        pool.execute(move || {
            meet.wait();
            if pool_core::current().is_some_and(|worker| worker.index == 0) {
                panic_on_purpose();
            }
        })
        .unwrap();
    }
    crate::tools::until(|| failed.get() == 3);
    assert!((0..20).map(|number| pool.spawn(move || number).unwrap().join().unwrap()).eq(0..20));
    assert_eq!(pool.state(), PoolState::Running);
    assert_eq!(pool.shutdown(), Shutdown::Terminated);
    assert_eq!(failed.get(), 3, "after three failed starts the slot stays empty");
}

fn a_start_that_panics_is_a_build_error(subject: &Subject) {
    for only in [None, Some(1)] {
        let stopped = SharedCount::default();
        let counter = stopped.clone();
        let setup = Setup::threads(3)
            .on_start(move |index| {
                if only.is_none_or(|only| only == index) {
                    panic_on_purpose();
                }
            })
            .on_stop(move |_| counter.add());
        let error = subject.try_build(setup).map(|_| ()).unwrap_err();
        assert!(matches!(error, BuildError::Start(_)), "{error}");
        assert_eq!(stopped.get(), if only.is_some() { 2 } else { 0 }, "the others were stopped and joined");
    }
}
