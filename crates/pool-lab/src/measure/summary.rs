//! From samples to records.

use super::decide::{best, decide};
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
pub(super) fn records(lanes: &[Lane], second: Option<&Lane>, count: usize, looks: Looks) -> Vec<Record> {
    let mut records: Vec<Record> = lanes.iter().filter_map(|lane| lane.failure.clone()).collect();
    records.extend(measured(lanes).flat_map(|lane| own(lane, count, looks)));
    records.extend(relative(lanes, looks));
    records.extend(to_peer(lanes, looks));
    records.extend(second.and_then(|second| noise(lanes, second, looks)));
    records
}

fn measured(lanes: &[Lane]) -> impl Iterator<Item = &Lane> {
    lanes.iter().filter(|lane| lane.failure.is_none() && lane.block_count() > 0)
}

/// A ratio of two engines over the blocks that both have; of their typical times where they have none in common.
fn ratio(a: &Lane, b: &Lane, looks: Looks) -> (Estimate, usize) {
    let common = a.blocks.iter().zip(&b.blocks).filter(|(a, b)| !a.is_empty() && !b.is_empty()).count();
    match blocks::ratio(&a.times(), &b.times(), looks) {
        Some(ratio) => (ratio, common),
        None => (Estimate::exact(a.typical() / b.typical()), 1),
    }
}

/// An engine against itself.
fn noise(lanes: &[Lane], second: &Lane, looks: Looks) -> Option<Record> {
    let first = measured(lanes).find(|first| first.subject == second.subject)?;
    let both = second.failure.is_none() && second.block_count() > 0;
    let (ratio, common) = both.then(|| ratio(first, second, looks))?;
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
    let left = (1 < blocks && blocks < count)
        .then(|| format!("{blocks} of {count} blocks: more would not have changed the verdict"));
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
fn relative(lanes: &[Lane], looks: Looks) -> Vec<Record> {
    let Some(fastest) = decide(lanes, looks).reference.map(|i| &lanes[i]) else { return Vec::new() };
    let against_fastest = |lane: &Lane| {
        let (ratio, common) = ratio(lane, fastest, looks);
        lane.subject.relative(ratio, common, &fastest.subject.engine)
    };
    measured(lanes).map(against_fastest).collect()
}

/// The best of our pools against the best peer.
fn to_peer(lanes: &[Lane], looks: Looks) -> Option<Record> {
    let (ours, peer) = (&lanes[best(lanes, Kind::Ours)?], &lanes[best(lanes, Kind::Peer)?]);
    let (ratio, common) = ratio(ours, peer, looks);
    Some(Record {
        note: peer.subject.engine.clone(),
        ..ours.subject.record(&metrics::TO_PEER, ratio, common)
    })
}

#[cfg(test)]
pub(super) mod tests;
