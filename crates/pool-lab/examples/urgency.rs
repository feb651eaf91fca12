//! What is urgent goes first: levels, aging, an express worker, and jobs that become urgent because somebody waits.
//!
//! ```text
//! cargo run --release -p pool-lab --example urgency
//! ```

use std::error::Error;
use std::pin::pin;
use std::sync::mpsc::{self, Sender};
use std::task::{Context, Waker};
use std::time::Duration;

use pool_core::{Priority, current};
use pool_priority::{Levels, PriorityPool};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

const LONG: Duration = Duration::from_secs(60);

/// Between normal and idle.
const LOW: Priority = Priority::new(48).unwrap();

/// Example, and test: `tests/examples.rs` runs it.
pub fn main() -> Outcome {
    aging()?;
    express()?;
    raised_by_waits()
}

/// Of a hundred urgent jobs ten go before the low one that was there first; without aging all would.
fn aging() -> Outcome {
    for (levels, expected) in [(Levels::new(2).aging(10), 10), (Levels::new(2).strict(), 100)] {
        let pool = PriorityPool::with(levels).threads(1).build()?;
        let busy = occupy(&pool, Priority::URGENT)?;
        let (say, said) = mpsc::channel();
        let speak = |priority| {
            let say = say.clone();
            pool.execute_with(priority, move || say.send(priority).expect("somebody listens"))
        };
        speak(Priority::IDLE)?;
        (0..100).try_for_each(|_| speak(Priority::URGENT))?;
        drop((busy, say));
        let place = said.iter().position(|priority| priority == Priority::IDLE);
        println!("{levels:?}: {place:?} urgent jobs went first");
        assert!(place.is_some_and(|place| place <= expected));
    }
    Ok(())
}

/// The first of two workers serves the top level alone, so that it is free when the other is busy for long.
fn express() -> Outcome {
    let pool = PriorityPool::with(Levels::new(4).express(1, 1)).threads(2).build()?;
    let busy = occupy(&pool, Priority::IDLE)?;
    let low = pool.spawn_with(Priority::IDLE, || ())?;
    let urgent = pool.spawn_with(Priority::URGENT, || current().map(|worker| worker.index))?.join()?;
    println!("worker {urgent:?} runs what is urgent while the other is busy; what is not, waits");
    assert_eq!((urgent, low.is_finished()), (Some(0), false));
    drop(busy);
    Ok(low.join()?)
}

/// Somebody who waits and cannot run the job makes it more urgent, so that it goes before the one that was there first.
fn raised_by_waits() -> Outcome {
    for wait in ["join_with", "join_timeout", "await"] {
        let pool = PriorityPool::builder().threads(1).build()?;
        let busy = occupy(&pool, Priority::URGENT)?;
        let (say, said) = mpsc::channel();
        let other = say.clone();
        pool.execute_with(LOW, move || other.send("the other").expect("somebody listens"))?;
        let awaited =
            pool.spawn_with(Priority::IDLE, move || say.send("the awaited").expect("somebody listens"))?;
        match wait {
            "join_with" => {
                // The waiter blocks, so somebody else has to let the worker go.
                let waiter = std::thread::spawn(move || awaited.join_with(Priority::URGENT));
                while !pool.urgency().waits_above(LOW) {
                    std::thread::yield_now();
                }
                drop(busy);
                waiter.join().expect("it does not panic")?;
            }
            "join_timeout" => {
                let awaited = awaited.join_timeout(Duration::ZERO).expect_err("the worker is busy");
                drop(busy);
                awaited.join()?;
            }
            _ => {
                let mut awaited = pin!(awaited);
                let poll = awaited.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(poll.is_pending());
                drop(busy);
            }
        }
        let first = said.recv_timeout(LONG)?;
        println!("{wait}: {first} job goes first");
        assert_eq!((first, said.recv_timeout(LONG)?), ("the awaited", "the other"));
    }
    Ok(())
}

/// Keeps a worker busy until the sender is dropped.
fn occupy(pool: &PriorityPool, priority: Priority) -> Result<Sender<()>, Box<dyn Error + Send + Sync>> {
    let (starts, started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    pool.execute_with(priority, move || {
        starts.send(()).expect("somebody waits for it");
        // An error is what it waits for.
        let _ = released.recv();
    })?;
    started.recv()?;
    Ok(release)
}
