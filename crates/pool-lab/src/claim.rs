//! A claim that everyone repeats about threads and pools, as an experiment: what is said, how it is measured, and the sentence
//! that the records give.

mod run;

use std::fmt;
use std::time::Duration;

use crate::engine::Spec;
use crate::engines;
use crate::metric::{Metric, Unit};
use crate::metrics;
use crate::numbers::stats::{self, Estimate};
use crate::numbers::units;
use crate::record::{Record, Subject};
use crate::system::apart::Steps;
use crate::workload::{CaseError, Failure, Task, Watch};

pub use run::{ClaimError, measure};

/// The family under which the records of claims are kept.
pub const FAMILY: &str = "claim/";

/// A row of the table of claims ([`crate::claims`]).
#[derive(Debug)]
pub struct Claim {
    /// The name, without the family.
    pub name: &'static str,
    /// What is said.
    pub says: &'static str,
    /// Measures it.
    pub measure: fn(&mut Figures) -> Result<(), CaseError>,
    /// What the records say; `None` where some of them are missing.
    pub sentence: fn(&Found) -> Option<String>,
}

/// What an experiment finds, record by record.
#[derive(Debug)]
pub struct Figures {
    name: &'static str,
    /// Whether small inputs do, as in tests.
    pub quick: bool,
    /// What was found so far.
    pub records: Vec<Record>,
    /// What could not be measured, and why: a line each.
    pub skipped: Vec<String>,
    steps: Steps,
}

impl Figures {
    /// For the claim of this name.
    pub fn new(name: &'static str, quick: bool) -> Self {
        Figures { name, quick, records: Vec::new(), skipped: Vec::new(), steps: Steps::default() }
    }

    /// Says what is measured from here on. Each step may take as long as [`measure`] has patience, and the last one is named when
    /// it hangs.
    pub fn step(&self, what: impl fmt::Display) {
        self.steps.begin(what);
    }

    /// Adds a figure: `what` of `subject`, which has so many threads.
    pub fn add(
        &mut self,
        subject: &str,
        what: &str,
        threads: usize,
        metric: &'static Metric,
        samples: &[f64],
    ) {
        if let Some(estimate) = stats::bootstrap_median(samples) {
            self.put(subject, what, threads, metric, estimate, samples.len());
        }
    }

    /// Adds a figure that was read once.
    pub fn one(&mut self, subject: &str, what: &str, threads: usize, metric: &'static Metric, value: f64) {
        self.put(subject, what, threads, metric, Estimate::exact(value), 1);
    }

    fn put(
        &mut self,
        subject: &str,
        what: &str,
        threads: usize,
        metric: &'static Metric,
        estimate: Estimate,
        samples: usize,
    ) {
        let subject = Subject::new(&format!("{FAMILY}{}", self.name), what, subject, "", threads);
        self.records.push(subject.record(metric, estimate, samples));
    }

    /// The large number, or the small one where that does.
    pub fn size(&self, large: usize, small: usize) -> usize {
        if self.quick { small } else { large }
    }

    /// Measures a workload on an engine, whose answers are checked, and adds the time of an operation under the spec's name.
    ///
    /// # Errors
    ///
    /// [`CaseError`] when the engine cannot be built, or gives a wrong answer.
    pub fn time(&mut self, spec: &str, task: &str) -> Result<(), CaseError> {
        let spec: Spec = spec.parse()?;
        let task: Task = task.parse().map_err(|error| Failure::Program(format!("{error}")))?;
        let task = if self.quick { task.quick() } else { task };
        self.step(format_args!("{task} on {spec}"));
        let mut case = engines::case(&spec, &task)?;
        case.iterate(&mut Watch::new())?;
        let mut samples = Vec::new();
        for _ in 0..self.size(15, 3) {
            let mut watch = Watch::new();
            case.iterate(&mut watch)?;
            samples.push(watch.elapsed().as_nanos() as f64 / case.operations() as f64);
        }
        let what = format!("time per {} of {}", task.about.operation, task.about.name);
        self.add(&spec.to_string(), &what, spec.threads(), &metrics::TIME_PER_OP, &samples);
        Ok(())
    }
}

/// A time as a sample.
pub fn nanoseconds(time: Duration) -> f64 {
    time.as_nanos() as f64
}

/// The records of one claim.
#[derive(Debug)]
pub struct Found<'r> {
    records: Vec<&'r Record>,
}

impl<'r> Found<'r> {
    /// Those of this claim.
    pub fn of(claim: &Claim, records: &'r [Record]) -> Self {
        let name = format!("{FAMILY}{}", claim.name);
        Found { records: records.iter().filter(|record| record.workload == name).collect() }
    }

    /// All of them.
    pub fn records(&self) -> &[&'r Record] {
        &self.records
    }

    /// The figure of a subject whose name begins so.
    pub fn value(&self, subject: &str, what: &str) -> Option<f64> {
        self.record(subject, what).map(|record| record.median)
    }

    /// The same as text, with its unit.
    pub fn text(&self, subject: &str, what: &str) -> Option<String> {
        self.record(subject, what).map(written)
    }

    fn record(&self, subject: &str, what: &str) -> Option<&'r Record> {
        let is_it = |record: &&&Record| record.engine == subject && record.variant.starts_with(what);
        self.records.iter().find(is_it).copied()
    }

    /// The subjects, fewest threads first.
    pub fn by_threads(&self, what: &str) -> Vec<&'r Record> {
        let mut found: Vec<&Record> =
            self.records.iter().copied().filter(|record| record.variant.starts_with(what)).collect();
        found.sort_by_key(|record| record.threads);
        found
    }
}

/// A record's value with its unit.
pub fn written(record: &Record) -> String {
    match record.metric.unit {
        Unit::Nanoseconds => units::time(record.median),
        Unit::Bytes => bytes(record.median),
        _ => units::three_digits(record.median),
    }
}

/// A size in memory with three significant digits: `512 B`, `8.00 KiB`, `2.00 MiB`.
///
/// ```
/// assert_eq!(pool_lab::claim::bytes(8192.0), "8.00 KiB");
/// ```
pub fn bytes(value: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1_024.0, "KiB")];
    match UNITS.iter().find(|(size, _)| value >= *size) {
        Some((size, name)) => format!("{} {name}", units::three_digits(value / size)),
        None => format!("{} B", units::three_digits(value)),
    }
}
