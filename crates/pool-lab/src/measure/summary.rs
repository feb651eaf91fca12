//! From samples to records.

use std::time::Duration;

use crate::numbers::stats::{self, Estimate};
use crate::record::{Metric, Record, Subject};
use crate::workload::Watch;

/// What one sample came to, per operation.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    /// Nanoseconds. Of a workload that records latencies, their median.
    time: f64,
    /// Nanoseconds of processor time.
    cpu: Option<f64>,
    switches: Option<f64>,
    allocations: Option<f64>,
    /// Nanoseconds.
    latencies: Vec<f64>,
    /// Nanoseconds.
    lags: Vec<f64>,
    to_ideal: Vec<f64>,
}

impl Sample {
    pub(super) fn new(watch: &Watch, operations: f64) -> Self {
        let latencies: Vec<f64> = watch.latencies().iter().map(nanoseconds).collect();
        Sample {
            time: stats::median(&latencies).unwrap_or_else(|| nanoseconds(&watch.elapsed()) / operations),
            cpu: watch.cpu().map(|cpu| nanoseconds(&cpu) / operations),
            switches: watch.switches().map(|switches| switches as f64 / operations),
            allocations: watch.allocations().map(|count| count as f64 / operations),
            latencies,
            lags: watch.lags().iter().map(nanoseconds).collect(),
            to_ideal: watch.to_ideal().to_vec(),
        }
    }
}

