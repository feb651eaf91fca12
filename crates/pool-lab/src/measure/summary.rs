//! From samples to records.

use super::comparison::Comparison;
use super::lane::Lane;
use super::sample::Sample;
use crate::engine::Kind;
use crate::metric::{Metric, Series, Source};
use crate::metrics;
use crate::numbers::blocks::{self, Looks};
use crate::numbers::modes::modes;
use crate::numbers::stats::{self, Estimate};
use crate::record::Record;

/// The records of a group after so many blocks.
pub(super) fn records(
    comparison: &Comparison<'_>,
    twin: Option<&Lane>,
    count: usize,
    looks: Looks,
) -> Vec<Record> {
    let lanes = comparison.lanes;
    let mut records: Vec<Record> = lanes.iter().filter_map(|lane| lane.failure.clone()).collect();
    records.extend(comparison.measured().flat_map(|i| own(&lanes[i], count, looks)));
    records.extend(relative(comparison));
    records.extend(to_peer(comparison));
    records.extend(twin.and_then(|twin| noise(comparison, twin)));
    records
}

/// An engine against itself.
fn noise(comparison: &Comparison<'_>, twin: &Lane) -> Option<Record> {
    let first =
        comparison.measured().map(|i| &comparison.lanes[i]).find(|first| first.subject == twin.subject)?;
    let (ratio, common) = comparison.ratio_of(first, twin).filter(|_| twin.failure.is_none())?;
    Some(first.subject.record(&metrics::NOISE, ratio, common))
}

/// What can be said about an engine by itself.
fn own(lane: &Lane, count: usize, looks: Looks) -> Vec<Record> {
    let (times, of_blocks) = (lane.times(), lane.block_count());
    let samples = times.concat();
    let record = |metric, estimate: Option<Estimate>, of| Some(lane.subject.record(metric, estimate?, of));
    let time = record(&metrics::TIME_PER_OP, blocks::positive(&times, looks).or(zero(&samples)), of_blocks);
    let time = time.map(|time| Record { note: note(lane, count), ..time });
    let spread = stats::spread(&samples).filter(|_| samples.len() > 1);
    let spread = record(&metrics::SPREAD, spread, samples.len());
    let share = (lane.taken > 0).then(|| Estimate::exact(f64::from(lane.disturbed) / f64::from(lane.taken)));
    let disturbed = record(&metrics::DISTURBED, share, lane.taken as usize);
    let others = metrics::ALL.iter().filter_map(|metric| of_metric(metric, lane, looks));
    let own = [time, spread, two_modes(lane, &samples), disturbed];
    own.into_iter().flatten().chain(others).collect()
}

/// What took no time at all has no logarithm.
fn zero(samples: &[f64]) -> Option<Estimate> {
    (!samples.is_empty()).then(|| Estimate::exact(0.0))
}

/// What is to be known of the engine in this workload, and in how many blocks it was measured if not in all.
fn note(lane: &Lane, count: usize) -> String {
    let blocks = lane.block_count();
    let left = (1 < blocks && blocks < count).then(|| format!("{blocks} of {count} blocks"));
    let remark = (!lane.remark.is_empty()).then(|| lane.remark.to_owned());
    remark.into_iter().chain(left).collect::<Vec<_>>().join("; ")
}

fn two_modes(lane: &Lane, samples: &[f64]) -> Option<Record> {
    let found = modes(samples)?;
    let median = stats::median(samples)?.clamp(found.low, found.high);
    let estimate = Estimate { median, low: found.low, high: found.high };
    let note = format!("{:.0} % of samples around the lower", found.share_of_low * 100.0);
    Some(Record { note, ..lane.subject.record(&metrics::MODES, estimate, samples.len()) })
}

/// For each block what its samples give.
fn by_block(lane: &Lane, of: impl Fn(&Sample) -> Vec<f64>) -> Vec<Vec<f64>> {
    let blocks = lane.blocks.iter().map(|block| block.iter().flat_map(&of).collect::<Vec<f64>>());
    blocks.filter(|block| !block.is_empty()).collect()
}

/// What the samples say of a metric that does not come from the rounds.
fn of_metric(metric: &'static Metric, lane: &Lane, looks: Looks) -> Option<Record> {
    let values = |series: Series| by_block(lane, |sample| sample.watch.values(series).to_vec());
    match metric.source {
        Source::Rounds => None,
        Source::Counter(_) => {
            let counts = by_block(lane, |sample| sample.count(metric).into_iter().collect());
            Some(lane.subject.record(metric, blocks::counts(&counts, looks)?, counts.len()))
        }
        Source::Quantile { of, q, fewest } => {
            let blocks = values(of);
            let count = blocks.iter().map(Vec::len).sum();
            let estimate = blocks::pooled_quantile(&blocks, q, looks).filter(|_| count >= fewest)?;
            Some(lane.subject.record(metric, estimate, count))
        }
        Source::Range { of } => {
            let all = values(of).concat();
            let quantile = |q| stats::quantile(&all, q);
            let estimate = Estimate { median: quantile(0.5)?, low: quantile(0.0)?, high: quantile(1.0)? };
            Some(lane.subject.record(metric, estimate, all.len()))
        }
    }
}

/// Every engine against the fastest that works in parallel.
fn relative(comparison: &Comparison<'_>) -> Vec<Record> {
    let Some(fastest) = comparison.reference() else { return Vec::new() };
    let name = &comparison.lanes[fastest].subject.engine;
    let against_fastest = |i: usize| {
        let (ratio, common) = comparison.ratio(i, fastest);
        comparison.lanes[i].subject.relative(ratio, common, name)
    };
    comparison.measured().map(against_fastest).collect()
}

/// The best of our pools against the best peer.
fn to_peer(comparison: &Comparison<'_>) -> Option<Record> {
    let (ours, peer) = (comparison.best(Kind::Ours)?, comparison.best(Kind::Peer)?);
    let (ratio, common) = comparison.ratio(ours, peer);
    let [ours, peer] = [ours, peer].map(|i| &comparison.lanes[i].subject);
    Some(Record { note: peer.engine.clone(), ..ours.record(&metrics::TO_PEER, ratio, common) })
}

#[cfg(test)]
pub(super) mod tests;
