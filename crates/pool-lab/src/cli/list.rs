//! `pool-lab list`: the tables of engines and workloads.

use std::io::{self, Write};
use std::process::ExitCode;

use super::error::CliError;
use crate::engine::settings::Rule;
use crate::engines;
use crate::system::terminal::{self, wrap};
use crate::workloads;

/// Prints all engines and workloads.
pub(super) fn run() -> Result<ExitCode, CliError> {
    io::stdout().write_all(lists(terminal::width()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// All engines and workloads with their options, in lines of at most `width` characters where words allow it.
fn lists(width: Option<usize>) -> String {
    let mut text = wrap("Engines, as name[:threads][:option=value]...", width, "", "");
    text.push('\n');
    let width_of_names = longest(engines::rows().iter().map(|row| row.engine.name));
    for row in engines::rows() {
        let engine = &row.engine;
        let name = format!("{:<width_of_names$} {:<8}", engine.name, engine.version());
        text.push_str(&entry(&name, &format!("{} ({})", engine.about, able(row)), width));
        engine.options.iter().for_each(|rule| text.push_str(&setting(rule, width)));
    }
    text.push('\n');
    let title = "Workloads, as family/name[:parameter=value]..., or the beginning of several names";
    text.push_str(&wrap(title, width, "", ""));
    text.push('\n');
    let width_of_names = longest(workloads::rows().iter().map(|row| row.about.name));
    for workloads::Row { about, .. } in workloads::rows() {
        let models = format!("{} (time per {})", about.models, about.operation);
        text.push_str(&entry(&format!("{:<width_of_names$}", about.name), &models, width));
        about.parameters.iter().for_each(|rule| text.push_str(&setting(rule, width)));
    }
    text
}

/// The length of the longest name.
fn longest(names: impl Iterator<Item = &'static str>) -> usize {
    names.map(str::len).max().unwrap_or_default()
}

/// From here on a name and what is said of it stand beside each other.
const WIDE: usize = 70;

fn entry(name: &str, about: &str, width: Option<usize>) -> String {
    beside(name, about, width, 2)
}

/// One option or parameter with its default: what it does, and what it may be.
fn setting(rule: &Rule, width: Option<usize>) -> String {
    let name = format!("{:<17}", format!("{}={}", rule.name, rule.default));
    beside(&name, &format!("{}; {}", rule.about, rule.allowed), width, 6)
}

/// A name, and beside it, or below it where the terminal is narrow, what is said of it.
fn beside(name: &str, about: &str, width: Option<usize>, indent: usize) -> String {
    let blanks = |count: usize| " ".repeat(count);
    match width {
        Some(narrow) if narrow < WIDE => {
            let words: Vec<&str> = name.split_whitespace().collect();
            let name = wrap(&words.join(" "), width, &blanks(indent), &blanks(indent + 2));
            name + &wrap(about, width, &blanks(indent + 2), &blanks(indent + 2))
        }
        _ => {
            let first = format!("{}{name} ", blanks(indent));
            wrap(about, width, &first, &blanks(first.chars().count()))
        }
    }
}

/// What an engine can do; of one that has no use beyond single workloads, which these are.
fn able(row: &engines::Row) -> String {
    let can: Vec<&str> =
        row.engine.can.named().iter().filter(|(_, can)| *can).map(|(name, _)| *name).collect();
    if !can.is_empty() {
        return can.join(", ");
    }
    let single = workloads::rows()
        .iter()
        .map(|row| row.about)
        .filter(|about| row.can_do(about))
        .map(|about| about.name);
    format!("{} only", single.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_the_terminal_allows() {
        let (long, short) = (lists(None), lists(Some(30)));
        assert!(
            long.contains("      capacity=131072   places in the queue; a whole number from 1 to 4194304\n")
        );
        for line in short.lines() {
            assert!(line.chars().count() <= 30, "{line}");
        }
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(letters(&long), letters(&short));
    }
}
