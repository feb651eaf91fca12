//! From samples to records.

use crate::metric::{Metric, Series, Source};
use crate::metrics;
use crate::metrics::latency::LATENCIES;
use crate::numbers::stats::{self, Estimate};
use crate::record::{Record, Subject};
use crate::workload::Watch;

/// What one sample came to.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Nanoseconds for each operation. Of a workload that gives latencies, their median.
    time: f64,
    operations: f64,
    watch: Watch,
}

impl Sample {
    pub(super) fn new(watch: Watch, operations: f64) -> Self {
        let time = stats::median(watch.values(LATENCIES));
        let time = time.unwrap_or_else(|| watch.elapsed().as_nanos() as f64 / operations);
        Sample { time, operations, watch }
    }

    /// What the counter of this metric counted, for each operation.
    fn count(&self, metric: &Metric) -> Option<f64> {
        self.watch.count(metric).map(|count| count as f64 / self.operations)
    }
}

/// The samples of one engine, one a round.
#[derive(Debug, Default)]
pub(super) struct Samples(Vec<Sample>);

impl Samples {
    pub(super) fn push(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    fn times(&self) -> Vec<f64> {
        self.0.iter().map(|sample| sample.time).collect()
    }

    /// The values of this series of all rounds.
    fn values(&self, series: Series) -> Vec<f64> {
        self.0.iter().flat_map(|sample| sample.watch.values(series)).copied().collect()
    }
}

/// An engine that finished all rounds.
pub(super) struct Finished {
    pub(super) subject: Subject,
    pub(super) samples: Samples,
    /// Whether others may be compared with it.
    pub(super) is_reference: bool,
    /// What is to be known about the engine in this workload; mostly nothing.
    pub(super) remark: &'static str,
}

/// The records of a group whose engines all finished the same rounds.
pub(super) fn records(finished: &[Finished], second: Option<&Finished>) -> Vec<Record> {
    let mut records: Vec<Record> = finished.iter().flat_map(own).collect();
    records.extend(relative(finished));
    records.extend(second.and_then(|second| noise(finished, second)));
    records
}

/// An engine against itself. Nothing when its first pool failed before the last round, or when there was but one.
fn noise(finished: &[Finished], second: &Finished) -> Option<Record> {
    let first = finished.iter().find(|first| first.subject == second.subject)?;
    if first.samples.0.len() < 2 {
        return None;
    }
    let ratio = stats::paired_ratio(&first.samples.times(), &second.samples.times())?;
    Some(first.subject.record(&metrics::NOISE, ratio, first.samples.0.len()))
}

/// What can be said about an engine by itself.
fn own(finished: &Finished) -> Vec<Record> {
    let Finished { subject, samples, remark, .. } = finished;
    let (rounds, times) = (samples.0.len(), samples.times());
    let record = |metric, estimate: Option<Estimate>| Some(subject.record(metric, estimate?, rounds));
    let time = record(&metrics::TIME_PER_OP, stats::bootstrap_median(&times));
    let spread = record(&metrics::SPREAD, stats::spread(&times).filter(|_| rounds > 1));
    let time = time.map(|time| Record { note: (*remark).to_owned(), ..time });
    let others = metrics::ALL.iter().filter_map(|metric| of_metric(metric, subject, samples));
    [time, spread].into_iter().flatten().chain(others).collect()
}

/// What the samples say of a metric that does not come from the rounds.
fn of_metric(metric: &'static Metric, subject: &Subject, samples: &Samples) -> Option<Record> {
    match metric.source {
        Source::Rounds => None,
        Source::Counter(_) => {
            let counts: Vec<f64> = samples.0.iter().filter_map(|sample| sample.count(metric)).collect();
            Some(subject.record(metric, stats::bootstrap_median(&counts)?, samples.0.len()))
        }
        Source::Quantile { of, q, fewest } => {
            let enough = samples.values(of).len() >= fewest;
            enough.then(|| pooled(subject, samples, of, metric, q)).flatten()
        }
        Source::Range { of } => {
            let all = samples.values(of);
            let quantile = |q| stats::quantile(&all, q);
            let estimate = Estimate { median: quantile(0.5)?, low: quantile(0.0)?, high: quantile(1.0)? };
            Some(subject.record(metric, estimate, all.len()))
        }
    }
}

/// A quantile of all values together. A round is too short for its own p99, so the interval comes
/// from drawing whole rounds with replacement, and not from the quantiles of rounds.
fn pooled(
    subject: &Subject,
    samples: &Samples,
    series: Series,
    metric: &'static Metric,
    q: f64,
) -> Option<Record> {
    const RESAMPLES: usize = 500;
    let quantile = |rounds: &[&Sample]| {
        let pool: Vec<f64> = rounds.iter().flat_map(|sample| sample.watch.values(series)).copied().collect();
        Some((stats::quantile(&pool, q)?, pool.len()))
    };
    let all: Vec<&Sample> = samples.0.iter().collect();
    let (median, count) = quantile(&all)?;
    let mut random = fastrand::Rng::with_seed(count as u64);
    let drawn: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let rounds: Vec<&Sample> = all.iter().map(|_| all[random.usize(..all.len())]).collect();
            Some(quantile(&rounds)?.0)
        })
        .collect();
    let tail = (1.0 - stats::CONFIDENCE) / 2.0;
    let (low, high) = (stats::quantile(&drawn, tail)?, stats::quantile(&drawn, 1.0 - tail)?);
    let estimate = Estimate { median, low: low.min(median), high: high.max(median) };
    Some(subject.record(metric, estimate, count))
}

