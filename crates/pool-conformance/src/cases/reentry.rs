//! Work that the pool has taken once goes on in other jobs, whatever keeps new jobs out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use pool_core::reentry::Reentry;
use pool_core::{Attributes, Pool, PoolExt, Reason, Shutdown};

use super::futures::waker;
use crate::case::{Case, case};
use crate::tools::{Plug, SharedCount, mailbox, panic_on_purpose};
use crate::{Claim, Setup, Subject};

const JOBS: usize = 100;

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Counts, Fifo, Hooks, Panics, Reentry, Replacement, ShutdownNow, WaitIdle};
    vec![
        case!("reentry", there_is_a_way_back_where_it_is_claimed).submits(1),
        case!("reentry", each_step_counts_as_a_job).needs(&[Reentry, Counts, WaitIdle, Panics]).submits(1),
        case!("reentry", a_full_queue_keeps_nothing_from_going_on)
            .needs(&[Reentry, Counts, WaitIdle])
            .fills(),
        case!("reentry", what_would_wait_too_long_goes_on_all_the_same)
            .needs(&[Reentry, Hooks, Counts, WaitIdle])
            .queues(1),
        case!("reentry", what_goes_on_is_queued_behind_what_waits).needs(&[Reentry, Fifo]).queues(JOBS),
        case!("reentry", what_goes_on_for_ever_keeps_the_worker_from_nothing).needs(&[Reentry]).queues(1),
        case!("reentry", it_brings_its_attributes).needs(&[Reentry]),
        case!("reentry", shutdown_runs_what_has_gone_on_before)
            .needs(&[Reentry, Claim::Shutdown, Counts])
            .queues(1),
        case!("reentry", shutdown_now_gives_back_what_has_gone_on).needs(&[Reentry, ShutdownNow]).queues(1),
        case!("reentry", a_closed_pool_gives_the_job_back).needs(&[Reentry, Claim::Shutdown, Counts]),
        case!("reentry", a_closed_pool_wakes_what_waits).needs(&[Reentry, Claim::Shutdown]),
        case!("reentry", a_deserted_pool_takes_nothing_back)
            .needs(&[Reentry, Hooks, Replacement, Counts])
            .submits(1),
    ]
}

fn way_into(pool: &Arc<dyn Pool>) -> Reentry {
    Reentry::of(pool).expect("it claims a way back")
}

/// Fills the queue. Returns how many more jobs are then counted: those that it holds, and the one that it refused.
fn fill(pool: &Arc<dyn Pool>) -> u64 {
    let before = pool.counts().submitted;
    while pool.try_execute(|| ()).is_ok() {}
    pool.counts().submitted - before
}

fn there_is_a_way_back_where_it_is_claimed(subject: &Subject) {
    let pool = subject.pool_of(1);
    match Reentry::of(&pool) {
        Some(way) => {
            let (send, receive) = mailbox();
            way.execute(Attributes::new(), move || send.send(thread::current().id()).unwrap()).unwrap();
            assert_ne!(receive.recv(), Ok(thread::current().id()));
        }
        // An adapter's `submit` is the only way.
        None => assert!(!subject.claims(Claim::Reentry)),
    }
}

/// Runs so many steps, each a job, of which every tenth panics when it has submitted the next.
fn step(way: Reentry, left: usize, ran: SharedCount) {
    ran.add();
    if left > 1 {
        let next = way.clone();
        way.execute(Attributes::new(), move || step(next, left - 1, ran)).unwrap();
    }
    if left.is_multiple_of(10) {
        panic_on_purpose();
    }
}

fn each_step_counts_as_a_job(subject: &Subject) {
    let (pool, ran) = (subject.pool_of(2), SharedCount::default());
    let (way, inside) = (way_into(&pool), ran.clone());
    pool.execute(move || step(way, JOBS, inside)).unwrap();
    assert!(pool.wait_idle(None));
    let (counts, jobs) = (pool.counts(), JOBS as u64);
    assert_eq!((counts.submitted, counts.completed, counts.panicked), (jobs, jobs / 10 * 9, jobs / 10));
    assert_eq!((ran.get(), counts.accounted(), counts.queued, counts.running), (JOBS, jobs, 0, 0));
}

