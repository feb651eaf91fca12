//! One order for every end of a job: what the job holds is dropped, and then its handle ends.
//!
//! So whoever has the result, or the reason why there is none, may rely on it that the captures are gone, whichever thread
//! drops them.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::{Duration, Instant};

use pool_core::{
    Attributes, CancelToken, Job, JobHandle, JoinError, Pool, PoolExt, Reason, Rejected, Submit,
};

use super::loss::{breakable, doom};
use crate::case::{Case, case};
use crate::tools::{Latch, Plug, ended, mailbox, panic_on_purpose, until};
use crate::{Claim, Subject};

pub(super) fn cases() -> Vec<Case> {
    use Claim::{Hooks, InnerShutdown, Lifecycle, Replacement, ShutdownNow};
    vec![
        case!("captures", of_a_job_that_ran).submits(1),
        case!("captures", of_a_job_that_panicked).submits(1),
        case!("captures", of_a_job_that_its_waiter_ran).needs(&[Claim::NestedWaits]).queues(2),
        case!("captures", of_a_cancelled_job).queues(1),
        case!("captures", of_a_job_whose_token_was_set).queues(1),
        case!("captures", of_an_expired_job).queues(1),
        case!("captures", of_a_job_that_its_waiter_found_expired).queues(1),
        case!("captures", of_displaced_jobs),
        case!("captures", of_a_job_that_was_given_back_and_dropped).needs(&[ShutdownNow]).queues(1),
        case!("captures", of_a_job_that_was_given_back_and_rejected_elsewhere)
            .needs(&[ShutdownNow])
            .queues(1),
        case!("captures", of_jobs_that_surface_after_shutdown_now)
            .needs(&[ShutdownNow, InnerShutdown, Lifecycle])
            .queues(1),
        case!("captures", of_what_a_deserted_pool_gives_up).needs(&[Hooks, Replacement]).queues(2),
    ]
}

/// What a job holds: it tells, when it is dropped, whether the job's handle has ended by then.
struct Held {
    handle: Arc<OnceLock<Weak<JobHandle<()>>>>,
    dropped: Sender<bool>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let handle = self.handle.get().and_then(Weak::upgrade);
        let has_ended = handle.as_ref().is_some_and(|handle| handle.is_finished());
        drop(handle);
        // Who hears of it is gone when a case has failed.
        let _ = self.dropped.send(has_ended);
    }
}

/// A handle, and what it hears of its job's captures.
struct Watched {
    handle: Arc<JobHandle<()>>,
    dropped: Receiver<bool>,
}

impl Watched {
    /// Submits a job that holds something. It must not end before this returns.
    fn new(spawn: impl FnOnce(Held) -> Result<JobHandle<()>, Rejected>) -> Self {
        let (send, dropped) = mailbox();
        let place = Arc::default();
        let handle = Arc::new(spawn(Held { handle: Arc::clone(&place), dropped: send }).unwrap());
        place.set(Arc::downgrade(&handle)).expect("it is set once");
        Watched { handle, dropped }
    }

    fn spawn(pool: &Arc<dyn Pool>) -> Self {
        Watched::with(pool, Attributes::new())
    }

    fn with(pool: &Arc<dyn Pool>, attributes: Attributes) -> Self {
        Watched::new(|held| pool.spawn_with(attributes, move || drop(held)))
    }

    /// Waits for the end of the job, and returns what the handle says.
    fn end(self) -> Result<(), JoinError> {
        until(|| self.handle.is_finished());
        assert_eq!(self.dropped.try_recv(), Ok(false), "captures are dropped, and then the handle ends");
        self.handle()
    }

    /// The same, where the waiter itself may have to end the job.
    fn end_by_waiting(self) -> Result<(), JoinError> {
        let Watched { handle, dropped } = self;
        let result = Arc::into_inner(handle).expect("nobody else has it").join();
        assert!(dropped.try_recv().is_ok(), "captures are dropped before a join returns");
        result
    }

    fn handle(self) -> Result<(), JoinError> {
        let mut handle = self.handle;
        // The destructor may still hold it for a moment.
        loop {
            match Arc::try_unwrap(handle) {
                Ok(handle) => return ended(handle),
                Err(shared) => handle = shared,
            }
            thread::yield_now();
        }
    }
}

fn of_a_job_that_ran(subject: &Subject) {
    let pool = subject.pool_of(1);
    let go = Latch::default();
    let goes = go.clone();
    let watched = Watched::new(|held| {
        pool.spawn(move || {
            let _held = held;
            goes.wait();
        })
    });
    go.open();
    watched.end().unwrap();
}

fn of_a_job_that_panicked(subject: &Subject) {
    let pool = subject.pool_of(1);
    let go = Latch::default();
    let goes = go.clone();
    let watched = Watched::new(|held| {
        pool.spawn(move || {
            let _held = held;
            goes.wait();
            panic_on_purpose();
        })
    });
    go.open();
    assert!(matches!(watched.end(), Err(JoinError::Panicked(_))));
}

fn of_a_job_that_its_waiter_ran(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let (send, receive) = mailbox::<Watched>();
    // It is the only worker, so nobody else runs the other job, unless that comes first.
    let waiter = pool.spawn(move || receive.recv().unwrap().end_by_waiting()).unwrap();
    send.send(Watched::spawn(&pool)).unwrap();
    plug.pull();
    ended(waiter).unwrap().unwrap();
}

