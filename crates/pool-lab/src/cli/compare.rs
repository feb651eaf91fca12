//! `pool-lab cmp` and `pool-lab rank`: what saved records say, without a report.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::CliError;
use super::show::TerminalTable;
use crate::metrics;
use crate::numbers::{stats, units};
use crate::record::Record;
use crate::record::results::{self, Run};
use crate::system::terminal;

/// Reads the run in a folder that `measure --out` or `cargo bench` wrote.
pub(super) fn load(folder: &Path) -> Result<Run, CliError> {
    results::load_run(folder).map_err(CliError::Folder)
}

/// What was measured: the workload with its variant, and the number of threads.
pub(super) fn place(record: &Record) -> String {
    let variant = if record.variant.is_empty() { String::new() } else { format!(":{}", record.variant) };
    format!("{}{variant} -t {}", record.workload, record.threads)
}

pub(super) fn times(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| record.metric == &metrics::TIME_PER_OP)
}

/// The ratio of each engine to the first folder's best, side by side: one column for each machine.
pub(super) fn cmp(folders: &[PathBuf]) -> Result<ExitCode, CliError> {
    let runs: Vec<Run> = folders.iter().map(|folder| load(folder)).collect::<Result<_, _>>()?;
    io::stdout().write_all(by_machine(&runs).render(terminal::width()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Ratios compare between machines where times do not.
fn by_machine(runs: &[Run]) -> TerminalTable {
    let mut rows: BTreeMap<(String, String), Vec<Option<f64>>> = BTreeMap::new();
    for (i, run) in runs.iter().enumerate() {
        let mut best: BTreeMap<String, f64> = BTreeMap::new();
        for record in times(&run.records) {
            let least = best.entry(place(record)).or_insert(record.median);
            *least = least.min(record.median);
        }
        for record in times(&run.records) {
            let key = (place(record), record.engine.clone());
            let row = rows.entry(key).or_insert_with(|| vec![None; runs.len()]);
            row[i] = Some(record.median / best[&place(record)]);
        }
    }
    let names: Vec<&str> = runs.iter().map(|run| run.machine.name.as_str()).collect();
    let mut table = TerminalTable::new(2, &[&["workload", "engine"], &names[..]].concat());
    for ((place, engine), ratios) in rows {
        let ratios = ratios.into_iter().map(|ratio| ratio.map_or_else(|| "-".to_owned(), units::ratio));
        table.row([place, engine].into_iter().chain(ratios));
    }
    table
}

/// The engines in order of the geometric mean of their ratios to the best, over what all of them did.
pub(super) fn rank(folder: &Path) -> Result<ExitCode, CliError> {
    let run = load(folder)?;
    let (order, workloads) = order(&run.records);
    let mut table = TerminalTable::new(1, &["engine", "mean ratio to the best"]);
    for (engine, mean) in order {
        table.row([engine, units::ratio(mean)]);
    }
    let text = format!("Over {workloads} measured together:\n{}", table.render(terminal::width()));
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Engines with more than half of the places; the places are those that all of these were timed in.
fn order(records: &[Record]) -> (Vec<(String, f64)>, usize) {
    let mut places: BTreeMap<String, BTreeMap<&str, f64>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in times(records) {
        places.entry(place(record)).or_default().insert(&record.engine, record.median);
        *counts.entry(&record.engine).or_default() += 1;
    }
    counts.retain(|_, count| *count * 2 > places.len());
    let common = |times: &&BTreeMap<&str, f64>| counts.keys().all(|engine| times.contains_key(engine));
    let common: Vec<&BTreeMap<&str, f64>> = places.values().filter(common).collect();
    let mean = |engine: &str| {
        let best = |times: &BTreeMap<&str, f64>| {
            counts.keys().map(|engine| times[engine]).fold(f64::INFINITY, f64::min)
        };
        stats::geometric_mean(common.iter().map(|times| times[engine] / best(times)))
    };
    let mut order: Vec<(String, f64)> =
        counts.keys().filter_map(|engine| Some(((*engine).to_owned(), mean(engine)?))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    (order, common.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::stats::Estimate;
    use crate::record::Subject;

    fn time(workload: &str, engine: &str, ns: f64) -> Record {
        let subject = Subject::new(workload, "", engine, "1", 2);
        subject.record(&metrics::TIME_PER_OP, Estimate::exact(ns), 5)
    }

    #[test]
    fn a_workload_that_few_can_do_costs_no_rank() {
        let records = [
            time("a/a", "fast", 10.0),
            time("a/a", "slow", 40.0),
            time("a/b", "fast", 10.0),
            time("a/b", "slow", 10.0),
            time("a/c", "fast", 1.0),
            time("a/a", "rare", 1.0),
        ];
        assert_eq!(order(&records), (vec![("fast".to_owned(), 1.0), ("slow".to_owned(), 2.0)], 2));
    }
}
