//! What one can do to the workers of a pool that runs: have more of them, or fewer, speak to each, and stop them for a while.

use std::io::Write;
use std::sync::mpsc;
use std::thread;

use pool_core::error::ResizeError;
use pool_core::{Pool, PoolExt, Priority, block_in_place, current};

use super::error::DemoError;
use super::occupy::elsewhere;
use super::urgent;

/// Leaves the pool with one worker. A peer's pool cannot do any of it, which is told in one line.
pub(super) fn show(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    writeln!(out, "\nWhile it runs:")?;
    match resize(pool, pool.threads() + 1, out) {
        Err(DemoError::Resize(ResizeError::Unsupported(why))) => {
            writeln!(out, "  {why}")?;
            return Ok(());
        }
        resized => resized?,
    }
    broadcast(pool, out)?;
    one_worker(pool, out)?;
    resize(pool, 1, out)?;
    pause(pool, out)?;
    urgent::show(pool, out)?;
    block(pool, out)
}

/// Waits until the workers are there, or gone, which a program need not do: it is only to show them.
fn resize(pool: &dyn Pool, to: usize, out: &mut dyn Write) -> Result<(), DemoError> {
    let from = pool.threads();
    pool.resize(to)?;
    let is_settled = || {
        let worker_counts = pool.stats().worker_counts;
        // When the system refuses a thread, there are no more than there were.
        worker_counts.failed_starts > 0 || worker_counts.now == to && pool.present_workers().len() == to
    };
    while !is_settled() {
        thread::yield_now();
    }
    writeln!(out, "  resized from {from} to {to}; at work now: {}", list(&pool.present_workers()))?;
    Ok(())
}

fn broadcast(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    let ran_on = pool.broadcast(|_| this_worker())?;
    writeln!(out, "  a broadcast ran on workers {}", list(&ran_on))?;
    Ok(())
}

fn one_worker(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    let last = pool.present_workers().pop().unwrap_or_default();
    let ran_on = pool.spawn_on(last, this_worker)?.join()?;
    writeln!(out, "  a job for worker {last} ran on worker {ran_on}")?;
    Ok(())
}

fn pause(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    let worker = pool.present_workers().pop().unwrap_or_default();
    pool.pause()?;
    // Into the mailbox, which always has room: at a full queue of a paused pool a submitter may wait for ever.
    let job = pool.spawn_on(worker, || "runs")?;
    let queued = pool.counts().queued;
    pool.resume()?;
    writeln!(out, "  paused: {queued} job waits; resumed: it {}", job.join()?)?;
    Ok(())
}

/// The only worker waits for another job. Only that it says so lets the other job run.
fn block(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    let (blocks, blocked) = mpsc::channel();
    let (answer, answered) = mpsc::channel();
    let waiting = pool.spawn_with(elsewhere(), move || {
        let other = block_in_place(|| {
            // Who listens is waiting for it.
            let _ = blocks.send(());
            answered.recv()
        });
        (this_worker(), other)
    })?;
    // An error means that the job never ran, and its handle says why.
    let _ = blocked.recv();
    // Urgent, so that it makes no difference if the worker that stands in is an express worker.
    pool.execute_with(Priority::URGENT, move || {
        // Who listens is waiting for it.
        let _ = answer.send(this_worker());
    })?;
    let (worker, other) = waiting.join()?;
    match other {
        Ok(other) => {
            writeln!(out, "  worker {worker} blocked, and worker {other} ran what it was waiting for")?
        }
        Err(_) => writeln!(out, "  worker {worker} blocked, and what it was waiting for never ran")?,
    }
    Ok(())
}

/// The number of the worker that runs this.
fn this_worker() -> usize {
    current().map_or(0, |worker| worker.index)
}

fn list(workers: &[usize]) -> String {
    workers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}
