//! What a terminal shows.

mod list;
mod table;

use std::collections::BTreeMap;

use crate::numbers::stats;
use crate::numbers::units;
use crate::plan::Group;
use crate::record::{Metric, Record};
use crate::system::terminal::wrap;

pub(crate) use list::lists;
pub(crate) use table::Table;

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

/// What came out of a group: fastest first, then what is to be known, what went wrong, and what cannot be. In lines of at
/// most `width` characters, where words allow it.
pub(crate) fn group(group: &Group, records: &[Record], width: Option<usize>) -> String {
    let mut timed: Vec<&Record> =
        records.iter().filter(|record| record.metric == Metric::TimePerOp).collect();
    timed.sort_by(|a, b| a.median.total_cmp(&b.median));
    let noise = find(records, Metric::Noise, None);
    let mut text = wrap(&format!("{group}, time per {}:", group.task.about.operation), width, "", "  ");
    text.push_str(&numbers(&timed, records, noise).render(width));
    let mut line = |line: String| text.push_str(&wrap(&line, width, "  ", "    "));
    for record in timed.iter().filter(|record| !record.note.is_empty()) {
        line(format!("{}: {}", record.engine, record.note));
    }
    for record in records.iter().filter(|record| record.metric == Metric::Error) {
        line(format!("{}: ERROR: {}", record.engine, record.note));
    }
    unsupported(records).into_iter().for_each(&mut line);
    if let Some(noise) = noise {
        let (low, high) = (units::ratio(noise.low), units::ratio(noise.high));
        line(format!("noise: {} against itself {low} - {high}", noise.engine));
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
        let ratio = of(Metric::Relative);
        let mut row = vec![
            record.engine.clone(),
            record.version.clone(),
            time(record),
            interval(record),
            ratio.map_or_else(String::new, |ratio| units::ratio(ratio.median)),
            verdict(ratio, noise),
        ];
        row.extend(columns.iter().map(|(_, metric, write)| of(*metric).map_or_else(absent, *write)));
        table.row(row);
    }
    table
}

fn time(record: &Record) -> String {
    let time = units::time(record.median);
    if record.samples == 1 { format!("{time} (n=1)") } else { time }
}

/// One sample has none.
fn interval(record: &Record) -> String {
    match record.samples {
        1 => absent(),
        _ => format!("{} - {}", units::time(record.low), units::time(record.high)),
    }
}

/// One line for each reason why engines cannot do the workload.
fn unsupported(records: &[Record]) -> Vec<String> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.metric == Metric::Unsupported) {
        reasons.entry(&record.note).or_default().push(&record.engine);
    }
    reasons.iter().map(|(why, engines)| format!("n/a, {why}: {}", engines.join(", "))).collect()
}

fn absent() -> String {
    "-".to_owned()
}

/// Whether a ratio says anything. Of one sample nobody knows.
fn verdict(ratio: Option<&Record>, noise: Option<&Record>) -> String {
    match (ratio, noise) {
        (Some(ratio), Some(noise)) if ratio.samples > 1 && ratio.note != ratio.engine => {
            let is_tie = stats::is_tie(ratio.estimate(), noise.estimate());
            if is_tie { "tie".to_owned() } else { String::new() }
        }
        _ => String::new(),
    }
}

fn find<'r>(records: &'r [Record], metric: Metric, engine: Option<&str>) -> Option<&'r Record> {
    records
        .iter()
        .find(|record| record.metric == metric && engine.is_none_or(|engine| record.engine == engine))
}

#[cfg(test)]
mod tests;
