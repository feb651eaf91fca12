//! The demonstration: what a thread pool does, on any pool.
//!
//! A pool of N workers starts; jobs run on different workers and report completion; one job panics and the pool goes on;
//! workers come, go, pause and block, if the pool is one of ours; some jobs are not to start late, or not to run for ever; the
//! pool shuts down gracefully; tables show what each worker did and how long jobs waited and ran.

mod limits;
mod shutdown;
mod urgent;
mod workforce;

use std::io::{self, Write};
use std::panic;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use pool_core::{
    BroadcastError, Distribution, JoinError, Pool, PoolExt, Rejected, ResizeError, Stats, Submit, Timing,
    Timings, Unsupported, WorkerStats, current,
};

use crate::cli::show::Table;
use crate::engine::{Spec, SpecError};
use crate::engines;
use crate::numbers::units;
use crate::system::terminal;

/// Jobs in the demonstration.
const JOBS: u32 = 16;

/// The job that panics.
const BAD_JOB: u32 = 6;

/// What ends the demonstration early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The pool could not be built.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The pool refused a job, as it may by its options.
    #[error("{0}; give the pool more room or another overflow policy")]
    Rejected(#[from] Rejected),
    /// The pool cannot have one more worker.
    #[error(transparent)]
    Resize(#[from] ResizeError),
    /// An adapted pool has no such operation.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// A worker has no part in a broadcast.
    #[error(transparent)]
    Broadcast(#[from] BroadcastError),
    /// A job of the demonstration has no result.
    #[error(transparent)]
    Job(#[from] JoinError),
    /// Standard output is closed.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// What a job tells the main thread, which alone prints.
enum Event {
    Started { job: u32, worker: usize },
    Done { job: u32, worker: usize },
}

/// Runs the demonstration on the pool that the spec names.
///
/// # Errors
///
/// [`DemoError`] when the pool cannot be built or refuses jobs, or the output cannot be written.
pub fn run(spec: &Spec, out: &mut dyn Write) -> Result<(), DemoError> {
    let pool = engines::build_pool(&spec.with_timing(Timing::Every).with_headroom(1))?;
    let quiet = QuietPanics::start();
    let outcome = show(spec, &*pool, out);
    // When the output was closed half-way, jobs still run, and panic, until the pool is gone.
    drop(pool);
    drop(quiet);
    outcome
}

fn show(spec: &Spec, pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
    writeln!(out, "Pool `{spec}`: {} workers have started.\n", pool.threads())?;
    run_jobs(pool, out)?;
    workforce::show(pool, out)?;
    limits::show(pool, out)?;
    shutdown::show(pool, out)?;
    out.write_all(report(&pool.stats()).as_bytes())?;
    // A peer does not time its jobs.
    if let Some(timings) = pool.timings() {
        write!(out, "\n{}", times(&timings))?;
    }
    Ok(())
}

fn run_jobs(pool: &dyn Pool, out: &mut dyn Write) -> Result<(), DemoError> {
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

/// For a job that waits for the main thread, which therefore must not run it in place at a full queue.
fn elsewhere() -> Submit {
    Submit::default().wait_at_most(Duration::from_secs(10))
}

/// Keeps a worker busy until the sender is dropped. Returns when it is.
fn occupy(pool: &dyn Pool) -> Result<Sender<()>, Rejected> {
    let (starts, started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    pool.execute_with(elsewhere(), move || {
        // The receiver waits for it.
        let _ = starts.send(());
        // An error is what it waits for.
        let _ = released.recv();
    })?;
    // An error means that the job was given up.
    let _ = started.recv();
    Ok(release)
}

/// Keeps the standard library from printing panics, which the demonstration itself tells.
struct QuietPanics;

impl QuietPanics {
    fn start() -> Self {
        panic::set_hook(Box::new(|_| {}));
        QuietPanics
    }
}

impl Drop for QuietPanics {
    fn drop(&mut self) {
        drop(panic::take_hook());
    }
}

/// Jobs for each worker, average job time, steals, panics, longest queue.
fn report(stats: &Stats) -> String {
    let mut table = Table::new(1, &["worker", "jobs", "average job", "steals", "panics"]);
    let row = |name: String, worker: &WorkerStats| {
        // A peer's worker does not tell when it waits, so its time is not known.
        let average = match worker.average_job().as_nanos() {
            0 => "-".to_owned(),
            ns => units::time(ns as f64),
        };
        [name, worker.jobs().to_string(), average, worker.steals.to_string(), worker.panicked.to_string()]
    };
    let mut all = WorkerStats::default();
    // In some seats there never was a worker.
    let seats = stats.workers.iter().enumerate().filter(|(_, worker)| **worker != WorkerStats::default());
    for (index, worker) in seats {
        table.row(row(index.to_string(), worker));
        all.completed += worker.completed;
        all.panicked += worker.panicked;
        all.busy += worker.busy;
        all.steals += worker.steals;
    }
    table.row(row("all".to_owned(), &all));
    format!("{}\n  longest queue: {} jobs\n", table.render(terminal::width()), stats.longest_queue)
}

/// How long jobs waited and ran: a few quantiles.
fn times(timings: &Timings) -> String {
    let mut table = Table::new(1, &["time of a job", "jobs", "p50", "p90", "p99", "p99.9", "max"]);
    let mut row = |name: &str, times: &Distribution| {
        let quantiles = [times.p50(), times.p90(), times.p99(), times.p999(), times.max()];
        let cells = quantiles.map(|time| units::time(time.as_nanos() as f64));
        table.row([name.to_owned(), times.count().to_string()].into_iter().chain(cells));
    };
    row("queue wait", &timings.queue_wait);
    row("run", &timings.run_time);
    row("wake-up", &timings.wake_up);
    table.render(terminal::width())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(spec: &str) -> String {
        let mut out = Vec::new();
        run(&spec.parse().unwrap(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_strategy_and_a_peer_show_the_same() {
        for spec in ["mpsc:3", "bounded:2:capacity=4", "priority:2", "stealing:2", "rayon:2"] {
            let text = output(spec);
            for job in 1..=JOBS {
                assert!(text.contains(&format!("job {job:>2} starts on worker")), "{spec}: {text}");
                let done = text.contains(&format!("job {job:>2} is done on worker"));
                assert_eq!(done, job != BAD_JOB, "{spec}: {text}");
            }
            let sum: u32 = (1..=JOBS).filter(|job| *job != BAD_JOB).map(|job| job * job).sum();
            assert!(text.contains(&format!("add up to {sum}")), "{spec}: {text}");
            assert!(text.contains("job  6 panicked: job 6 has a bug"), "{spec}: {text}");
            assert!(text.contains("a late job is refused"), "{spec}: {text}");
            assert!(text.contains("whose time to start has passed: the job never ran"), "{spec}: {text}");
            assert!(text.contains("whose token is set: told to stop, and stopped"), "{spec}: {text}");
            assert!(text.contains("that overran its limit: told to stop, and stopped"), "{spec}: {text}");
            assert!(text.lines().count() <= 70, "{spec}: {text}");
            let is_peer = spec.starts_with("rayon");
            let shown = if is_peer { assert_unsupported(&text) } else { assert_workforce(&text) };
            let jobs = (18 + shown).to_string();
            let all = text.lines().find(|line| line.trim_start().starts_with("all ")).unwrap();
            let cells: Vec<&str> = all.split_whitespace().collect();
            assert_eq!((cells[1], *cells.last().unwrap()), (&*jobs, "1"), "{spec}: {text}");
            let row = text.lines().find_map(|line| line.trim_start().strip_prefix("run "));
            let timed = row.map(|row| row.split_whitespace().next().unwrap());
            assert_eq!(timed, (!is_peer).then_some(&*jobs), "{spec}: {text}");
        }
    }

    /// What an adapted pool says of its workers. Returns how many jobs ran for it.
    fn assert_unsupported(text: &str) -> usize {
        assert!(text.contains("has no operation to resize"), "{text}");
        assert!(text.contains("Not with a limit: the pool \"rayon\" has no operation"), "{text}");
        for word in ["broadcast", "paused", "blocked"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        1
    }

    /// What happens to the workers of one of our pools, line by line. Returns how many jobs ran for it.
    fn assert_workforce(text: &str) -> usize {
        let shown = text.lines().skip_while(|line| *line != "While it runs:").skip(1);
        let mut shown = shown.take_while(|line| !line.is_empty());
        let mut next = || shown.next().unwrap_or_default().trim_start();
        let workers = if text.contains("3 workers have started") { 3 } else { 2 };
        let all: Vec<String> = (0..=workers).map(|worker| worker.to_string()).collect();
        let (more, all) = (workers + 1, all.join(", "));
        assert_eq!(next(), format!("resized from {workers} to {more}; at work now: {all}"));
        assert_eq!(next(), format!("a broadcast ran on workers {all}"));
        assert_eq!(next(), format!("a job for worker {workers} ran on worker {workers}"));
        // The highest numbers leave.
        assert_eq!(next(), format!("resized from {more} to 1; at work now: 0"));
        assert_eq!(next(), "paused: 1 job waits; resumed: it runs");
        // The parts of a broadcast are no jobs.
        let mut jobs = 5;
        if text.contains("priority") {
            let urgent = "something more urgent than an idle job waits; raised, that job runs first";
            assert_eq!(next(), urgent);
            jobs += 3;
        }
        let other = next().strip_prefix("worker 0 blocked, and worker ");
        let other = other.and_then(|other| other.strip_suffix(" ran what it was waiting for"));
        assert_ne!(other.and_then(|other| other.parse().ok()).unwrap_or(0), 0, "{text}");
        assert_eq!(next(), "", "{text}");
        assert!(text.contains("After 1ms 1 job still runs, and 0 wait.\nAll workers have ended"), "{text}");
        jobs
    }
}
