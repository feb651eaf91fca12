//! Tables for a terminal.

use std::fmt::Write;

use crate::engine::engines;
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
        let width = |column| self.rows.iter().filter_map(|row| row.get(column)).map(|cell: &String| cell.chars().count()).max();
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
    let mut timed: Vec<&Record> = records.iter().filter(|record| record.metric == Metric::TimePerOp).collect();
    timed.sort_by(|a, b| a.median.total_cmp(&b.median));
    let latencies = records.iter().any(|record| record.metric == Metric::LatencyP99);
    let operation = group.task.about.operation;
    let threads = group.threads;
    let mut text = format!("{}, {threads} thread{}, time per {operation}:\n", group.task, if threads == 1 { "" } else { "s" });
    let tail = if latencies { "p99" } else { "95 % interval" };
    let mut table = Table::new(2, &["engine", "version", "median", tail, "ratio", "", "CPU", "switches"]);
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
            of(Metric::SwitchesPerOp).map_or_else(absent, |switches| units::three_digits(switches.median)),
        ]);
    }
    text.push_str(&table.render());
    for record in records {
        match record.metric {
            Metric::Error => text.push_str(&format!("  {}: ERROR: {}\n", record.engine, record.note)),
            Metric::Unsupported => text.push_str(&format!("  {}: {}\n", record.engine, record.note)),
            Metric::Noise => {
                let (low, high) = (units::three_digits(record.low), units::three_digits(record.high));
                text.push_str(&format!("  noise: {} against itself {low} - {high}\n", record.engine));
            }
            _ => {}
        }
    }
    text
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
    records.iter().find(|record| record.metric == metric && engine.is_none_or(|engine| record.engine == engine))
}

/// The tables of engines and workloads.
pub(crate) fn lists() -> String {
    let mut table = Table::new(4, &["ENGINE", "VERSION", "WHAT IT IS", "WHAT IT CAN"]);
    for engine in engines() {
        let can: Vec<&str> = engine.can.named().iter().filter(|(_, can)| *can).map(|(name, _)| *name).collect();
        let cells = [engine.name, engine.version, engine.about, &can.join(", ")];
        table.row(cells.map(str::to_owned));
        engine.options.iter().for_each(|rule| table.row(setting(rule)));
    }
    let mut text = format!("An engine is name[:threads][:option=value]...\n\n{}", table.render());
    let mut table = Table::new(3, &["WORKLOAD", "PER", "WHAT IT MODELS"]);
    for about in workloads() {
        table.row([about.name, about.operation, about.models].map(str::to_owned));
        about.parameters.iter().for_each(|rule| table.row(setting(rule)));
    }
    text.push_str("\nA workload is family/name[:parameter=value]..., or the beginning of several names.\n\n");
    text.push_str(&table.render());
    text
}

/// One option or parameter with its default: what it does, and what it may be.
fn setting(rule: &Rule) -> [String; 3] {
    [format!("  {}={}", rule.name, rule.default), String::new(), format!("  {}: {}", rule.about, rule.kind)]
}
