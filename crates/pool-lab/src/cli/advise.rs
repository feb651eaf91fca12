//! `pool-lab advise`: how many threads a pool should have, for a load that runs here.

mod check;
mod finding;
mod load;
mod table;
mod watched;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use pool_advice::Observation;
use pool_core::Timing;

use self::load::Load;
use self::watched::Watched;
use super::error::CliError;
use super::observed;
use super::whole::{DAY, whole};
use crate::engine::Spec;
use crate::engine::settings::parse_duration;
use crate::engines;
use crate::workload::{Failure, Watch};

/// The longest time that a load may run.
const LONGEST: u64 = 3_600;

#[derive(Debug, Args)]
pub(super) struct Advise {
    /// The workload with its parameters, which runs again and again; by default jobs that arrive one by one, sleep and compute
    #[arg(short, long, conflicts_with_all = ["share_of_sleep", "at", "job"])]
    workload: Option<String>,
    /// The pool, one of ours (bounded:4)
    #[arg(short, long, default_value = "bounded")]
    pool: String,
    /// The thread count, if the pool does not say its own; by default one a core
    #[arg(short, long, allow_negative_numbers = true)]
    threads: Option<String>,
    /// Percent of its time that a job sleeps
    #[arg(long, value_name = "PERCENT", default_value_t = 50, allow_negative_numbers = true, value_parser = whole::<u8>(0..=100))]
    share_of_sleep: u8,
    /// How many jobs arrive, in percent of what the threads could do if each had a CPU
    #[arg(long, value_name = "PERCENT", default_value_t = 60, allow_negative_numbers = true, value_parser = whole::<u8>(1..=200))]
    at: u8,
    /// The mean length of a job, from 10us to 1s; lengths are exponentially distributed
    #[arg(long, value_name = "TIME", default_value = "2ms", allow_negative_numbers = true, value_parser = job_length)]
    job: Duration,
    /// How long the load runs, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, allow_negative_numbers = true, value_parser = whole::<u64>(1..=LONGEST))]
    seconds: u64,
    /// Put the advice to the test: of loads with known shares of sleep, try all sizes, and write advice.csv and advice.md
    #[arg(long, conflicts_with_all = ["workload", "threads", "share_of_sleep", "at", "job", "seconds"])]
    check: bool,
    /// With --check: about how long it may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 150, requires = "check", allow_negative_numbers = true, value_parser = whole::<u64>(1..=DAY))]
    budget: u64,
    /// With --check: the folder
    #[arg(long, value_name = "FOLDER", default_value = "results", requires = "check")]
    out: PathBuf,
}

/// Runs a load on a pool, and says what the pool advises.
pub(super) fn run(arguments: &Advise) -> Result<ExitCode, CliError> {
    let spec = observed::spec(&arguments.pool, arguments.threads.as_deref())?.with_timing(Timing::Every);
    if arguments.check {
        return check::run(&spec, Duration::from_secs(arguments.budget), &arguments.out);
    }
    let time = Duration::from_secs(arguments.seconds);
    let (load, observation) = match &arguments.workload {
        Some(workload) => observe_workload(&spec, workload, time)?,
        None => observe_load(&spec, arguments, time)?,
    };
    writeln!(io::stdout(), "{load} on {spec}:\n{}", observation.advice())?;
    Ok(ExitCode::SUCCESS)
}

fn observe_load(spec: &Spec, arguments: &Advise, time: Duration) -> Result<(String, Observation), CliError> {
    let load = Load {
        sleep: f64::from(arguments.share_of_sleep) / 100.0,
        rate: f64::from(arguments.at) / 100.0 * spec.threads() as f64 / arguments.job.as_secs_f64(),
        job: arguments.job,
    };
    let measured = load.run(spec, time, 1)?;
    Ok((load.to_string(), measured.observation))
}

/// The first iteration warms up the pool and the workload.
fn observe_workload(spec: &Spec, workload: &str, time: Duration) -> Result<(String, Observation), CliError> {
    let task = observed::task(workload)?;
    let failed = |source| CliError::Run { what: format!("{task} on {spec}"), source: Box::new(source) };
    let watched = Arc::new(Watched::default());
    let mut case = engines::case(&spec.with_watcher(watched.clone()), &task).map_err(failed)?;
    let mut iterate = || case.iterate(&mut Watch::new()).map_err(|failure: Failure| failed(failure.into()));
    iterate()?;
    let before = watched.observe(spec.threads());
    let start = Instant::now();
    loop {
        iterate()?;
        if start.elapsed() >= time {
            break;
        }
    }
    Ok((task.to_string(), watched.observe(spec.threads()).since(&before)))
}

/// Reads the mean length of a job.
fn job_length(text: &str) -> Result<Duration, String> {
    let allowed = Duration::from_micros(10)..=Duration::from_secs(1);
    parse_duration(text)
        .filter(|time| allowed.contains(time))
        .ok_or_else(|| "a time from 10us to 1s, such as 500us".to_owned())
}
