//! Which verdicts of a group are open, and which engines more blocks would have to measure.

use super::lane::Lane;
use crate::engine::Kind;
use crate::engines;
use crate::numbers::blocks::{self, Looks};
use crate::numbers::verdict::Verdict;

/// What is known of a group.
pub(super) struct Decisions {
    /// The fastest engine that others are compared with.
    pub(super) reference: Option<usize>,
    /// Whether any verdict is open.
    pub(super) is_open: bool,
    /// Whether the best of ours is not decided against the best peer.
    pub(super) is_headline_open: bool,
    /// Those whose verdicts are open, and those that they are compared with.
    pub(super) wanted: Vec<usize>,
}

/// Decides between these engines.
pub(super) fn decide(lanes: &[Lane], looks: Looks) -> Decisions {
    let reference = reference(lanes);
    let (ours, peer) = (best(lanes, Kind::Ours), best(lanes, Kind::Peer));
    let pair = ours.zip(peer);
    let is_headline_open =
        pair.is_some_and(|(ours, peer)| verdict(&lanes[ours], &lanes[peer], looks).is_open());
    let is_open = |i: &usize| {
        let lane = &lanes[*i];
        // What was measured once is far behind, or the best of its side and compared below.
        let takes_part = is_measured(lane) && lane.block_count() > 1 && Some(*i) != reference;
        takes_part && reference.is_some_and(|best| verdict(lane, &lanes[best], looks).is_open())
    };
    let mut wanted: Vec<usize> = (0..lanes.len()).filter(is_open).collect();
    let sides = is_headline_open.then_some(pair).flatten();
    wanted.extend(sides.into_iter().flat_map(|(ours, peer)| [ours, peer]));
    let is_open = !wanted.is_empty();
    wanted.extend(reference.filter(|_| is_open));
    wanted.sort_unstable();
    wanted.dedup();
    Decisions { reference, is_open, is_headline_open, wanted }
}

/// What is known of one engine against another.
pub(super) fn verdict(a: &Lane, b: &Lane, looks: Looks) -> Verdict {
    let common = a.blocks.iter().zip(&b.blocks).filter(|(a, b)| !a.is_empty() && !b.is_empty()).count();
    match blocks::ratio(&a.times(), &b.times(), looks) {
        Some(ratio) => Verdict::of(ratio, common),
        None => Verdict::Single,
    }
}

fn is_measured(lane: &Lane) -> bool {
    lane.failure.is_none() && lane.block_count() > 0
}

/// The fastest of those that others may be compared with. What was measured once may have been lucky, and is none where
/// there are others.
fn reference(lanes: &[Lane]) -> Option<usize> {
    let able = |i: &usize| is_measured(&lanes[*i]) && lanes[*i].is_reference;
    let fastest = |i: &usize, j: &usize| lanes[*i].typical().total_cmp(&lanes[*j].typical());
    let all = || (0..lanes.len()).filter(able);
    all().filter(|i| lanes[*i].block_count() > 1).min_by(fastest).or(all().min_by(fastest))
}

/// The fastest engine of a kind.
pub(super) fn best(lanes: &[Lane], kind: Kind) -> Option<usize> {
    let able = |i: &usize| is_measured(&lanes[*i]) && engines::kind_of(&lanes[*i].subject.engine) == kind;
    (0..lanes.len()).filter(able).min_by(|i, j| lanes[*i].typical().total_cmp(&lanes[*j].typical()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::tests::lane;

    fn of(lanes: &[Lane]) -> (bool, bool, Vec<usize>) {
        let found = decide(lanes, Looks(5));
        (found.is_open, found.is_headline_open, found.wanted)
    }

    #[test]
    fn clearly_slower_engines_need_no_more_blocks() {
        let lanes = [
            lane("stealing", &[10.0, 10.1, 9.9, 10.0]),
            lane("rayon", &[40.0, 41.0, 39.0, 40.0]),
            lane("mpsc", &[12.0, 9.0, 15.0, 8.5]),
            lane("serial", &[1.0, 1.0, 1.0, 1.0]),
        ];
        assert_eq!(of(&lanes), (true, false, vec![0, 2]));
    }

    #[test]
    fn the_best_of_each_side_are_wanted_where_they_are_open_and_nothing_where_all_is_decided() {
        let open = [lane("stealing", &[10.0, 14.0, 9.0, 12.0]), lane("rayon", &[12.0, 10.0, 13.0, 9.5])];
        assert_eq!(of(&open), (true, true, vec![0, 1]));
        let equal = [lane("stealing", &[10.0; 4]), lane("rayon", &[10.1; 4])];
        assert_eq!(of(&equal), (false, false, vec![]));
    }

    #[test]
    fn the_best_of_a_side_is_measured_more_than_once() {
        let lanes = [lane("stealing", &[10.0; 4]), lane("rayon", &[90.0]), lane("tokio", &[95.0])];
        assert_eq!(of(&lanes), (true, true, vec![0, 1]));
    }
}