fn nanoseconds(duration: &Duration) -> f64 {
    duration.as_nanos() as f64
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

    /// A metric that not every system can give.
    fn known(&self, metric: impl Fn(&Sample) -> Option<f64>) -> Vec<f64> {
        self.0.iter().filter_map(metric).collect()
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
pub(super) fn records(finished: &[Finished], twin: Option<&Finished>) -> Vec<Record> {
    let mut records: Vec<Record> = finished.iter().flat_map(own).collect();
    records.extend(relative(finished));
    records.extend(twin.and_then(|twin| noise(finished, twin)));
    records
}

/// An engine against itself. Nothing when its first pool failed before the last round, or when there was but one.
fn noise(finished: &[Finished], twin: &Finished) -> Option<Record> {
    let first = finished.iter().find(|first| first.subject == twin.subject)?;
    if first.samples.0.len() < 2 {
        return None;
    }
    let ratio = stats::paired_ratio(&first.samples.times(), &twin.samples.times())?;
    Some(first.subject.record(Metric::Noise, ratio, first.samples.0.len()))
}

/// What can be said about an engine by itself.
fn own(Finished { subject, samples, remark, .. }: &Finished) -> Vec<Record> {
    let rounds = samples.0.len();
    let record = |metric, estimate: Option<Estimate>| Some(subject.record(metric, estimate?, rounds));
    let time = |estimate| Some(Record { note: (*remark).to_owned(), ..record(Metric::TimePerOp, estimate)? });
    let times = samples.times();
    let mut records: Vec<Record> = [
        time(stats::bootstrap_median(&times)),
        record(Metric::Spread, stats::spread(&times).filter(|_| rounds > 1)),
        record(Metric::CpuPerOp, stats::bootstrap_median(&samples.known(|sample| sample.cpu))),
        record(Metric::SwitchesPerOp, stats::bootstrap_median(&samples.known(|sample| sample.switches))),
        record(Metric::AllocsPerOp, stats::bootstrap_median(&samples.known(|sample| sample.allocations))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let latencies = |sample: &Sample| sample.latencies.clone();
    records.extend(pooled(subject, samples, latencies, Metric::LatencyP50, 0.5));
    records.extend(pooled(subject, samples, latencies, Metric::LatencyP99, 0.99));
    if samples.0.iter().map(|sample| sample.latencies.len()).sum::<usize>() >= ENOUGH_FOR_P999 {
        records.extend(pooled(subject, samples, latencies, Metric::LatencyP999, 0.999));
    }
    records.extend(pooled(subject, samples, |sample| sample.lags.clone(), Metric::LagP99, 0.99));
    records.extend(to_ideal(subject, samples));
    records
}

/// Of fewer latencies p99.9 would be the slowest of them, which says nothing.
const ENOUGH_FOR_P999: usize = 1_000;

/// How the parts of all rounds did against the least that each could take.
fn to_ideal(subject: &Subject, samples: &Samples) -> Option<Record> {
    let all: Vec<f64> = samples.0.iter().flat_map(|sample| sample.to_ideal.iter().copied()).collect();
    let quantile = |q| stats::quantile(&all, q);
    let estimate = Estimate { median: quantile(0.5)?, low: quantile(0.0)?, high: quantile(1.0)? };
    Some(subject.record(Metric::ToIdeal, estimate, all.len()))
}

/// A quantile of all latencies (or the like) together. A round is too short for its own p99, so the interval comes
/// from drawing whole rounds with replacement, and not from the quantiles of rounds.
fn pooled(
    subject: &Subject,
    samples: &Samples,
    values: impl Fn(&Sample) -> Vec<f64>,
    metric: Metric,
    q: f64,
) -> Option<Record> {
    const RESAMPLES: usize = 500;
    let quantile = |rounds: &[&Sample]| {
        let pool: Vec<f64> = rounds.iter().flat_map(|sample| values(sample)).collect();
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

    fn find(records: &[Record], engine: &str, metric: Metric) -> Option<Record> {
        records.iter().find(|record| record.engine == engine && record.metric == metric).cloned()
    }

    #[test]
    fn ratios_are_paired_and_name_the_fastest() {
        let records =
            records(&[finished("a", &[10.0, 20.0, 30.0]), finished("b", &[30.0, 60.0, 90.0])], None);
        let ratio = find(&records, "b", Metric::Relative).unwrap();
        assert_eq!((ratio.median, ratio.low, ratio.high), (3.0, 3.0, 3.0));
        assert_eq!(ratio.note, "a");
        assert_eq!(find(&records, "a", Metric::Relative).unwrap().median, 1.0);
        assert_eq!(find(&records, "a", Metric::TimePerOp).unwrap().median, 20.0);
        assert_eq!(find(&records, "a", Metric::Noise), None);
    }

    #[test]
    fn nothing_is_compared_with_plain_calls() {
        let records = records(&[finished("serial", &[1.0, 1.0]), finished("a", &[4.0, 4.0])], None);
        assert_eq!(find(&records, "a", Metric::Relative).unwrap().median, 1.0);
        assert_eq!(find(&records, "serial", Metric::Relative).unwrap().median, 0.25);
    }

    #[test]
    fn what_was_too_slow_for_rounds_is_compared_by_medians() {
        let records = records(&[finished("a", &[10.0, 20.0, 30.0]), finished("b", &[60.0])], None);
        let ratio = find(&records, "b", Metric::Relative).unwrap();
        assert_eq!((ratio.median, ratio.low, ratio.high, ratio.samples), (3.0, 3.0, 3.0, 1));
    }

    #[test]
    fn nothing_is_compared_with_one_sample_where_there_are_more() {
        let records = records(&[finished("a", &[5.0]), finished("b", &[10.0, 10.0])], None);
        assert_eq!(find(&records, "b", Metric::Relative).unwrap().note, "b");
        assert_eq!(find(&records, "a", Metric::Relative).unwrap().median, 0.5);
    }

    #[test]
    fn one_round_has_no_spread_and_shows_no_noise() {
        let records = records(&[finished("a", &[5.0])], Some(&finished("a", &[6.0])));
        assert_eq!(find(&records, "a", Metric::TimePerOp).unwrap().samples, 1);
        assert_eq!(find(&records, "a", Metric::Spread), None);
        assert_eq!(find(&records, "a", Metric::Noise), None);
    }

    #[test]
    fn a_twin_shows_the_noise() {
        let (a, twin) = (finished("a", &[10.0, 20.0, 30.0]), finished("a", &[20.0, 40.0, 60.0]));
        let records = records(&[a], Some(&twin));
        assert_eq!(find(&records, "a", Metric::Noise).unwrap().median, 0.5);
    }

    #[test]
    fn what_a_system_cannot_tell_is_absent() {
        let records = records(&[finished("a", &[1.0, 2.0])], None);
        assert_eq!(find(&records, "a", Metric::CpuPerOp), None);
        assert_eq!(find(&records, "a", Metric::LatencyP50), None);
    }

    #[test]
    fn latencies_of_all_rounds_are_pooled() {
        let mut watch = Watch::new();
        (1..=100).for_each(|i| watch.latency(Duration::from_nanos(i)));
        let samples = Samples(vec![Sample::new(&watch, 100.0), Sample::new(&watch, 100.0)]);
        let records = records(&[Finished { samples, ..finished("a", &[]) }], None);
        let p50 = find(&records, "a", Metric::LatencyP50).unwrap();
        assert_eq!((p50.median, p50.samples), (50.5, 200));
        let p99 = find(&records, "a", Metric::LatencyP99).unwrap();
        assert!((99.0..=100.0).contains(&p99.median), "{}", p99.median);
        assert_eq!(find(&records, "a", Metric::TimePerOp).unwrap().median, 50.5);
    }
}