/// Every engine against the fastest that works in parallel, paired by rounds.
fn relative(finished: &[Finished]) -> Vec<Record> {
    let median = |engine: &Finished| stats::median(&engine.samples.times()).unwrap_or(f64::INFINITY);
    // What was measured once may have been lucky.
    let most =
        finished.iter().filter(|engine| engine.is_reference).map(|engine| engine.samples.0.len()).max();
    let is_known = |engine: &&Finished| engine.is_reference && Some(engine.samples.0.len()) == most;
    let references = finished.iter().filter(is_known);
    let Some(fastest) = references.min_by(|a, b| median(a).total_cmp(&median(b))) else { return Vec::new() };
    let against_fastest = |engine: &Finished| {
        let (times, fastest_times) = (engine.samples.times(), fastest.samples.times());
        let ratio = match times.len() == fastest_times.len() {
            true => stats::paired_ratio(&times, &fastest_times)?,
            // One of them was too slow for the rounds, and has nothing to be paired.
            false => Estimate::exact(median(engine) / median(fastest)),
        };
        Some(engine.subject.relative(ratio, engine.samples.0.len(), &fastest.subject.engine))
    };
    finished.iter().filter_map(against_fastest).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn subject(engine: &str) -> Subject {
        Subject::new("spawn/external", "", engine, "1.0", 2)
    }

    fn finished(engine: &str, times: &[f64]) -> Finished {
        Finished {
            subject: subject(engine),
            samples: samples(times),
            is_reference: engine != "serial",
            remark: "",
        }
    }

    fn samples(times: &[f64]) -> Samples {
        Samples(times.iter().map(|time| Sample { time: *time, ..Sample::default() }).collect())
    }

    fn find(records: &[Record], engine: &str, metric: &Metric) -> Option<Record> {
        records.iter().find(|record| record.engine == engine && record.metric == metric).cloned()
    }

    #[test]
    fn ratios_are_paired_and_name_the_fastest() {
        let records =
            records(&[finished("a", &[10.0, 20.0, 30.0]), finished("b", &[30.0, 60.0, 90.0])], None);
        let ratio = find(&records, "b", &metrics::RELATIVE).unwrap();
        assert_eq!((ratio.median, ratio.low, ratio.high), (3.0, 3.0, 3.0));
        assert_eq!(ratio.note, "a");
        assert_eq!(find(&records, "a", &metrics::RELATIVE).unwrap().median, 1.0);
        assert_eq!(find(&records, "a", &metrics::TIME_PER_OP).unwrap().median, 20.0);
        assert_eq!(find(&records, "a", &metrics::NOISE), None);
    }

    #[test]
    fn nothing_is_compared_with_plain_calls() {
        let records = records(&[finished("serial", &[1.0, 1.0]), finished("a", &[4.0, 4.0])], None);
        assert_eq!(find(&records, "a", &metrics::RELATIVE).unwrap().median, 1.0);
        assert_eq!(find(&records, "serial", &metrics::RELATIVE).unwrap().median, 0.25);
    }

    #[test]
    fn what_was_too_slow_for_rounds_is_compared_by_medians() {
        let records = records(&[finished("a", &[10.0, 20.0, 30.0]), finished("b", &[60.0])], None);
        let ratio = find(&records, "b", &metrics::RELATIVE).unwrap();
        assert_eq!((ratio.median, ratio.low, ratio.high, ratio.samples), (3.0, 3.0, 3.0, 1));
    }

    #[test]
    fn nothing_is_compared_with_one_sample_where_there_are_more() {
        let records = records(&[finished("a", &[5.0]), finished("b", &[10.0, 10.0])], None);
        assert_eq!(find(&records, "b", &metrics::RELATIVE).unwrap().note, "b");
        assert_eq!(find(&records, "a", &metrics::RELATIVE).unwrap().median, 0.5);
    }

    #[test]
    fn one_round_has_no_spread_and_shows_no_noise() {
        let records = records(&[finished("a", &[5.0])], Some(&finished("a", &[6.0])));
        assert_eq!(find(&records, "a", &metrics::TIME_PER_OP).unwrap().samples, 1);
        assert_eq!(find(&records, "a", &metrics::SPREAD), None);
        assert_eq!(find(&records, "a", &metrics::NOISE), None);
    }

    #[test]
    fn a_second_run_shows_the_noise() {
        let (a, second) = (finished("a", &[10.0, 20.0, 30.0]), finished("a", &[20.0, 40.0, 60.0]));
        let records = records(&[a], Some(&second));
        assert_eq!(find(&records, "a", &metrics::NOISE).unwrap().median, 0.5);
    }

    #[test]
    fn what_a_system_cannot_tell_is_absent() {
        let records = records(&[finished("a", &[1.0, 2.0])], None);
        assert_eq!(find(&records, "a", &metrics::CPU_PER_OP), None);
        assert_eq!(find(&records, "a", &metrics::LATENCY_P50), None);
    }

    #[test]
    fn latencies_of_all_rounds_are_pooled() {
        let sample = || {
            let mut watch = Watch::new();
            (1..=100).for_each(|i| watch.latency(Duration::from_nanos(i)));
            Sample::new(watch, 100.0)
        };
        let samples = Samples(vec![sample(), sample()]);
        let records = records(&[Finished { samples, ..finished("a", &[]) }], None);
        let p50 = find(&records, "a", &metrics::LATENCY_P50).unwrap();
        assert_eq!((p50.median, p50.samples), (50.5, 200));
        let p99 = find(&records, "a", &metrics::LATENCY_P99).unwrap();
        assert!((99.0..=100.0).contains(&p99.median), "{}", p99.median);
        assert_eq!(find(&records, "a", &metrics::TIME_PER_OP).unwrap().median, 50.5);
    }
}
