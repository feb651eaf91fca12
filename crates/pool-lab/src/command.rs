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

/// The command that this process was started with, which goes on with what it has kept.
pub(crate) fn this_resumed() -> String {
    with_word(std::env::args_os().map(|word| word.to_string_lossy().into_owned()), "--resume")
}

/// The words as a command for a shell, with this one unless it is there.
fn with_word(words: impl Iterator<Item = String>, word: &str) -> String {
    let mut words: Vec<String> = words.collect();
    if !words.iter().any(|known| known == word) {
        words.push(word.to_owned());
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// As one word of a shell.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/:=.,_-+".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_resumed_once_and_quoted() {
        let resumed = |words: &str| with_word(words.split('|').map(str::to_owned), "--resume");
        assert_eq!(
            resumed("target/pool-lab|measure|--out|my results"),
            "target/pool-lab measure --out 'my results' --resume"
        );
        assert_eq!(resumed("pool-lab|measure|--resume|-p||"), "pool-lab measure --resume -p '' ''");
    }
}
