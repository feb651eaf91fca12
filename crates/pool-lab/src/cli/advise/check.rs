//! `pool-lab advise --check`: advice for loads of which all is known, against what comes of all sizes.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use pool_advice::Observation;

use super::finding::{Check, Trial};
use super::load::Load;
use super::table;
use crate::cli::error::CliError;
use crate::engine::Spec;
use crate::record::ResultsError;
use crate::record::machine::Machine;
use crate::system::{disk, terminal};

/// A load, and a pool that has it today.
#[derive(Clone, Copy)]
struct Situation {
    /// The share of its time that a job sleeps.
    sleep: f64,
    /// Of what the threads could do if each had a CPU.
    at: f64,
    /// Today's size: so many threads for each CPU.
    threads_each: usize,
}

const SITUATIONS: [Situation; 6] = [
    Situation { sleep: 0.0, at: 0.5, threads_each: 1 },
    Situation { sleep: 0.0, at: 0.7, threads_each: 1 },
    Situation { sleep: 0.5, at: 0.5, threads_each: 2 },
    Situation { sleep: 0.5, at: 0.7, threads_each: 2 },
    Situation { sleep: 0.9, at: 0.5, threads_each: 4 },
    Situation { sleep: 0.9, at: 0.8, threads_each: 4 },
];

/// Jobs a second, in all of them; their lengths differ.
const RATE: f64 = 2_000.0;

/// Sizes beyond the recommended one that are tried.
const BEYOND: usize = 3;

/// Each observation takes this part of the budget.
const OBSERVATION: u32 = 30;

/// Of the first observation. Those of its rounds follow, and those of the next situation: else all had the same bursts.
const SEED: u64 = 1;

/// Each size is tried so often, and all of them in turn. The median of what so many rounds measure lies between the least and the greatest of
/// it with a probability of 97 %.
const ROUNDS: u32 = 6;

/// Checks, says what was found, and writes it down.
pub(super) fn run(spec: &Spec, budget: Duration, out: &Path) -> Result<ExitCode, CliError> {
    disk::check_writable(out).map_err(ResultsError::io(out)).map_err(CliError::Out)?;
    let start = Instant::now();
    let mut checks = Vec::new();
    for (situation, seed) in SITUATIONS.into_iter().zip(seeds()) {
        let (spec, load) = situation.at_work(spec);
        let observation = load.run(&spec, budget / OBSERVATION, seed)?.observation;
        terminal::say(format_args!("{load} on {spec}: observed"));
        checks.push(plan(situation, &observation));
    }
    let tried = checks.iter().flat_map(|check| &check.trials).filter(|trial| trial.is_tried()).count() as u32;
    let time = budget.saturating_sub(start.elapsed()) / (tried * ROUNDS).max(1);
    for round in 1..=ROUNDS {
        for ((check, situation), seed) in checks.iter_mut().zip(SITUATIONS).zip(seeds()) {
            try_sizes(check, situation.at_work(spec), time, seed + u64::from(round))?;
        }
        terminal::say(format_args!("[{round}/{ROUNDS}] {tried} sizes tried"));
    }
    let machine = Machine::describe(Path::new("."));
    write(out, "advice.csv", &table::csv(&checks))?;
    write(out, "advice.md", &table::markdown(&machine, spec, time * ROUNDS, &checks))?;
    let summary = table::summary(&checks).join("\n");
    writeln!(io::stdout(), "{summary}")?;
    Ok(ExitCode::SUCCESS)
}

/// One for the observation of each situation, with room for those of its rounds.
fn seeds() -> impl Iterator<Item = u64> {
    (SEED..).step_by(ROUNDS as usize + 1)
}

/// What it advises, and the sizes that are to be tried.
fn plan(situation: Situation, observation: &Observation) -> Check {
    let advice = observation.advice();
    let largest = advice.recommended.map_or(advice.threads, |forecast| forecast.threads) + BEYOND;
    let forecasts = observation.forecasts(1..=largest);
    let trials = forecasts.into_iter().map(Trial::new).collect();
    Check { sleep: situation.sleep, at: situation.at, advice, trials }
}

/// One round of a situation.
fn try_sizes(
    check: &mut Check,
    (spec, load): (Spec, Load),
    time: Duration,
    seed: u64,
) -> Result<(), CliError> {
    for trial in check.trials.iter_mut().filter(|trial| trial.is_tried()) {
        let measured = load.run(&spec.with_threads(trial.forecast.threads), time, seed)?;
        let rounds = if measured.is_disturbed { &mut trial.disturbed } else { &mut trial.quiet };
        rounds.push(measured.times);
    }
    Ok(())
}

impl Situation {
    fn at_work(self, spec: &Spec) -> (Spec, Load) {
        let threads = self.threads_each * num_cpus::get();
        let job = Duration::from_secs_f64(self.at * threads as f64 / RATE);
        (spec.with_threads(threads), Load { sleep: self.sleep, rate: RATE, job })
    }
}

fn write(out: &Path, file: &str, text: &str) -> Result<(), CliError> {
    let path = out.join(file);
    disk::replace(&path, text).map_err(|source| CliError::Written { path, source })
}
