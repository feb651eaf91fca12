//! What a terminal shows.

mod table;

use std::collections::BTreeMap;

use crate::command::command_of;
use crate::metric::Metric;
use crate::metrics;
use crate::numbers::units;
use crate::numbers::verdict::Verdict;
use crate::plan::Group;
use crate::record::Record;
use crate::system::terminal::wrap;

pub(crate) use table::TerminalTable;

/// A column that is left out when no engine has a number for it: its metric, its title, and how a record is written.
type Shown = (&'static Metric, &'static str, Box<dyn Fn(&Record) -> String>);

fn columns() -> impl Iterator<Item = Shown> {
    metrics::columns().filter_map(|(metric, column)| {
        let (title, factor) = column.terminal?;
        let write = move |record: &Record| (column.write)(factor * record.shown_by(&column));
        Some((metric, title, Box::new(write) as Box<dyn Fn(&Record) -> String>))
    })
}

/// What came out of a group: fastest first, then what is to be known, what went wrong, and what cannot be. In lines of at
/// most `width` characters, where words allow it.
pub(crate) fn group(group: &Group, records: &[Record], width: Option<usize>) -> String {
    let mut timed: Vec<&Record> =
        records.iter().filter(|record| record.metric == &metrics::TIME_PER_OP).collect();
    timed.sort_by(|a, b| a.median.total_cmp(&b.median));
    let noise = find(records, &metrics::NOISE, None);
    let mut text = wrap(&format!("{group}, time per {}:", group.task.about.operation), width, "", "  ");
    text.push_str(&numbers(&timed, records).render(width));
    let mut line = |line: String| text.push_str(&wrap(&line, width, "  ", "    "));
    for record in timed.iter().filter(|record| !record.note.is_empty()) {
        line(format!("{}: {}", record.engine, record.note));
    }
    for record in records.iter().filter(|record| record.metric == &metrics::ERROR) {
        line(format!("{}: ERROR: {}; again: {}", record.engine, record.note, command_of(record)));
    }
    unsupported(records).into_iter().for_each(&mut line);
    if let Some(noise) = noise {
        let (low, high) = (units::ratio(noise.low), units::ratio(noise.high));
        line(format!("noise: {} against itself {low} - {high}", noise.engine));
    }
    text
}

/// Up to the verdict.
const FEWEST_COLUMNS: usize = 6;

/// A row for each engine that was timed.
fn numbers(timed: &[&Record], records: &[Record]) -> TerminalTable {
    let is_known = |(metric, ..): &Shown| find(records, metric, None).is_some();
    let columns: Vec<Shown> = columns().filter(is_known).collect();
    let mut head = vec!["engine", "version", "median", "95 % interval", "ratio", ""];
    head.extend(columns.iter().map(|(_, title, _)| title));
    let mut table = TerminalTable::new(2, &head).with_spare_columns_after(FEWEST_COLUMNS);
    for record in timed {
        let of = |metric| find(records, metric, Some(&record.engine));
        let ratio = of(&metrics::RELATIVE);
        let mut row = vec![
            record.engine.clone(),
            record.version.clone(),
            time(record),
            interval(record),
            ratio.map_or_else(String::new, |ratio| units::ratio(ratio.median)),
            verdict(ratio),
        ];
        row.extend(columns.iter().map(|(metric, _, write)| of(metric).map_or_else(absent, write)));
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
    for record in records.iter().filter(|record| record.metric == &metrics::UNSUPPORTED) {
        reasons.entry(&record.note).or_default().push(&record.engine);
    }
    reasons.iter().map(|(why, engines)| format!("n/a, {why}: {}", engines.join(", "))).collect()
}

fn absent() -> String {
    "-".to_owned()
}

/// What the ratio to the fastest says, if that is not the engine itself. One sample says nothing.
fn verdict(ratio: Option<&Record>) -> String {
    let of = |ratio: &Record| Verdict::of(ratio.estimate(), ratio.samples);
    match ratio.filter(|ratio| ratio.note != ratio.engine).map(of) {
        None | Some(Verdict::Single) => String::new(),
        Some(verdict) => verdict.word().to_owned(),
    }
}

fn find<'r>(records: &'r [Record], metric: &Metric, engine: Option<&str>) -> Option<&'r Record> {
    records
        .iter()
        .find(|record| record.metric == metric && engine.is_none_or(|engine| record.engine == engine))
}

#[cfg(test)]
mod tests;