/// Whatever the policy: it does not wait, displaces nothing, and does not run here.
fn a_full_queue_keeps_nothing_from_going_on(subject: &Subject) {
    let (pool, ran) = (subject.pool_of(1), SharedCount::default());
    let way = way_into(&pool);
    let plug = Plug::all(&pool);
    let filled = fill(&pool);
    for _ in 0..JOBS {
        let ran = ran.clone();
        way.execute(Attributes::new(), move || ran.add()).unwrap();
    }
    assert_eq!(ran.get(), 0);
    let counts = pool.counts();
    assert_eq!((counts.queued, counts.rejected), (filled - 1 + JOBS as u64, 1));
    plug.pull();
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    assert_eq!((ran.get(), counts.discarded, counts.rejected), (JOBS, 0, 1));
    assert_eq!((counts.accounted(), counts.queued), (counts.submitted, 0));
}

fn what_would_wait_too_long_goes_on_all_the_same(subject: &Subject) {
    let pool = subject.build(Setup::threads(1).admit_within(Duration::ZERO));
    let way = way_into(&pool);
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert!(pool.wait_idle(None));
    let plug = Plug::all(&pool);
    pool.execute(|| ()).unwrap();
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::Overloaded);
    let (send, receive) = mailbox();
    way.execute(Attributes::new(), move || send.send(()).unwrap()).unwrap();
    plug.pull();
    assert_eq!(receive.recv(), Ok(()));
    assert_eq!(pool.counts().rejected, 1);
}

fn what_goes_on_is_queued_behind_what_waits(subject: &Subject) {
    let pool = subject.pool_of(1);
    let way = way_into(&pool);
    let plug = Plug::all(&pool);
    let (send, receive) = mailbox();
    for number in 0..JOBS {
        let send = send.clone();
        let job = move || send.send(number).unwrap();
        if number % 2 == 0 {
            pool.execute(job).unwrap();
        } else {
            way.execute(Attributes::new(), job).unwrap();
        }
    }
    plug.pull();
    drop(send);
    assert!(receive.iter().eq(0..JOBS));
}

/// Also where a worker's own jobs run newest first: then it would run nothing else.
fn what_goes_on_for_ever_keeps_the_worker_from_nothing(subject: &Subject) {
    fn go_on(way: Reentry, is_over: Arc<AtomicBool>) {
        if !is_over.load(SeqCst) {
            let next = way.clone();
            // The pool may have ended by now.
            let _ = way.execute(Attributes::new(), move || go_on(next, is_over));
        }
    }
    let (pool, is_over) = (subject.pool_of(1), Arc::new(AtomicBool::new(false)));
    let (way, over) = (way_into(&pool), is_over.clone());
    let plug = Plug::all(&pool);
    let next = way.clone();
    way.execute(Attributes::new(), move || go_on(next, over)).unwrap();
    let (send, receive) = mailbox();
    way.execute(Attributes::new(), move || send.send(()).unwrap()).unwrap();
    plug.pull();
    assert_eq!(receive.recv(), Ok(()));
    is_over.store(true, SeqCst);
}

fn it_brings_its_attributes(subject: &Subject) {
    let pool = subject.pool_of(1);
    let (send, receive) = mailbox();
    let named = Attributes::new().name("second step");
    way_into(&pool).execute(named, move || send.send(pool_core::job_name()).unwrap()).unwrap();
    assert_eq!(receive.recv().unwrap().as_deref(), Some("second step"));
}

