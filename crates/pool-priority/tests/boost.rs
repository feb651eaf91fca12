//! A wait that cannot run the job itself boosts it, once; and a job can ask what else waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use pool_core::{JobHandle, JoinError, Priority};
use pool_priority::{Levels, PriorityPool};

/// Long enough for any machine; it turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// A pool whose only worker is held while jobs queue, and what they say.
struct Held {
    pool: PriorityPool,
    release: Sender<()>,
    say: Sender<&'static str>,
    said: Receiver<&'static str>,
}

impl Held {
    fn new() -> Self {
        let pool = PriorityPool::with(Levels::default().strict()).threads(1).build().unwrap();
        let (release, released) = channel::<()>();
        let (started, running) = channel();
        pool.execute(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        })
        .unwrap();
        running.recv_timeout(DEADLINE).unwrap();
        let (say, said) = channel();
        Held { pool, release, say, said }
    }

    fn spawn(&self, priority: Priority, word: &'static str) -> JobHandle<()> {
        let say = self.say.clone();
        self.pool.spawn_with(priority, move || say.send(word).unwrap()).unwrap()
    }

    /// A job that is `low`, and others that are `normal` and `just below`.
    fn with_three() -> (Self, JobHandle<()>) {
        let held = Held::new();
        let low = held.spawn(Priority::IDLE, "low");
        drop(held.spawn(Priority::new(33).unwrap(), "just below"));
        drop(held.spawn(Priority::NORMAL, "normal"));
        (held, low)
    }

    /// Lets the worker go on, and returns what was said in the end.
    fn finish(self) -> Vec<&'static str> {
        drop(self.release);
        let _ = self.pool.shutdown();
        let counts = self.pool.counts();
        assert_eq!(
            (counts.submitted, counts.accounted(), counts.queued),
            (counts.completed, counts.submitted, 0)
        );
        drop(self.say);
        self.said.iter().collect()
    }
}

#[test]
fn a_boosted_job_goes_first_and_runs_once() {
    let (held, mut low) = Held::with_three();
    assert!(low.boost(Priority::URGENT));
    assert_eq!(held.pool.counts().queued, 3, "tickets are not counted");
    assert_eq!(held.finish(), ["low", "normal", "just below"]);
    low.join().unwrap();
}

#[test]
fn it_is_boosted_once_and_only_upwards() {
    let (held, mut low) = Held::with_three();
    assert!(!low.boost(Priority::IDLE), "it is there already");
    assert!(low.boost(Priority::new(50).unwrap()));
    assert!(!low.boost(Priority::URGENT), "once");
    let mut urgent = held.spawn(Priority::URGENT, "urgent");
    assert!(!urgent.boost(Priority::NORMAL), "that would lower it");
    assert_eq!(held.finish(), ["urgent", "normal", "just below", "low"]);
}

#[test]
fn what_has_started_or_has_no_levels_is_not_boosted() {
    let pool = PriorityPool::with(Levels::new(1)).threads(1).build().unwrap();
    assert!(!pool.spawn_with(Priority::IDLE, || ()).unwrap().boost(Priority::URGENT));
    let pool = PriorityPool::builder().threads(1).build().unwrap();
    let mut done = pool.spawn_with(Priority::IDLE, || ()).unwrap();
    assert!(pool.wait_idle(Some(DEADLINE)));
    assert!(!done.boost(Priority::URGENT));
}

#[test]
fn join_with_boosts_to_the_waiters_priority() {
    let (held, low) = Held::with_three();
    let waiter = thread::spawn(move || low.join_with(Priority::URGENT));
    // The waiter's ticket shows as an urgent level that waits.
    while !held.pool.urgency().waits_above(Priority::new(1).unwrap()) {
        thread::yield_now();
    }
    assert_eq!(held.finish(), ["low", "normal", "just below"]);
    waiter.join().unwrap().unwrap();
}

#[test]
fn a_wait_with_a_limit_boosts_to_normal() {
    let (held, low) = Held::with_three();
    let low = low.join_timeout(Duration::ZERO).unwrap_err();
    assert_eq!(held.finish(), ["normal", "low", "just below"]);
    low.join().unwrap();
}

#[test]
fn an_await_boosts_to_normal() {
    let (held, mut low) = Held::with_three();
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..2 {
        assert!(Pin::new(&mut low).poll(&mut context).is_pending());
    }
    assert_eq!(held.finish(), ["normal", "low", "just below"]);
}

#[test]
fn a_boosted_job_can_be_cancelled() {
    let (held, mut low) = Held::with_three();
    assert!(low.boost(Priority::URGENT) && low.cancel());
    assert!(matches!(low.join(), Err(JoinError::Cancelled)));
    drop(held.release);
    assert!(held.pool.wait_idle(Some(DEADLINE)));
    let counts = held.pool.counts();
    assert_eq!((counts.cancelled, counts.completed, counts.accounted()), (1, 3, counts.submitted));
}

#[test]
fn what_is_handed_back_is_not_run_by_the_second_ticket() {
    for _ in 0..200 {
        let pool = PriorityPool::builder().threads(1).build().unwrap();
        let mut handle = pool.spawn_with(Priority::IDLE, || ()).unwrap();
        handle.boost(Priority::URGENT);
        let (jobs, _) = pool.shutdown_now();
        let counts = pool.counts();
        assert_eq!((counts.submitted, counts.completed + counts.discarded), (1, 1));
        assert_eq!(handle.is_finished(), jobs.is_empty());
        jobs.into_iter().for_each(|job| job.run());
        handle.join().unwrap();
    }
}

#[test]
fn waiters_workers_and_cancellers_agree_on_who_wins() {
    let pool = PriorityPool::builder().threads(2).build().unwrap();
    for round in 0..1000_u64 {
        let mut handle = pool.spawn_with(Priority::IDLE, move || round).unwrap();
        handle.boost(Priority::NORMAL);
        if round % 3 == 0 {
            handle.cancel();
        }
        match handle.join() {
            Ok(value) => assert_eq!(value, round),
            Err(error) => assert!(matches!(error, JoinError::Cancelled), "{error}"),
        }
    }
    assert!(pool.wait_idle(Some(DEADLINE)));
    let counts = pool.counts();
    assert_eq!((counts.submitted, counts.completed + counts.cancelled), (1000, 1000));
}

#[test]
fn a_low_job_learns_that_something_more_urgent_waits() {
    let pool = PriorityPool::builder().threads(1).build().unwrap();
    let urgency = pool.urgency().clone();
    let (started, running) = channel();
    let low = pool
        .spawn_with(Priority::IDLE, move || {
            started.send(urgency.waits_above(Priority::IDLE)).unwrap();
            while !urgency.waits_above(Priority::IDLE) {
                thread::yield_now();
            }
        })
        .unwrap();
    assert_eq!(running.recv_timeout(DEADLINE), Ok(false));
    pool.execute_with(Priority::IDLE, || ()).unwrap();
    assert!(!low.is_finished());
    let urgent = pool.spawn_with(Priority::NORMAL, || ()).unwrap();
    low.join().unwrap();
    urgent.join().unwrap();
}

#[test]
fn a_job_for_a_given_worker_is_not_boosted() {
    let held = Held::new();
    let mut bound = held.pool.spawn_on(0, || ()).unwrap();
    assert!(!bound.boost(Priority::URGENT), "another worker might come by it");
    held.finish();
    bound.join().unwrap();
}
