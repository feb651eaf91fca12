//! Which verdicts of a group are open, and what to measure next for one of them.

use std::time::Duration;

use super::comparison::{Comparison, common};
use super::lane::Lane;
use crate::engine::Kind;
use crate::numbers::stats::Estimate;
use crate::numbers::verdict::{EQUAL_WITHIN, Verdict};
use crate::plan::Pace;

/// What a measurement is for, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The first blocks, before which nothing can be expected of it, for one of the next two.
    Begun,
    /// The verdict between our best and the best peer: the question that most readers have.
    Headline,
    /// How much an engine differs from itself.
    Noise,
    /// A verdict between our best and the best peer with fewer threads than there are.
    FewerThreads,
    /// The verdicts of engines against the fastest.
    Fastest,
}

/// Noise is hardly known by an interval that reaches further than this, as a logarithm.
const WIDE: f64 = 0.3;

/// What to measure next in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    rank: Rank,
    /// How long it takes until it is decided, about.
    time: Duration,
    /// Which engines.
    pub(super) lanes: Vec<usize>,
    /// For so many blocks, until it is looked at again.
    pub(super) blocks: usize,
    /// Whether the twin takes part if its engine does. Where its turn has not come it rests: a third engine is half as much again.
    pub(super) has_twin: bool,
}

/// The next step of a group, if there is any. `twin`: the engine that runs twice, and its second lane. `has_most`: the workload is
/// measured with no more threads in another group.
pub(super) fn next(
    comparison: &Comparison<'_>,
    twin: Option<(usize, &Lane)>,
    has_most: bool,
) -> Option<Step> {
    let (mut headline, mut noise) = (headline(comparison, has_most), noise(comparison, twin));
    if let (Some(both), Some(of)) = (&mut headline, &noise)
        && has_most
        && of.rank == Rank::Begun
        && both.lanes.contains(&of.lanes[0])
    {
        (both.rank, both.time, both.has_twin) = (Rank::Begun, both.time.min(of.time), true);
        noise = None;
    }
    let steps = [headline, noise, undecided(comparison)];
    steps.into_iter().flatten().min_by_key(Step::turn)
}

fn headline(comparison: &Comparison<'_>, has_most: bool) -> Option<Step> {
    let (ours, peer) = (comparison.best(Kind::Ours)?, comparison.best(Kind::Peer)?);
    let lanes = comparison.lanes;
    let shared = common(&lanes[ours], &lanes[peer]);
    let look = look_after(shared).filter(|_| comparison.verdict(ours, peer).is_open())?;
    let rank = match has_most {
        true if shared < Pace::LOOKS[1] => Rank::Begun,
        true => Rank::Headline,
        false => Rank::FewerThreads,
    };
    let pair = vec![ours.min(peer), ours.max(peer)];
    let ratio = comparison.ratio(ours, peer).0;
    // It is decided when the interval reaches from the value to 1 no more, or to 1.05 no more.
    let apart = ratio.median.ln().abs();
    let wanted = apart.max(EQUAL_WITHIN.ln() - apart);
    let time = time_until(half_width(ratio), wanted, shared, look, cost_of(&pair, lanes));
    Some(Step::new(rank, time, pair, look - shared))
}

/// An engine has to be known to equal itself.
fn noise(comparison: &Comparison<'_>, twin: Option<(usize, &Lane)>) -> Option<Step> {
    let (of, twin) = twin?;
    let lanes = comparison.lanes;
    let found = comparison.ratio_of(&lanes[of], twin);
    let shared = found.map_or(0, |(_, shared)| shared);
    let ratio = found.map_or(Estimate::exact(1.0), |(ratio, _)| ratio);
    let is_known = shared >= Pace::LOOKS[0] && Verdict::of(ratio, shared) == Verdict::Equal;
    let look = look_after(shared).filter(|_| !is_known)?;
    let half = half_width(ratio);
    let has_begun = shared < Pace::LOOKS[1] || half > WIDE;
    let rank = if has_begun { Rank::Begun } else { Rank::Noise };
    let time = time_until(half, EQUAL_WITHIN.ln(), shared, look, lanes[of].cost * 2);
    Some(Step { has_twin: true, ..Step::new(rank, time, vec![of], look - shared) })
}

