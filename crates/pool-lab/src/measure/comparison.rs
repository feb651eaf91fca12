//! The engines of a group against each other.

use super::lane::Lane;
use crate::engine::Kind;
use crate::engines;
use crate::numbers::blocks::{self, Looks};
use crate::numbers::prior::Prior;
use crate::numbers::stats::{self, Estimate};
use crate::numbers::verdict::Verdict;

/// How often block and engine are fitted to each other; a few times are enough.
const FITS: usize = 10;

/// What the blocks of a group say so far.
pub(super) struct Comparison<'l> {
    pub(super) lanes: &'l [Lane],
    looks: Looks,
    /// The logarithm of each engine's typical time; infinite without any.
    levels: Vec<f64>,
    /// What is expected of the variance of a ratio.
    prior: Prior,
}

impl<'l> Comparison<'l> {
    pub(super) fn new(lanes: &'l [Lane], looks: Looks) -> Self {
        let mut found = Comparison { lanes, looks, levels: levels(lanes), prior: Prior::NONE };
        if let Some(reference) = found.reference() {
            let reference = lanes[reference].times();
            let variances = found.measured().map(|i| blocks::log_variance(&lanes[i].times(), &reference));
            found.prior = Prior::of(&variances.flatten().collect::<Vec<_>>());
        }
        found
    }

    /// Those that have a time.
    pub(super) fn measured(&self) -> impl Iterator<Item = usize> + use<'l> {
        let lanes = self.lanes;
        (0..lanes.len()).filter(move |i| is_measured(&lanes[*i]))
    }

    /// The fastest of those that others may be compared with. What was measured once may have been lucky, and is none where
    /// there are others.
    pub(super) fn reference(&self) -> Option<usize> {
        let able = || self.measured().filter(|i| self.lanes[*i].is_reference);
        let more_than_once = able().filter(|i| self.lanes[*i].block_count() > 1);
        self.fastest(more_than_once).or_else(|| self.fastest(able()))
    }

    /// The fastest engine of a side.
    pub(super) fn best(&self, side: Kind) -> Option<usize> {
        let kind_of = |i: &usize| engines::kind_of(&self.lanes[*i].subject.engine);
        self.fastest(self.measured().filter(|i| kind_of(i).side() == side))
    }

    /// The ratio of two engines over the blocks that both have, and how many these are; of their typical times where they have none
    /// in common.
    pub(super) fn ratio(&self, a: usize, b: usize) -> (Estimate, usize) {
        self.ratio_of(&self.lanes[a], &self.lanes[b])
            .unwrap_or_else(|| (Estimate::exact((self.levels[a] - self.levels[b]).exp()), 1))
    }

    /// The same for an engine that need not be one of the group's. `None` if they have no block in common.
    pub(super) fn ratio_of(&self, a: &Lane, b: &Lane) -> Option<(Estimate, usize)> {
        Some((blocks::ratio(&a.times(), &b.times(), self.looks, self.prior)?, common(a, b)))
    }

    pub(super) fn verdict(&self, a: usize, b: usize) -> Verdict {
        let (ratio, common) = self.ratio(a, b);
        Verdict::of(ratio, common)
    }

    /// Of these.
    pub(super) fn fastest(&self, lanes: impl Iterator<Item = usize>) -> Option<usize> {
        lanes.min_by(|i, j| self.levels[*i].total_cmp(&self.levels[*j]))
    }
}

pub(super) fn is_measured(lane: &Lane) -> bool {
    lane.failure.is_none() && lane.block_count() > 0
}

/// How many blocks both have.
pub(super) fn common(a: &Lane, b: &Lane) -> usize {
    a.blocks.iter().zip(&b.blocks).filter(|(a, b)| !a.is_empty() && !b.is_empty()).count()
}

/// The logarithm of each engine's typical time, as it would be had all taken part in the same blocks: each time is the engine's
/// times the block's, which are fitted in turns (J. W. Tukey, "Exploratory Data Analysis", 1977, "median polish").
fn levels(lanes: &[Lane]) -> Vec<f64> {
    let logs: Vec<Vec<Option<f64>>> = lanes.iter().map(log_times).collect();
    let count = logs.iter().map(Vec::len).max().unwrap_or(0);
    let mut of_blocks = vec![0.0; count];
    let mut of_engines = Vec::new();
    for _ in 0..FITS {
        let level = |logs: &Vec<Option<f64>>| {
            let known = logs.iter().zip(&of_blocks).filter_map(|(log, block)| Some((*log)? - block));
            stats::median(&known.collect::<Vec<f64>>()).unwrap_or(f64::INFINITY)
        };
        of_engines = logs.iter().map(level).collect();
        for (i, block) in of_blocks.iter_mut().enumerate() {
            let known =
                logs.iter().zip(&of_engines).filter_map(|(logs, engine)| Some((*logs.get(i)?)? - engine));
            *block = stats::median(&known.collect::<Vec<f64>>()).unwrap_or(0.0);
        }
    }
    of_engines
}

/// By block; what took no time at all counts as the shortest time there is.
fn log_times(lane: &Lane) -> Vec<Option<f64>> {
    let time = |times: &Vec<f64>| stats::median(times).map(|time| time.max(f64::MIN_POSITIVE).ln());
    lane.times().iter().map(time).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::tests::lane;

    #[test]
    fn engines_that_took_part_in_other_blocks_are_compared_as_if_in_the_same() {
        // The third and fourth block took three times as long for everybody.
        let mut late = lane("mpsc", &[9.0, 9.1]);
        late.push(2, crate::measure::sample::Sample::of_time(27.1));
        late.push(3, crate::measure::sample::Sample::of_time(27.0));
        let lanes = [lane("stealing", &[10.0, 10.0]), late, lane("rayon", &[20.0, 20.2, 60.0, 60.3])];
        let found = Comparison::new(&lanes, Looks(4));
        assert_eq!(
            (found.reference(), found.best(Kind::Ours), found.best(Kind::Peer)),
            (Some(1), Some(1), Some(2))
        );
    }

    #[test]
    fn what_has_no_block_in_common_is_compared_by_typical_times_as_one_sample() {
        let mut late = lane("mpsc", &[]);
        late.push(2, crate::measure::sample::Sample::of_time(5.0));
        let lanes = [lane("stealing", &[10.0, 10.0]), late];
        let (ratio, common) = Comparison::new(&lanes, Looks(4)).ratio(1, 0);
        assert!((ratio.median - 0.5).abs() < 1e-9 && common == 1, "{ratio:?}");
    }

    #[test]
    fn what_took_no_time_is_the_fastest() {
        let lanes = [lane("stealing", &[10.0, 10.0]), lane("mpsc", &[0.0, 0.0])];
        assert_eq!(Comparison::new(&lanes, Looks(4)).reference(), Some(1));
    }
}
