//! Which verdicts of a group are open, and what to measure next for one of them.

use std::time::Duration;

use super::comparison::{Comparison, common};
use super::lane::Lane;
use crate::engine::Kind;
use crate::plan::Pace;

/// What a measurement is for, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// The verdict between our best and the best peer: the question that most readers have.
    Headline,
    /// How much an engine differs from itself.
    Noise,
    /// The verdicts of engines against the fastest.
    Fastest,
}

/// What to measure next in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) purpose: Purpose,
    /// Which engines.
    pub(super) lanes: Vec<usize>,
    /// For so many blocks, until it is looked at again.
    pub(super) blocks: usize,
    /// How long that will take, about.
    pub(super) cost: Duration,
}

/// The noise of a workload is worth no more.
const MOST_FOR_NOISE: Duration = Duration::from_secs(2);

/// The noise is known well enough after so many blocks.
const BLOCKS_FOR_NOISE: usize = Pace::LOOKS[2];

/// The next step of a group, if there is any. `twin`: the engine that runs twice, and the blocks that both have.
pub(super) fn next(comparison: &Comparison<'_>, twin: Option<(usize, usize)>) -> Option<Step> {
    headline(comparison).or_else(|| noise(comparison, twin)).or_else(|| undecided(comparison))
}

fn headline(comparison: &Comparison<'_>) -> Option<Step> {
    let (ours, peer) = (comparison.best(Kind::Ours)?, comparison.best(Kind::Peer)?);
    let lanes = comparison.lanes;
    let shared = common(&lanes[ours], &lanes[peer]);
    let look = look_after(shared).filter(|_| comparison.verdict(ours, peer).is_open())?;
    Some(Step::new(Purpose::Headline, lanes, vec![ours.min(peer), ours.max(peer)], look - shared))
}

fn noise(comparison: &Comparison<'_>, twin: Option<(usize, usize)>) -> Option<Step> {
    let (of, shared) = twin.filter(|(_, shared)| *shared < BLOCKS_FOR_NOISE)?;
    let mut step = Step::new(Purpose::Noise, comparison.lanes, vec![of], look_after(shared)? - shared);
    step.cost *= 2;
    Some(step).filter(|step| step.cost <= MOST_FOR_NOISE)
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
    Some(Step::new(Purpose::Fastest, lanes, wanted, look - fewest))
}

impl Step {
    fn new(purpose: Purpose, all: &[Lane], lanes: Vec<usize>, blocks: usize) -> Self {
        let block: Duration = lanes.iter().map(|i| all[*i].cost).sum();
        Step { purpose, lanes, blocks, cost: block * blocks as u32 }
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

    fn of(lanes: &[Lane]) -> Option<(Purpose, Vec<usize>, usize)> {
        with_twin(lanes, None)
    }

    fn with_twin(lanes: &[Lane], twin: Option<(usize, usize)>) -> Option<(Purpose, Vec<usize>, usize)> {
        let found = next(&Comparison::new(lanes, Looks(4)), twin)?;
        Some((found.purpose, found.lanes, found.blocks))
    }

    #[test]
    fn the_noise_is_measured_for_a_while_unless_that_takes_long() {
        let mut lanes = [lane("stealing", &[10.0; 4]), lane("rayon", &[10.1; 4])];
        assert_eq!(with_twin(&lanes, Some((1, 3))), Some((Purpose::Noise, vec![1], 5)));
        assert_eq!(with_twin(&lanes, Some((1, 20))), None);
        lanes[1].cost = Duration::from_secs(1);
        assert_eq!(with_twin(&lanes, Some((1, 3))), None);
    }

    #[test]
    fn clearly_slower_engines_need_no_more_blocks() {
        let lanes = [
            lane("stealing", &[10.0, 10.1, 9.9, 10.0]),
            lane("rayon", &[40.0, 41.0, 39.0, 40.0]),
            lane("mpsc", &[12.0, 9.0, 15.0, 8.5]),
            lane("serial", &[1.0, 1.0, 1.0, 1.0]),
        ];
        assert_eq!(of(&lanes), Some((Purpose::Fastest, vec![0, 2], 4)));
    }

    #[test]
    fn the_best_of_each_side_come_first_where_they_are_open_and_nothing_does_where_all_is_decided() {
        let open = [
            lane("mpsc", &[12.0, 14.5, 9.0, 12.0]),
            lane("rayon", &[12.0, 10.0, 13.0, 9.5]),
            lane("stealing", &[10.0, 14.0, 9.0, 12.0]),
        ];
        assert_eq!(of(&open), Some((Purpose::Headline, vec![1, 2], 4)));
        let equal = [lane("stealing", &[10.0; 4]), lane("rayon", &[10.1; 4])];
        assert_eq!(of(&equal), None);
    }

    #[test]
    fn the_best_of_a_side_is_measured_more_than_once() {
        let lanes = [lane("stealing", &[10.0; 4]), lane("rayon", &[90.0]), lane("tokio", &[95.0])];
        assert_eq!(of(&lanes), Some((Purpose::Headline, vec![0, 1], 2)));
    }

    #[test]
    fn after_the_last_look_a_verdict_stays_open() {
        let wild = |shift: usize| (0..60).map(|i| [5.0, 30.0][(i + shift) % 2]).collect::<Vec<f64>>();
        assert_eq!(of(&[lane("stealing", &wild(0)), lane("rayon", &wild(1))]), None);
    }
}
