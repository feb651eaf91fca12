//! Jobs run on different workers and report completion; one panics, and the pool goes on.

use std::io::Write;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use pool_core::{JoinError, Pool, PoolExt, current};

use super::error::DemoError;

/// Jobs in the demonstration.
pub(super) const JOBS: u32 = 16;

/// The job that panics.
pub(super) const BAD_JOB: u32 = 6;

/// What a job tells the main thread, which alone prints.
enum Event {
    Started { job: u32, worker: usize },
    Done { job: u32, worker: usize },
}

/// Runs all jobs.
pub(super) fn show(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    let (events, heard) = mpsc::channel();
    let mut handles = Vec::new();
    for job in 1..=JOBS {
        let events = events.clone();
        handles.push((job, pool.spawn(move || work(job, &events))?));
    }
    drop(events);
    // A snapshot looks at the queue. Our workers do so by themselves, those of a peer do not.
    pool.stats();
    for event in heard {
        match event {
            Event::Started { job, worker } => writeln!(out, "  job {job:>2} starts on worker {worker}")?,
            Event::Done { job, worker } => writeln!(out, "  job {job:>2} is done on worker {worker}")?,
        }
    }
    let mut sum = 0;
    for (job, handle) in handles {
        match handle.join() {
            Ok(result) => sum += result,
            Err(JoinError::Panicked(panic)) => writeln!(out, "\n  job {job:>2} panicked: {panic}")?,
            Err(other) => writeln!(out, "\n  job {job:>2}: {other}")?,
        }
    }
    writeln!(out, "  The others ran to their end, and their results add up to {sum}.")?;
    Ok(())
}

/// A job: it takes a few milliseconds, as if it waited for something, and returns its square.
fn work(job: u32, events: &Sender<Event>) -> u32 {
    let worker = current().map_or(0, |worker| worker.index);
    // The main thread listens until all senders are gone.
    let _ = events.send(Event::Started { job, worker });
    thread::sleep(Duration::from_millis(5 + u64::from(job) * 7 % 10));
    assert!(job != BAD_JOB, "job {job} has a bug");
    let _ = events.send(Event::Done { job, worker });
    job * job
}
