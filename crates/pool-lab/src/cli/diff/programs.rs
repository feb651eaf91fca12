//! Two programs, the old and the new, in the same rounds.
//!
//! Each sample is a process of its own, which builds its pools anew; `measure --json --rounds 1` is all that a program has to know.
//! The old one runs twice a round, and how much it differs from itself is the noise.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::super::error::CliError;
use super::arguments::Diff;
use super::line::{Line, Verdict};
use crate::cli::compare::{place, times};
use crate::metrics;
use crate::numbers::stats;
use crate::record::Record;
use crate::system::progress::Progress;

/// Place and engine, and the times of the old, the new, and the old again.
type Samples = BTreeMap<(String, String), [Vec<f64>; 3]>;

pub(super) fn compare(arguments: &Diff) -> Result<Vec<Line>, CliError> {
    let Diff { old, new, .. } = arguments;
    let mut samples = Samples::new();
    let (progress, rounds) = (Progress::new(None), arguments.rounds());
    for round in 0..rounds {
        progress.begin(round + 1, rounds, "the old, the new, and the old again");
        for (side, program) in [old, new, old].into_iter().enumerate() {
            for record in times(&sample(program, arguments)?) {
                let key = (place(record), record.engine.clone());
                samples.entry(key).or_default()[side].push(record.median);
            }
        }
    }
    Ok(samples.into_iter().filter_map(line).collect())
}

/// An engine or workload that but one of the programs has, or that failed in some round, is left out.
fn line(((place, engine), [old, new, again]): ((String, String), [Vec<f64>; 3])) -> Option<Line> {
    if old.len() != new.len() || old.len() != again.len() {
        return None;
    }
    let ratio = stats::paired_ratio(&new, &old)?;
    let verdict = Verdict::of(ratio, stats::paired_ratio(&again, &old), old.len());
    Some(Line { place, engine, ratio, verdict })
}

fn sample(program: &Path, arguments: &Diff) -> Result<Vec<Record>, CliError> {
    let refuse = |why: String| CliError::Program { program: program.to_owned(), why };
    // A name without a slash would be looked for elsewhere.
    let path = program.canonicalize().map_err(|error| refuse(error.to_string()))?;
    let output = Command::new(path)
        .args(["measure", "--json", "--rounds", "1", "-t", &arguments.threads().to_string()])
        .args(["-w", arguments.workloads(), "-p", arguments.pools()])
        .output()
        .map_err(|error| refuse(error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or_default();
    let text = String::from_utf8(output.stdout).map_err(|error| refuse(error.to_string()))?;
    if !output.status.success() && text.is_empty() {
        return Err(refuse(format!("{}: {last}", output.status)));
    }
    // A newer program may have metrics that this one does not know.
    let records: Vec<Record> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    match records.iter().find(|record| record.metric == &metrics::ERROR) {
        Some(error) => Err(refuse(format!("{}: {}", error.engine, error.note))),
        None => Ok(records),
    }
}