fn half_width(ratio: Estimate) -> f64 {
    (ratio.high / ratio.low).ln() / 2.0
}

/// An interval narrows with the root of the number of blocks.
fn time_until(half: f64, wanted: f64, shared: usize, look: usize, block: Duration) -> Duration {
    let needed = shared as f64 * (half / wanted).powi(2) - shared as f64;
    let most = Pace::LOOKS[Pace::LOOKS.len() - 1];
    block.mul_f64(needed.max((look - shared) as f64).min(most as f64))
}

/// Engines that are not decided against the fastest, those first that have the fewest blocks.
fn undecided(comparison: &Comparison<'_>) -> Option<Step> {
    let reference = comparison.reference()?;
    let lanes = comparison.lanes;
    // What was measured once is far behind, or the best of its side, of which the headline takes care.
    let takes_part = |i: &usize| *i != reference && lanes[*i].block_count() > 1;
    let open =
        comparison.measured().filter(takes_part).filter(|i| comparison.verdict(*i, reference).is_open());
    let open: Vec<(usize, usize)> = open.map(|i| (i, common(&lanes[i], &lanes[reference]))).collect();
    let fewest = open.iter().map(|(_, shared)| *shared).min()?;
    let look = look_after(fewest)?;
    let behind = open.iter().filter(|(_, shared)| *shared < look).map(|(i, _)| *i);
    let mut wanted: Vec<usize> = behind.chain([reference]).collect();
    wanted.sort_unstable();
    let blocks = look - fewest;
    Some(Step::new(Rank::Fastest, cost_of(&wanted, lanes) * blocks as u32, wanted, blocks))
}

/// What a block of these takes.
fn cost_of(lanes: &[usize], all: &[Lane]) -> Duration {
    lanes.iter().map(|i| all[*i].cost).sum()
}

impl Step {
    fn new(rank: Rank, time: Duration, lanes: Vec<usize>, blocks: usize) -> Self {
        Step { rank, time, lanes, blocks, has_twin: false }
    }

    /// The smallest has its turn first.
    pub(super) fn turn(&self) -> (Rank, Duration) {
        (self.rank, self.time)
    }
}

