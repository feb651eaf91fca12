//! What is shed and what is turned away: counted, and told with the reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use pool_bounded::{Bounded, BoundedPool, CoDel, Overflow};
use pool_core::{Attributes, JoinError, Reason};

/// Long enough for any machine; it turns a hang into a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// Keeps one worker busy until the sender is used or dropped.
fn hold(pool: &BoundedPool) -> Sender<()> {
    let (release, released) = channel::<()>();
    let (started, running) = channel();
    pool.execute(move || {
        started.send(()).unwrap();
        let _ = released.recv();
    })
    .unwrap();
    running.recv_timeout(DEADLINE).unwrap();
    release
}

fn shedding(capacity: usize) -> BoundedPool {
    // Every wait is too long for it.
    let codel = CoDel::default().target(Duration::from_nanos(1)).interval(Duration::from_millis(1));
    BoundedPool::with(Bounded::new(capacity).overflow(Overflow::Shed(codel))).threads(1).build().unwrap()
}

#[test]
fn a_standing_queue_is_shed_and_the_handles_say_why() {
    let pool = shedding(1 << 10);
    let deadline = Instant::now() + DEADLINE;
    let (mut ran, mut shed, told) = (0, 0, Arc::new(AtomicU64::new(0)));
    while shed == 0 {
        assert!(Instant::now() < deadline, "nothing is ever shed");
        // By mail, which is not shed.
        let (release, released) = channel::<()>();
        pool.execute_on(0, move || _ = released.recv()).unwrap();
        let tells = || {
            let told = told.clone();
            Attributes::new().on_unrun(move |reason| {
                assert_eq!(reason, Reason::Overloaded);
                told.fetch_add(1, SeqCst);
            })
        };
        // Together they take longer than an interval.
        let job = || thread::sleep(Duration::from_micros(10));
        let handles: Vec<_> = (0..500).map(|_| pool.spawn_with(tells(), job).unwrap()).collect();
        drop(release);
        for handle in handles {
            match handle.join() {
                Ok(()) => ran += 1,
                Err(JoinError::Unrun(Reason::Overloaded)) => shed += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(pool.wait_idle(Some(DEADLINE)));
    let counts = pool.counts();
    assert_eq!((counts.discarded, told.load(SeqCst)), (shed, shed));
    assert_eq!((counts.submitted, counts.accounted()), (counts.completed + shed, counts.submitted));
    assert!(ran > 0, "the first of each interval goes through");
}

#[test]
fn a_full_queue_refuses() {
    let pool = shedding(1);
    let release = hold(&pool);
    pool.execute(|| ()).unwrap();
    let rejected = pool.execute(|| ()).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Full);
    drop(release);
    let _ = pool.shutdown();
    let counts = pool.counts();
    assert_eq!((counts.rejected, counts.submitted, counts.accounted()), (1, 3, 3));
}

#[test]
fn scopes_and_joins_are_never_shed() {
    for _ in 0..100 {
        let pool = shedding(4);
        let sum = pool.scope(|scope| {
            let parts: Vec<_> = (1..=10).map(|number| scope.spawn(move || number)).collect();
            parts.into_iter().map(|part| part.join().unwrap()).sum::<u32>()
        });
        assert_eq!((sum, pool.join(|| 1, || 2)), (55, (1, 2)));
    }
}

#[test]
fn a_job_that_would_wait_too_long_is_turned_away_whole() {
    let pool = BoundedPool::builder().threads(1).admit_within(Duration::ZERO).build().unwrap();
    pool.spawn(|| ()).unwrap().join().unwrap();
    assert!(pool.wait_idle(Some(DEADLINE)));
    let release = hold(&pool);
    // The first finds an empty queue, and the second finds the first.
    let first = pool.spawn(|| 1).unwrap();
    let rejected = pool.spawn(|| 2).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Overloaded);
    assert_eq!(rejected.to_string(), "job rejected: the pool is overloaded");
    let second = pool.execute(|| ()).unwrap_err().into_job();
    release.send(()).unwrap();
    assert_eq!(first.join().unwrap(), 1);
    assert!(pool.wait_idle(Some(DEADLINE)));
    pool.submit(second, Default::default()).unwrap();
    let _ = pool.shutdown();
    let counts = pool.counts();
    assert_eq!((counts.rejected, counts.completed, counts.accounted()), (2, 4, counts.submitted));
}

#[test]
fn senseless_settings_are_refused_with_what_would_be_right() {
    let error = |codel| {
        let strategy = Bounded::new(1).overflow(Overflow::Shed(codel));
        BoundedPool::with(strategy).build().unwrap_err().to_string()
    };
    let text = "CoDel needs a target above 0 and an interval above that, not";
    assert_eq!(error(CoDel::default().target(Duration::ZERO)), format!("{text} 0ns and 100ms"));
    let second = Duration::from_secs(1);
    assert_eq!(error(CoDel::default().target(second)), format!("{text} 1s and 100ms"));
}
