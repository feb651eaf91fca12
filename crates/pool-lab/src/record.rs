//! The one record that every number is.
//!
//! Measuring writes records, reports read them, and nothing else passes between the two. A record says
//! which *workload*, with which *variant* (parameters), on which *engine*, with how many *threads*, what was
//! measured (*metric*, *unit*) and the answer: a median and the interval around it.
//!
//! On disk records are CSV (one file an engine, see [`write_by_engine`]); on a pipe they are JSON, one object
//! a line ([`Record::to_json`]). Both have the same names in the same order:
//!
//! `workload, variant, engine, version, threads, metric, unit, median, low, high, samples, note`
//!
//! Numbers are written with six significant digits, which is far more than any clock resolves, and which
//! keeps the differences between two committed files readable.

mod error;
mod files;
mod folder;
pub mod machine;
mod progress;
pub mod results;
mod store;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::numbers::stats::Estimate;

pub use error::{RecordError, ResultsError};
pub use files::{file_name, read_csv, read_json_lines, write_by_engine, write_csv};
pub(crate) use folder::files_with_extension;
pub use store::{Earlier, Store};

/// What a record measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Wall time divided by operations, in nanoseconds. The median over rounds, with the bootstrap interval
    /// of that median.
    TimePerOp,
    /// The same times, but `low` and `high` are the 10th and 90th percentile of the rounds: how far one
    /// round lies from another, rather than how well the median is known.
    Spread,
    /// Time of this engine divided by the time of the reference, paired round by round. The reference is
    /// the fastest engine of the same workload, variant and thread count; `note` names it.
    Relative,
    /// Time of this engine divided by its own time in a second, independent run of the same rounds. What it
    /// differs from 1 is noise.
    Noise,
    /// Processor time of the whole process divided by operations, in nanoseconds.
    CpuPerOp,
    /// Voluntary context switches of the whole process divided by operations.
    SwitchesPerOp,
    /// Allocations of the whole process divided by operations.
    AllocsPerOp,
    /// Half of the latencies are at most this, in nanoseconds.
    LatencyP50,
    /// 99 in 100 latencies are at most this, in nanoseconds.
    LatencyP99,
    /// 999 in 1,000 latencies are at most this, in nanoseconds; absent when there are fewer than 1,000.
    LatencyP999,
    /// 99 in 100 jobs were submitted at most this late by the workload itself, in nanoseconds.
    LagP99,
    /// What a part of the workload took, divided by the least that it can take: the median; `low` and `high` are the
    /// least and the greatest of all.
    ToIdeal,
    /// The engine failed or gave a wrong answer; `note` says how. There is no number.
    Error,
    /// The engine cannot do this workload. There is no number; `note` may say why.
    Unsupported,
}