fn look_after(blocks: usize) -> Option<usize> {
    Pace::LOOKS.into_iter().find(|look| *look > blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::tests::lane;
    use crate::numbers::blocks::Looks;

    fn of(lanes: &[Lane]) -> Option<(Rank, Vec<usize>, usize)> {
        with_twin(lanes, None)
    }

    fn step(lanes: &[Lane], twin: Option<(usize, &Lane)>, has_most: bool) -> Option<Step> {
        next(&Comparison::new(lanes, Looks(5)), twin, has_most)
    }

    fn with_twin(lanes: &[Lane], twin: Option<(usize, &Lane)>) -> Option<(Rank, Vec<usize>, usize)> {
        let found = step(lanes, twin, true)?;
        Some((found.rank, found.lanes, found.blocks))
    }

    #[test]
    fn the_noise_is_measured_until_an_engine_equals_itself() {
        let lanes = [lane("stealing", &[10.0; 9]), lane("rayon", &[10.1; 9])];
        let twin = lane("rayon", &[11.5, 9.1, 10.0, 11.0, 9.0, 11.2, 9.2, 10.9]);
        assert_eq!(with_twin(&lanes, Some((1, &twin))), Some((Rank::Noise, vec![1], 12)));
        // So wide an interval says next to nothing.
        let wild = lane("rayon", &[20.0, 5.0, 9.0, 15.0, 6.0, 19.0, 5.5, 12.0]);
        assert_eq!(with_twin(&lanes, Some((1, &wild))), Some((Rank::Begun, vec![1], 12)));
        assert_eq!(with_twin(&lanes, Some((1, &lane("rayon", &[10.1; 8])))), None);
        // Two blocks that are alike may be so by chance.
        assert_eq!(with_twin(&lanes, Some((1, &lane("rayon", &[10.1; 2])))), Some((Rank::Begun, vec![1], 1)));
        assert_eq!(with_twin(&lanes, Some((1, &lane("rayon", &[])))), Some((Rank::Begun, vec![1], 3)));
    }

    #[test]
    fn a_block_of_the_headline_serves_the_noise_of_its_engines_and_not_that_of_others() {
        let mut lanes = [
            lane("stealing", &[10.0, 14.0, 9.0, 12.0]),
            lane("rayon", &[12.0, 10.0, 13.0, 9.5]),
            lane("mpsc", &[40.0, 41.0, 39.0, 40.0]),
        ];
        lanes.iter_mut().for_each(|lane| lane.cost = Duration::from_millis(10));
        let twin = lane("rayon", &[9.0, 13.0, 10.0]);
        assert_eq!(with_twin(&lanes, Some((1, &twin))), Some((Rank::Begun, vec![0, 1], 4)));
        assert!(step(&lanes, Some((1, &twin)), true).unwrap().has_twin);
        // Where the verdict is worth less, the noise goes by itself.
        assert_eq!(step(&lanes, Some((1, &twin)), false).unwrap().lanes, [1]);
        // A twin that is known to equal its engine rests.
        let known = lane("rayon", &[12.0, 10.0, 13.0, 9.5]);
        let alone = step(&lanes, Some((1, &known)), true).unwrap();
        assert_eq!((alone.lanes.as_slice(), alone.has_twin), ([0, 1].as_slice(), false));
        // By itself the noise takes less time, and it comes first.
        assert_eq!(with_twin(&lanes, Some((2, &lane("mpsc", &[41.0])))), Some((Rank::Begun, vec![2], 2)));
    }

    #[test]
    fn what_is_decided_sooner_comes_first_and_a_headline_with_fewer_threads_later() {
        let near = |ratio: f64| {
            let of = |by: f64| [9.0, 11.0, 10.0, 10.5, 9.5, 10.0, 9.8, 10.3].map(|time| time * by);
            let mut wild = of(ratio);
            wild.iter_mut().step_by(2).for_each(|time| *time *= 1.2);
            let mut lanes = [lane("stealing", &of(1.0)), lane("rayon", &wild)];
            lanes.iter_mut().for_each(|lane| lane.cost = Duration::from_millis(10));
            lanes
        };
        let (nearer, clearer) =
            (step(&near(0.94), None, true).unwrap(), step(&near(1.02), None, true).unwrap());
        assert!(clearer.turn() < nearer.turn(), "{clearer:?} {nearer:?}");
        let fewer = step(&near(1.02), None, false).unwrap();
        assert_eq!((fewer.rank, fewer.blocks), (Rank::FewerThreads, 12));
    }

    #[test]
    fn clearly_slower_engines_need_no_more_blocks() {
        let lanes = [
            lane("stealing", &[10.0, 10.1, 9.9, 10.0]),
            lane("rayon", &[40.0, 41.0, 39.0, 40.0]),
            lane("mpsc", &[12.0, 9.0, 15.0, 8.5]),
            lane("serial", &[1.0, 1.0, 1.0, 1.0]),
        ];
        assert_eq!(of(&lanes), Some((Rank::Fastest, vec![0, 2], 4)));
    }

    #[test]
    fn the_best_of_each_side_come_first_where_they_are_open_and_nothing_does_where_all_is_decided() {
        let open = [
            lane("mpsc", &[12.0, 14.5, 9.0, 12.0]),
            lane("rayon", &[12.0, 10.0, 13.0, 9.5]),
            lane("stealing", &[10.0, 14.0, 9.0, 12.0]),
        ];
        assert_eq!(of(&open), Some((Rank::Begun, vec![1, 2], 4)));
        let equal = [lane("stealing", &[10.0; 4]), lane("rayon", &[10.1; 4])];
        assert_eq!(of(&equal), None);
    }

    #[test]
    fn the_best_of_a_side_is_measured_more_than_once() {
        let lanes = [lane("stealing", &[10.0; 4]), lane("rayon", &[90.0]), lane("tokio", &[95.0])];
        assert_eq!(of(&lanes), Some((Rank::Begun, vec![0, 1], 2)));
    }

    #[test]
    fn after_the_last_look_a_verdict_stays_open() {
        let wild = |shift: usize| (0..150).map(|i| [5.0, 30.0][(i + shift) % 2]).collect::<Vec<f64>>();
        assert_eq!(of(&[lane("stealing", &wild(0)), lane("rayon", &wild(1))]), None);
    }
}
