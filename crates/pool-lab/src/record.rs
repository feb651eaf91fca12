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

mod claims;
mod error;
mod files;
mod folder;
pub mod machine;
pub mod pack;
mod progress;
pub mod results;
mod running;
mod store;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::metric::{Column, Metric, Shows, Unit};
use crate::metrics;
use crate::names::meant;
use crate::numbers::stats::Estimate;

pub use claims::keep_claims;
pub use error::{RecordError, ResultsError};
pub use files::{file_name, read_csv, read_json_lines, write_by_engine, write_csv};
pub(crate) use folder::files_with_extension;
pub use store::{Earlier, Store};

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
    #[serde(serialize_with = "metric_name", deserialize_with = "metric_of_name")]
    pub metric: &'static Metric,
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

    /// The number that a column shows.
    pub(crate) fn shown_by(&self, column: &Column) -> f64 {
        match column.shows {
            Shows::Median => self.median,
            Shows::High => self.high,
        }
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
    /// use pool_lab::metrics;
    /// use pool_lab::record::Subject;
    /// use pool_lab::numbers::stats::Estimate;
    ///
    /// let subject = Subject::new("spawn/external", "", "stealing", "0.1.0", 2);
    /// let record = subject.record(&metrics::TIME_PER_OP, Estimate { median: 51.0, low: 50.0, high: 53.5 }, 15);
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
        if self.unit != self.metric.unit.name() {
            return Some(format!(
                "the unit of {} is `{}`, not `{}`",
                self.metric,
                self.metric.unit.name(),
                self.unit
            ));
        }
        if self.samples == 0 && self.metric.unit != Unit::None {
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
    pub fn record(&self, metric: &'static Metric, estimate: Estimate, samples: usize) -> Record {
        Record {
            workload: self.workload.clone(),
            variant: self.variant.clone(),
            engine: self.engine.clone(),
            version: self.version.clone(),
            threads: self.threads,
            metric,
            unit: metric.unit.name().to_owned(),
            median: estimate.median,
            low: estimate.low,
            high: estimate.high,
            samples,
            note: String::new(),
        }
    }

    /// A [`RELATIVE`](metrics::RELATIVE) record that names its reference.
    pub fn relative(&self, estimate: Estimate, samples: usize, reference: &str) -> Record {
        Record { note: reference.to_owned(), ..self.record(&metrics::RELATIVE, estimate, samples) }
    }

    /// A [`ERROR`](metrics::ERROR) record.
    pub fn error(&self, what: impl fmt::Display) -> Record {
        Record { note: what.to_string(), ..self.record(&metrics::ERROR, Estimate::default(), 0) }
    }

    /// A [`UNSUPPORTED`](metrics::UNSUPPORTED) record.
    pub fn unsupported(&self, why: impl fmt::Display) -> Record {
        Record { note: why.to_string(), ..self.record(&metrics::UNSUPPORTED, Estimate::default(), 0) }
    }
}

fn metric_name<S: Serializer>(metric: &Metric, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(metric.name)
}

fn metric_of_name<'de, D: Deserializer<'de>>(from: D) -> Result<&'static Metric, D::Error> {
    let name = String::deserialize(from)?;
    metrics::find(&name).ok_or_else(|| {
        let meant = meant(&name, &metrics::names());
        D::Error::custom(format_args!("unknown metric `{name}`; {meant}a newer pool-lab may know it"))
    })
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
