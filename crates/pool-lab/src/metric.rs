//! What a metric is: the name that records have for it, where its numbers come from, and how tables show them.

use std::fmt;

use crate::numbers::units;

/// A row of the table of metrics ([`crate::metrics`]).
#[derive(Debug)]
pub struct Metric {
    /// The name in records.
    pub name: &'static str,
    /// The unit of its numbers.
    pub unit: Unit,
    /// What it is, in sentences. Reports say it of the metrics that have a column.
    pub about: &'static str,
    /// Where its numbers come from.
    pub source: Source,
    /// How tables show it.
    pub column: Option<Column>,
}

/// Metrics are the same when their names are.
impl PartialEq for Metric {
    fn eq(&self, other: &Metric) -> bool {
        self.name == other.name
    }
}

impl Eq for Metric {}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

/// The unit of a metric's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Time.
    Nanoseconds,
    /// One time divided by another.
    Ratio,
    /// How many.
    Count,
    /// Memory.
    Bytes,
    /// There is no number.
    None,
}

impl Unit {
    /// As records write it: `ns`, `ratio`, `count`, `bytes`, or nothing.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Ratio => "ratio",
            Unit::Count => "count",
            Unit::Bytes => "bytes",
            Unit::None => "",
        }
    }
}

/// Where a metric's numbers come from.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// The rounds of a measurement, which take times, compare engines and notice failures.
    Rounds,
    /// What a counter counts while the workload runs, divided by operations: the median over rounds, with its bootstrap
    /// interval.
    Counter(Counter),
    /// A quantile of values that the workload gives, those of all rounds together.
    Quantile {
        /// Which values.
        of: Series,
        /// The quantile, from 0 to 1.
        q: f64,
        /// As few values say nothing of this quantile.
        fewest: usize,
    },
    /// The median of values that the workload gives, those of all rounds together, and the least and the greatest of them.
    Range {
        /// Which values.
        of: Series,
    },
}

/// What is counted from the start of the process on; `None` where the system does not tell.
#[derive(Debug, Clone, Copy)]
pub struct Counter {
    /// By all threads.
    pub of_process: fn() -> Option<u64>,
    /// By all threads but the one that asks.
    pub of_others: fn() -> Option<u64>,
}

/// Values that a workload gives one by one, such as latencies. The text tells them from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series(pub &'static str);

/// A column of tables.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The title in reports.
    pub title: &'static str,
    /// Which number of a record it shows.
    pub shows: Shows,
    /// How the number is written.
    pub write: fn(f64) -> String,
    /// The title on a terminal, and what the number is multiplied by there; `None` where it is not shown there.
    pub terminal: Option<(&'static str, f64)>,
}

/// Which of a record's numbers a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// The value.
    Median,
    /// The upper end of its interval.
    High,
}

impl Column {
    /// A column of times, with the same title on a terminal.
    pub const fn time(title: &'static str) -> Self {
        Column { title, shows: Shows::Median, write: units::time, terminal: Some((title, 1.0)) }
    }

    /// A column of counts, which a terminal shows for a thousand operations.
    pub const fn count(title: &'static str, per_thousand: &'static str) -> Self {
        let terminal = Some((per_thousand, 1000.0));
        Column { title, shows: Shows::Median, write: units::three_digits, terminal }
    }
}
