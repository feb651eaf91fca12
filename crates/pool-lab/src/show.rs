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

/// What came out of a group: fastest first, then what went wrong, then what cannot be.
pub(crate) fn group(group: &Group, records: &[Record]) -> String {
    let noise = find(records, Metric::Noise, None);
    let mut timed: Vec<&Record> =
        records.iter().filter(|record| record.metric == Metric::TimePerOp).collect();
    timed.sort_by(|a, b| a.median.total_cmp(&b.median));
    let latencies = records.iter().any(|record| record.metric == Metric::LatencyP99);
    let operation = group.task.about.operation;
    let mut text = format!("{group}, time per {operation}:\n");
    let tail = if latencies { "p99" } else { "95 % interval" };
    let mut table =
        Table::new(2, &["engine", "version", "median", tail, "ratio", "", "CPU", "switches/1000"]);
    for record in timed {
        let of = |metric| find(records, metric, Some(&record.engine));
        let interval = match of(Metric::LatencyP99) {
            Some(p99) => units::time(p99.median),
            None => format!("{} - {}", units::time(record.low), units::time(record.high)),
        };
        let ratio = of(Metric::Relative).map(Record::estimate);
        table.row([
            record.engine.clone(),
            record.version.clone(),
            units::time(record.median),
            interval,
            ratio.map_or_else(String::new, |ratio| units::ratio(ratio.median)),
            verdict(ratio, noise.map(Record::estimate), of(Metric::Relative)),
            of(Metric::CpuPerOp).map_or_else(absent, |cpu| units::time(cpu.median)),
            of(Metric::SwitchesPerOp)
                .map_or_else(absent, |switches| units::three_digits(1000.0 * switches.median)),
        ]);
    }
    text.push_str(&table.render());
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
