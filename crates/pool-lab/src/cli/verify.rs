//! `pool-lab verify`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::error::CliError;
use super::optimised;
use super::whole::{DAY, whole};
use crate::engine::Spec;
use crate::measure::verify::{self, Check};
use crate::plan::curated;
use crate::record::ResultsError;
use crate::record::machine::Machine;
use crate::report;
use crate::system::interrupt::{self, Interrupts};
use crate::system::progress::Progress;
use crate::system::{disk, terminal};
use crate::workload::Task;

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Put the statistics to the test: each engine against its own copy, and against copies that are slowed by 3, 10 and 30 %
    #[arg(long, required = true)]
    statistics: bool,
    /// How long it may take, about, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 480, allow_negative_numbers = true, value_parser = whole::<u64>(1..=DAY))]
    budget: u64,
    /// Write statistics.csv and statistics.md into this folder
    #[arg(long, value_name = "FOLDER", default_value = "results")]
    out: PathBuf,
    /// Workloads, separated by commas; by default those of `cargo bench`
    #[arg(short, long)]
    workloads: Option<String>,
    /// Engines that take turns, separated by commas; by default all pools that are fast enough
    #[arg(short, long)]
    pools: Option<String>,
}

/// Measures, says what was found, and writes it down.
pub(super) fn run(arguments: &Verify) -> Result<ExitCode, CliError> {
    let tasks = match &arguments.workloads {
        Some(list) => Task::parse_list(list)?,
        None => curated::tasks(),
    };
    let engines = match &arguments.pools {
        Some(list) => Spec::parse_list(list)?,
        None => curated::engines(),
    };
    disk::check_writable(&arguments.out).map_err(ResultsError::io(&arguments.out)).map_err(CliError::Out)?;
    optimised::warn();
    let threads = curated::thread_counts().into_iter().max().unwrap_or(1);
    let groups = verify::groups(&tasks, &engines, threads);
    let interrupts =
        Interrupts::catch("Interrupted: nothing is written; the sample that runs is the last ...");
    let budget = Duration::from_secs(arguments.budget);
    let (progress, mut done, of) = (Progress::new(Some(budget)), 0, groups.len());
    let shown = |number: usize| progress.at(number.min(of), of, "each engine against copies of itself");
    shown(1);
    let mut told = |check: &Check| {
        done += 1;
        let words: Vec<&str> = check.findings.iter().map(|finding| finding.verdict.word()).collect();
        terminal::say(format_args!("[{done}/{of}] {} on {}: {}", check.task, check.engine, words.join(", ")));
        shown(done + 1);
    };
    let checks = verify::verify(&groups, budget, &interrupt::is_caught, &mut told);
    drop(progress);
    interrupts.die_if_caught();
    report::write_statistics(&arguments.out, &Machine::describe(Path::new(".")), &checks)?;
    report::summary(&checks).iter().for_each(terminal::say);
    Ok(ExitCode::SUCCESS)
}
