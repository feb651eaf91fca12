//! Tables for a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::engine::{Engine, engines};
use crate::measure::Group;
use crate::record::{Metric, Record};
use crate::settings::Rule;
use crate::stats::{self, Estimate};
use crate::units;
use crate::workload::workloads;

/// Rows of cells, to be lined up. The first columns are text, the others are numbers.
pub(crate) struct Table {
    text_columns: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with this head, whose first `text_columns` columns begin on the left.
    pub(crate) fn new(text_columns: usize, head: &[&str]) -> Self {
        Table { text_columns, rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The rows as text, each indented by two blanks.
    pub(crate) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell: &String| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
                // Writing into a string cannot fail.
                let _ = match i < self.text_columns {
                    true => write!(line, "  {cell:<width$}"),
                    false => write!(line, "  {cell:>width$}"),
                };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A column that is left out when no engine has a number for it: its title, what it shows, and how that is written.
type Column = (&'static str, Metric, fn(&Record) -> String);

const COLUMNS: [Column; 7] = [
    ("p99", Metric::LatencyP99, |record| units::time(record.median)),
    ("p99.9", Metric::LatencyP999, |record| units::time(record.median)),
    ("slowest/ideal", Metric::ToIdeal, |record| units::ratio(record.high)),
    ("lag p99", Metric::LagP99, |record| units::time(record.median)),
    ("CPU", Metric::CpuPerOp, |record| units::time(record.median)),
    ("switches/1000", Metric::SwitchesPerOp, |record| units::three_digits(1000.0 * record.median)),
    ("allocs/1000", Metric::AllocsPerOp, |record| units::three_digits(1000.0 * record.median)),
];

/// What came out of a group: fastest first, then what is to be known, what went wrong, and what cannot be.
pub(crate) fn group(group: &Group, records: &[Record]) -> String {
    let mut timed: Vec<&Record> =
        records.iter().filter(|record| record.metric == Metric::TimePerOp).collect();
    timed.sort_by(|a, b| a.median.total_cmp(&b.median));
    let noise = find(records, Metric::Noise, None);
    let mut text = format!("{group}, time per {}:\n", group.task.about.operation);
    text.push_str(&numbers(&timed, records, noise).render());
    for record in timed.iter().filter(|record| !record.note.is_empty()) {
        text.push_str(&format!("  {}: {}\n", record.engine, record.note));
    }
    for record in records.iter().filter(|record| record.metric == Metric::Error) {
        text.push_str(&format!("  {}: ERROR: {}\n", record.engine, record.note));
    }
    text.push_str(&unsupported(records));
    if let Some(noise) = noise {
        let (low, high) = (units::ratio(noise.low), units::ratio(noise.high));
        text.push_str(&format!("  noise: {} against itself {low} - {high}\n", noise.engine));
    }
    text
}

/// A row for each engine that was timed.
fn numbers(timed: &[&Record], records: &[Record], noise: Option<&Record>) -> Table {
    let is_known = |(_, metric, _): &&Column| find(records, *metric, None).is_some();
    let columns: Vec<&Column> = COLUMNS.iter().filter(is_known).collect();
    let mut head = vec!["engine", "version", "median", "95 % interval", "ratio", ""];
    head.extend(columns.iter().map(|(title, ..)| title));
    let mut table = Table::new(2, &head);
    for record in timed {
        let of = |metric| find(records, metric, Some(&record.engine));
        let ratio = of(Metric::Relative).map(Record::estimate);
        let mut row = vec![
            record.engine.clone(),
            record.version.clone(),
            units::time(record.median),
            format!("{} - {}", units::time(record.low), units::time(record.high)),
            ratio.map_or_else(String::new, |ratio| units::ratio(ratio.median)),
            verdict(ratio, noise.map(Record::estimate), of(Metric::Relative)),
        ];
        row.extend(columns.iter().map(|(_, metric, write)| of(*metric).map_or_else(absent, *write)));
        table.row(row);
    }
    table
}

/// One line for each reason why engines cannot do the workload.
fn unsupported(records: &[Record]) -> String {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.metric == Metric::Unsupported) {
        reasons.entry(&record.note).or_default().push(&record.engine);
    }
    reasons.iter().map(|(why, engines)| format!("  n/a, {why}: {}\n", engines.join(", "))).collect()
}

fn absent() -> String {
    "-".to_owned()
}

/// Whether a ratio says anything.
fn verdict(ratio: Option<Estimate>, noise: Option<Estimate>, relative: Option<&Record>) -> String {
    let itself = relative.is_some_and(|record| record.note == record.engine);
    match (ratio, noise) {
        (Some(ratio), Some(noise)) if !itself && stats::is_tie(ratio, noise) => "tie".to_owned(),
        _ => String::new(),
    }
}

fn find<'r>(records: &'r [Record], metric: Metric, engine: Option<&str>) -> Option<&'r Record> {
    records
        .iter()
        .find(|record| record.metric == metric && engine.is_none_or(|engine| record.engine == engine))
}

/// The tables of engines and workloads.
pub(crate) fn lists() -> String {
    let mut text = "Engines, as name[:threads][:option=value]...\n\n".to_owned();
    for engine in engines() {
        let (name, version) = (engine.name, engine.version);
        text.push_str(&format!("  {name:<15} {version:<8} {} ({})\n", engine.about, able(engine)));
        engine.options.iter().for_each(|rule| text.push_str(&setting(rule)));
    }
    text.push_str("\nWorkloads, as family/name[:parameter=value]..., or the beginning of several names\n\n");
    for about in workloads() {
        text.push_str(&format!("  {:<20} {} (time per {})\n", about.name, about.models, about.operation));
        about.parameters.iter().for_each(|rule| text.push_str(&setting(rule)));
    }
    text
}

/// What an engine can do; of one that has no use beyond single workloads, which these are.
fn able(engine: &Engine) -> String {
    let can: Vec<&str> = engine.can.named().iter().filter(|(_, can)| *can).map(|(name, _)| *name).collect();
    if !can.is_empty() {
        return can.join(", ");
    }
    let single = workloads().iter().filter(|about| engine.can_do(about)).map(|about| about.name);
    format!("{} only", single.collect::<Vec<_>>().join(", "))
}

/// One option or parameter with its default: what it does, and what it may be.
fn setting(rule: &Rule) -> String {
    format!("      {:<17} {}; {}\n", format!("{}={}", rule.name, rule.default), rule.about, rule.kind)
}
