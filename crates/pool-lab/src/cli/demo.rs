//! The demonstration: what a thread pool does, on any pool.
//!
//! A pool of N workers starts; jobs run on different workers and report completion; one job panics and the pool goes on;
//! workers come, go, pause and block, if the pool is one of ours; some jobs are not to start late, or not to run for ever; the
//! pool shuts down gracefully; tables show what each worker did and how long jobs waited and ran.

mod error;
mod jobs;
mod limits;
mod occupy;
mod shutdown;
mod tables;
mod urgent;
mod workforce;

use std::io::Write;
use std::panic;

use pool_core::{Pool, Timing};

use crate::engine::Spec;
use crate::engines;

pub use error::DemoError;

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
    jobs::show(pool, out)?;
    workforce::show(pool, out)?;
    limits::show(pool, out)?;
    shutdown::show(pool, out)?;
    out.write_all(tables::of_workers(&pool.stats()).as_bytes())?;
    // A peer does not time its jobs.
    if let Some(timings) = pool.timings() {
        write!(out, "\n{}", tables::of_times(&timings))?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::jobs::{BAD_JOB, JOBS};
    use super::*;

    fn output(spec: &str) -> String {
        let mut out = Vec::new();
        run(&spec.parse().unwrap(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_strategy_and_a_peer_show_the_same() {
        let ours = engines::rows().iter().filter(|row| row.engine.can.is_pool);
        let ours = ours.map(|row| format!("{}:2", row.engine.name));
        for spec in ours.chain(["mpsc:3", "bounded:2:capacity=4", "rayon:2"].map(str::to_owned)) {
            let text = output(&spec);
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
