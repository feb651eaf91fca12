//! More work than a pool can do: what each policy does about it. Every job has one end, and whoever submitted it knows which.
//!
//! ```text
//! cargo run --release -p pool-lab --example overload
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use pool_bounded::{Bounded, BoundedPool, CoDel, Overflow};
use pool_core::{Job, JobHandle, JoinError, Reason, Shutdown};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// How many jobs ended in which way.
type Ends = BTreeMap<String, usize>;

const JOBS: usize = 8;

/// Example, and test: `tests/examples.rs` runs it.
pub fn main() -> Outcome {
    let displaced = Reason::Displaced.to_string();
    full(Overflow::Reject, &Reason::Full.to_string())?;
    full(Overflow::Timeout(Duration::from_millis(1)), &Reason::TimedOut.to_string())?;
    full(Overflow::CallerRuns, "run by the submitter")?;
    full(Overflow::DropOldest, &displaced)?;
    full(Overflow::DropNewest, &displaced)?;
    backpressure()?;
    shedding()?;
    admission()?;
    abandoned()
}

/// One worker, which is busy, and a queue with two places, for eight jobs.
fn full(policy: Overflow, expected: &str) -> Outcome {
    let pool = BoundedPool::with(Bounded::new(2).overflow(policy)).threads(1).build()?;
    let busy = occupy(&pool)?;
    let (mut ends, submitter) = (Ends::new(), thread::current().id());
    let mut accepted = Vec::new();
    for _ in 0..JOBS {
        match pool.spawn(move || thread::current().id() == submitter) {
            Ok(handle) => accepted.push(handle),
            // The job is in there, whole, to be run here, given to another pool, or tried again later.
            Err(rejected) => count(&mut ends, rejected.reason().to_string()),
        }
    }
    drop(busy);
    let by = |on_submitter| if on_submitter { "run by the submitter" } else { "run by the worker" };
    count_ends(&mut ends, accepted, by)?;
    println!("{policy:?}: {ends:?}");
    assert_eq!((ends["run by the worker"], ends[expected]), (2, JOBS - 2));
    accounted(&pool)
}

/// The submitter waits for room, and so is no faster than the worker.
fn backpressure() -> Outcome {
    let pool = BoundedPool::with(Bounded::new(2)).threads(1).build()?;
    let jobs = (0..JOBS).map(|_| pool.spawn(|| thread::sleep(Duration::from_millis(1))));
    let ends = ends(jobs.collect::<Result<_, _>>()?)?;
    println!("Block: {ends:?}");
    assert_eq!(ends["run"], JOBS);
    accounted(&pool)
}

/// The queue has room for all, but what comes out of it has waited too long.
fn shedding() -> Outcome {
    let codel = CoDel::default().target(Duration::from_millis(2)).interval(Duration::from_millis(50));
    let pool = BoundedPool::with(Bounded::new(1000).overflow(Overflow::Shed(codel))).threads(1).build()?;
    let jobs = (0..400).map(|_| pool.spawn(|| thread::sleep(Duration::from_millis(1))));
    let ends = ends(jobs.collect::<Result<_, _>>()?)?;
    println!("{:?}: {ends:?}", Overflow::Shed(codel));
    assert!(ends[&Reason::Overloaded.to_string()] > 0 && ends["run"] > 0);
    accounted(&pool)
}

/// Whoever would have to wait too long is told so at the door. This works with every strategy.
fn admission() -> Outcome {
    let wait = Duration::from_millis(10);
    let pool = BoundedPool::builder().threads(1).admit_within(wait).build()?;
    let job = || thread::sleep(Duration::from_millis(2));
    // The pool learns how long jobs take.
    for _ in 0..20 {
        pool.spawn(job)?.join()?;
    }
    let (mut turned_away, mut accepted) = (0, Vec::new());
    for _ in 0..100 {
        match pool.spawn(job) {
            Ok(handle) => accepted.push(handle),
            Err(rejected) => {
                assert_eq!(rejected.reason(), Reason::Overloaded);
                turned_away += 1;
            }
        }
    }
    let ends = ends(accepted)?;
    println!("admission within {wait:?}: {ends:?}, and {turned_away} were turned away");
    assert!(turned_away > 0);
    assert_eq!(ends["run"] + turned_away, 100);
    accounted(&pool)
}

/// Who cannot wait for the queue gets it back.
fn abandoned() -> Outcome {
    let pool = BoundedPool::builder().threads(1).build()?;
    let busy = occupy(&pool)?;
    let handles: Vec<_> = (0..JOBS).map(|_| pool.spawn(|| ())).collect::<Result<_, _>>()?;
    let (jobs, shutdown) = pool.shutdown_now_timeout(Duration::ZERO)?;
    println!("shutdown_now: {} jobs come back, and are run by hand; {shutdown:?}", jobs.len());
    assert_eq!((jobs.len(), shutdown), (JOBS, Shutdown::Pending { queued: 0, running: 1 }));
    jobs.into_iter().for_each(Job::run);
    drop(busy);
    assert_eq!(ends(handles)?["run"], JOBS, "nobody waits in vain");
    accounted(&pool)
}

/// Keeps the worker busy until the sender is dropped.
fn occupy(pool: &BoundedPool) -> Result<Sender<()>, Box<dyn Error + Send + Sync>> {
    let (starts, started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    pool.execute(move || {
        starts.send(()).expect("somebody waits for it");
        // An error is what it waits for.
        let _ = released.recv();
    })?;
    started.recv()?;
    Ok(release)
}

fn ends(handles: Vec<JobHandle<()>>) -> Result<Ends, JoinError> {
    let mut ends = Ends::new();
    count_ends(&mut ends, handles, |()| "run")?;
    Ok(ends)
}

/// `ran` is what is said of a job that has this result.
fn count_ends<T>(
    ends: &mut Ends,
    handles: Vec<JobHandle<T>>,
    ran: impl Fn(T) -> &'static str,
) -> Result<(), JoinError> {
    for handle in handles {
        match handle.join() {
            Ok(result) => count(ends, ran(result).to_owned()),
            Err(JoinError::Unrun(reason)) => count(ends, reason.to_string()),
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

fn count(ends: &mut Ends, end: String) {
    *ends.entry(end).or_default() += 1;
}

/// Nothing was lost.
fn accounted(pool: &BoundedPool) -> Outcome {
    assert!(pool.wait_idle(None));
    let counts = pool.counts();
    println!("  {counts}");
    assert_eq!(counts.accounted(), counts.submitted);
    Ok(())
}