impl Metric {
    /// Every metric, in the order in which tables show them.
    pub const ALL: [Metric; 14] = [
        Metric::TimePerOp,
        Metric::Spread,
        Metric::Relative,
        Metric::Noise,
        Metric::CpuPerOp,
        Metric::SwitchesPerOp,
        Metric::AllocsPerOp,
        Metric::LatencyP50,
        Metric::LatencyP99,
        Metric::LatencyP999,
        Metric::LagP99,
        Metric::ToIdeal,
        Metric::Error,
        Metric::Unsupported,
    ];

    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::TimePerOp => "time_per_op",
            Metric::Spread => "spread",
            Metric::Relative => "relative",
            Metric::Noise => "noise",
            Metric::CpuPerOp => "cpu_per_op",
            Metric::SwitchesPerOp => "switches_per_op",
            Metric::LatencyP50 => "latency_p50",
            Metric::AllocsPerOp => "allocs_per_op",
            Metric::LatencyP99 => "latency_p99",
            Metric::LatencyP999 => "latency_p999",
            Metric::LagP99 => "lag_p99",
            Metric::ToIdeal => "to_ideal",
            Metric::Error => "error",
            Metric::Unsupported => "unsupported",
        }
    }

    /// The unit that records of this metric carry: `ns`, `ratio`, `count`, or nothing.
    pub const fn unit(self) -> &'static str {
        match self {
            Metric::TimePerOp
            | Metric::Spread
            | Metric::CpuPerOp
            | Metric::LatencyP50
            | Metric::LatencyP99
            | Metric::LatencyP999
            | Metric::LagP99 => "ns",
            Metric::Relative | Metric::Noise | Metric::ToIdeal => "ratio",
            Metric::SwitchesPerOp | Metric::AllocsPerOp => "count",
            Metric::Error | Metric::Unsupported => "",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A metric name that is not in [`Metric::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric `{0}`")]
pub struct UnknownMetric(pub String);

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        Metric::ALL.into_iter().find(|m| m.name() == name).ok_or_else(|| UnknownMetric(name.to_owned()))
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One measured number. See the [module](self) for what the fields mean together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// `family/name`, for example `spawn/external`.
    pub workload: String,
    /// The workload's parameters where it has several settings (`gap=200us`), otherwise empty.
    #[serde(default)]
    pub variant: String,
    /// The engine's spec without its thread count, for example `stealing` or `bounded:capacity=131072`.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// The number of worker threads.
    pub threads: usize,
    /// What was measured.
    pub metric: Metric,
    /// The unit of the three numbers: `ns`, `ratio`, `count`, or empty.
    pub unit: String,
    /// The measured value.
    #[serde(serialize_with = "six_digits")]
    pub median: f64,
    /// The lower end of the interval around it.
    #[serde(serialize_with = "six_digits")]
    pub low: f64,
    /// The upper end of the interval around it.
    #[serde(serialize_with = "six_digits")]
    pub high: f64,
    /// How many samples (rounds, or latencies) stand behind the number.
    pub samples: usize,
    /// What a number cannot say: the reference of a ratio, the text of an error, how an engine differs from others.
    #[serde(default)]
    pub note: String,
}

impl Record {
    /// Column names in the order in which they are written.
    pub const COLUMNS: [&'static str; 12] = [
        "workload", "variant", "engine", "version", "threads", "metric", "unit", "median", "low", "high",
        "samples", "note",
    ];

    /// The family of the workload: `spawn` in `spawn/external`.
    pub fn family(&self) -> &str {
        self.workload.split('/').next().unwrap_or_default()
    }

    /// Median and interval.
    pub fn estimate(&self) -> Estimate {
        Estimate { median: self.median, low: self.low, high: self.high }
    }

    /// Whether both are about the same engine (of whatever version) in the same workload, with as many threads.
    pub(crate) fn is_of_same_subject(&self, other: &Record) -> bool {
        self.threads == other.threads
            && self.engine == other.engine
            && self.workload == other.workload
            && self.variant == other.variant
    }

    /// The record as one line of JSON, without the line end.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_lab::record::{Metric, Subject};
    /// use pool_lab::numbers::stats::Estimate;
    ///
    /// let subject = Subject::new("spawn/external", "", "stealing", "0.1.0", 2);
    /// let record = subject.record(Metric::TimePerOp, Estimate { median: 51.0, low: 50.0, high: 53.5 }, 15);
    /// assert!(record.to_json().starts_with(r#"{"workload":"spawn/external","variant":"","engine":"stealing""#));
    /// ```
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a record has string keys and plain values only")
    }

    /// Why this record cannot be reported, if it cannot.
    pub(crate) fn defect(&self) -> Option<String> {
        if self.workload.is_empty() || self.engine.is_empty() {
            return Some("the workload and the engine must be named".to_owned());
        }
        if !(self.median.is_finite() && self.low.is_finite() && self.high.is_finite()) {
            return Some("median, low and high must be finite".to_owned());
        }
        if self.threads == 0 {
            return Some("there must be at least 1 thread".to_owned());
        }
        if self.unit != self.metric.unit() {
            return Some(format!(
                "the unit of {} is `{}`, not `{}`",
                self.metric,
                self.metric.unit(),
                self.unit
            ));
        }
        if self.samples == 0 && !matches!(self.metric, Metric::Error | Metric::Unsupported) {
            return Some(format!("{} without a sample", self.metric));
        }
        if self.median < 0.0 || self.low < 0.0 || self.high < 0.0 {
            return Some(format!("{} must not be negative", self.metric));
        }
        if self.low > self.median || self.median > self.high {
            return Some(format!("{} <= {} <= {} does not hold", self.low, self.median, self.high));
        }
        None
    }
}

/// What was measured, before it is said what came out: the part that the records of one measurement share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// See [`Record::workload`].
    pub workload: String,
    /// See [`Record::variant`].
    pub variant: String,
    /// See [`Record::engine`].
    pub engine: String,
    /// See [`Record::version`].
    pub version: String,
    /// See [`Record::threads`].
    pub threads: usize,
}

impl Subject {
    /// Names a subject.
    pub fn new(workload: &str, variant: &str, engine: &str, version: &str, threads: usize) -> Self {
        Subject {
            workload: workload.to_owned(),
            variant: variant.to_owned(),
            engine: engine.to_owned(),
            version: version.to_owned(),
            threads,
        }
    }

    /// A record of `metric` in its usual unit.
    pub fn record(&self, metric: Metric, estimate: Estimate, samples: usize) -> Record {
        Record {
            workload: self.workload.clone(),
            variant: self.variant.clone(),
            engine: self.engine.clone(),
            version: self.version.clone(),
            threads: self.threads,
            metric,
            unit: metric.unit().to_owned(),
            median: estimate.median,
            low: estimate.low,
            high: estimate.high,
            samples,
            note: String::new(),
        }
    }

    /// A [`Metric::Relative`] record that names its reference.
    pub fn relative(&self, estimate: Estimate, samples: usize, reference: &str) -> Record {
        Record { note: reference.to_owned(), ..self.record(Metric::Relative, estimate, samples) }
    }

    /// A [`Metric::Error`] record.
    pub fn error(&self, what: impl fmt::Display) -> Record {
        Record { note: what.to_string(), ..self.record(Metric::Error, Estimate::default(), 0) }
    }

    /// A [`Metric::Unsupported`] record.
    pub fn unsupported(&self, why: impl fmt::Display) -> Record {
        Record { note: why.to_string(), ..self.record(Metric::Unsupported, Estimate::default(), 0) }
    }
}

/// Rounds to six significant digits on the way out.
fn six_digits<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(round_to_six_digits(*value))
}

fn round_to_six_digits(value: f64) -> f64 {
    // Going through decimal text rounds exactly as a reader of the file would, with no error from a
    // multiplication by a power of ten.
    format!("{value:.5e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests;