fn shutdown_runs_what_has_gone_on_before(subject: &Subject) {
    let (pool, ran) = (subject.pool_of(1), SharedCount::default());
    let way = way_into(&pool);
    let plug = Plug::all(&pool);
    pool.execute(|| ()).unwrap();
    for _ in 0..JOBS {
        let ran = ran.clone();
        way.execute(Attributes::new(), move || ran.add()).unwrap();
    }
    let ender = crate::tools::shut_down_elsewhere(&pool);
    assert_eq!(way.execute(Attributes::new(), || ()).unwrap_err().reason(), Reason::ShutDown);
    plug.pull();
    assert_eq!(ender.join().unwrap(), Shutdown::Terminated);
    let counts = pool.counts();
    assert_eq!((ran.get(), counts.rejected, counts.discarded), (JOBS, 1, 0));
    assert_eq!((counts.accounted(), counts.queued), (counts.submitted, 0));
}

fn shutdown_now_gives_back_what_has_gone_on(subject: &Subject) {
    let (pool, ran) = (subject.pool_of(1), SharedCount::default());
    let way = way_into(&pool);
    let plug = Plug::all(&pool);
    for _ in 0..JOBS {
        let ran = ran.clone();
        way.execute(Attributes::new(), move || ran.add()).unwrap();
    }
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let jobs = ender.join().unwrap();
    assert_eq!((jobs.len(), ran.get()), (JOBS, 0));
    jobs.into_iter().for_each(|job| job.run());
    assert_eq!(ran.get(), JOBS);
}

fn a_closed_pool_gives_the_job_back(subject: &Subject) {
    let (pool, ran) = (subject.pool_of(1), SharedCount::default());
    let (way, inside) = (way_into(&pool), ran.clone());
    assert!(way.is_open());
    let _ = pool.shutdown();
    assert!(!way.is_open());
    let rejected = way.execute(Attributes::new(), move || inside.add()).unwrap_err();
    assert_eq!((rejected.reason(), ran.get()), (Reason::ShutDown, 0));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.rejected), (1, 1));
    rejected.into_job().run();
    assert_eq!(ran.get(), 1);
    // The way does not keep the pool.
    assert_eq!(Arc::strong_count(&pool), 1);
    drop(pool);
    assert_eq!(way.execute(Attributes::new(), || ()).unwrap_err().reason(), Reason::ShutDown);
}

fn a_closed_pool_wakes_what_waits(subject: &Subject) {
    let pool = subject.pool_of(1);
    let way = way_into(&pool);
    let ((waits, woken), (forgotten, woken_though_forgotten)) = (waker(), waker());
    way.wake_on_close(waits).expect("it is open");
    let number = way.wake_on_close(forgotten).expect("it is open");
    way.forget(number);
    assert_eq!(woken.get(), 0);
    let _ = pool.shutdown();
    assert_eq!((woken.get(), woken_though_forgotten.get()), (1, 0));
    assert_eq!(way.wake_on_close(Waker::noop().clone()), None);
}

fn a_deserted_pool_takes_nothing_back(subject: &Subject) {
    let (setup, broken) = super::loss::breakable(1);
    let pool = subject.build(setup);
    let way = way_into(&pool);
    let doom = super::loss::doom(&pool);
    let (dropped, ran) = (SharedCount::default(), SharedCount::default());
    let (held, inside) = (dropped.on_drop(), ran.clone());
    way.execute(Attributes::new(), move || {
        drop(held);
        inside.add();
    })
    .unwrap();
    broken.store(true, SeqCst);
    doom.open();
    crate::tools::until(|| dropped.get() == 1);
    crate::tools::until(|| !way.is_open());
    assert_eq!(way.execute(Attributes::new(), || ()).unwrap_err().reason(), Reason::NoWorkers);
    let _ = pool.shutdown();
    let counts = pool.counts();
    assert_eq!((ran.get(), counts.discarded, counts.rejected), (0, 1, 1));
    assert_eq!((counts.accounted(), counts.queued), (counts.submitted, 0));
}
