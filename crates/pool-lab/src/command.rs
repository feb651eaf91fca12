//! The command that measures something again.

use std::borrow::Cow;

use crate::claim::FAMILY;
use crate::record::Record;

/// The program, for a shell in the repository's folder.
const PROGRAM: &str = "cargo run --release --";

/// The command that measures the cell of this record again: its workload, on its engine, with as many threads.
///
/// ```
/// use pool_lab::{command::command_of, record::Subject};
///
/// let record = Subject::new("latency/ping", "gap=2ms", "bounded:capacity=64", "0.1.0", 2).error("lost a job");
/// let command = "cargo run --release -- measure -w latency/ping:gap=2ms -p bounded:capacity=64 -t 2";
/// assert_eq!(command_of(&record), command);
/// ```
pub fn command_of(record: &Record) -> String {
    if let Some(claim) = record.workload.strip_prefix(FAMILY) {
        return format!("{PROGRAM} claims --only {}", quoted(claim));
    }
    let colon = if record.variant.is_empty() { "" } else { ":" };
    let workload = format!("{}{colon}{}", record.workload, record.variant);
    // The second `rayon` of a group is the same engine.
    let engine = record.engine.split('#').next().unwrap_or_default();
    measure(&quoted(&workload), Some(&quoted(engine)), &record.threads.to_string())
}

/// The command that measures a workload, as the command line names it, on all engines.
pub(crate) fn command_of_group(workload: &str, threads: usize) -> String {
    measure(&quoted(workload), None, &threads.to_string())
}

/// The command with these words, which need no quotes.
pub(crate) fn measure(workload: &str, engine: Option<&str>, threads: &str) -> String {
    let engine = engine.map_or_else(String::new, |engine| format!(" -p {engine}"));
    format!("{PROGRAM} measure -w {workload}{engine} -t {threads}")
}

/// As one word of a shell.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/:=.,_-+".contains(c);
    match word.chars().all(is_plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")).into(),
    }
}