fn of_a_cancelled_job(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let watched = Watched::spawn(&pool);
    let handle = watched.handle.clone();
    // By another thread than the one that joins.
    assert!(thread::spawn(move || handle.cancel()).join().unwrap());
    assert!(matches!(watched.end(), Err(JoinError::Cancelled)));
    plug.pull();
}

fn of_a_job_whose_token_was_set(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let token = CancelToken::new();
    let watched = Watched::with(&pool, Attributes::new().token(&token));
    token.cancel();
    plug.pull();
    assert!(matches!(watched.end(), Err(JoinError::Cancelled)));
}

fn too_late() -> Attributes {
    Attributes::new().start_by(Instant::now())
}

fn of_an_expired_job(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let watched = Watched::with(&pool, too_late());
    plug.pull();
    assert!(matches!(watched.end(), Err(JoinError::Unrun(Reason::Expired))));
}

fn of_a_job_that_its_waiter_found_expired(subject: &Subject) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let watched = Watched::with(&pool, too_late());
    assert!(matches!(watched.end_by_waiting(), Err(JoinError::Unrun(Reason::Expired))));
    plug.pull();
}

/// More jobs than the queue holds: whichever are given up in a pool that does not take all.
fn of_displaced_jobs(subject: &Subject) {
    const MORE: usize = 8;
    if subject.room() > 1000 || subject.claims(Claim::TakesAll) {
        return;
    }
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let go = Latch::default();
    let mut watched = Vec::new();
    for _ in 0..subject.room() + MORE {
        let (send, dropped) = mailbox();
        let (place, goes) = (Arc::<OnceLock<_>>::default(), go.clone());
        let held = Held { handle: Arc::clone(&place), dropped: send };
        let spawned = pool.spawn(move || {
            let _held = held;
            goes.wait();
        });
        if let Ok(handle) = spawned {
            let handle = Arc::new(handle);
            let _ = place.set(Arc::downgrade(&handle));
            // The newest may have been given up before its handle was in place, and then says `false` for that reason.
            watched.push(Watched { handle, dropped });
        }
    }
    plug.pull();
    go.open();
    for job in watched {
        match job.end() {
            Ok(()) | Err(JoinError::Unrun(Reason::Displaced)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// A job that `shutdown_now` has given back, and the worker that is still held.
fn given_back(subject: &Subject) -> (Watched, Job) {
    let pool = subject.pool_of(1);
    let plug = Plug::all(&pool);
    let watched = Watched::spawn(&pool);
    let ender = crate::tools::shut_down_now_elsewhere(&pool);
    plug.pull();
    let job = ender.join().unwrap().pop().expect("the job is given back");
    (watched, job)
}

fn of_a_job_that_was_given_back_and_dropped(subject: &Subject) {
    let (watched, job) = given_back(subject);
    thread::spawn(move || drop(job)).join().unwrap();
    assert!(matches!(watched.end(), Err(JoinError::Unrun(Reason::Dropped))));
}

fn of_a_job_that_was_given_back_and_rejected_elsewhere(subject: &Subject) {
    let (watched, job) = given_back(subject);
    let other = subject.pool_of(1);
    let _ = other.shutdown();
    let rejected = other.submit(job, Submit::default()).unwrap_err();
    assert!(!watched.handle.is_finished());
    drop(rejected);
    assert!(matches!(watched.end(), Err(JoinError::Unrun(Reason::ShutDown))));
}

/// A job for a given worker comes in while a `shutdown_now` is at work; see `ending` for the ways into the pool.
fn of_jobs_that_surface_after_shutdown_now(subject: &Subject) {
    for _ in 0..50 {
        let pool = subject.pool_of(1);
        let plug = Plug::all(&pool);
        let watched: Vec<Watched> = thread::scope(|threads| {
            let submitter = threads.spawn(|| {
                let mut watched = Vec::new();
                loop {
                    let (send, dropped) = mailbox();
                    let place = Arc::<OnceLock<_>>::default();
                    let held = Held { handle: Arc::clone(&place), dropped: send };
                    match pool.spawn_on(0, move || drop(held)) {
                        Ok(handle) => {
                            let handle = Arc::new(handle);
                            let _ = place.set(Arc::downgrade(&handle));
                            watched.push(Watched { handle, dropped });
                        }
                        Err(rejected) => {
                            assert_eq!(rejected.reason(), Reason::ShutDown);
                            break watched;
                        }
                    }
                }
            });
            until(|| pool.counts().submitted > 1);
            let (jobs, _) = pool.shutdown_now_timeout(Duration::ZERO).unwrap();
            drop(jobs);
            submitter.join().unwrap()
        });
        // The worker is still held, and nobody calls again.
        for job in watched {
            assert!(matches!(job.end(), Err(JoinError::Unrun(Reason::Dropped | Reason::ShutDown))));
        }
        plug.pull();
    }
}

fn of_what_a_deserted_pool_gives_up(subject: &Subject) {
    let (setup, broken) = breakable(1);
    let pool = subject.build(setup);
    let doom = doom(&pool);
    let watched = [(); 2].map(|()| Watched::spawn(&pool));
    broken.store(true, std::sync::atomic::Ordering::SeqCst);
    doom.open();
    for job in watched {
        assert!(matches!(job.end(), Err(JoinError::Unrun(Reason::NoWorkers))));
    }
}
