//! Engines in order over several workloads: by the geometric mean of their ratios to the best.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Kind;
use crate::engines;
use crate::numbers::stats::{self, Estimate};
use crate::report::model::{Group, Outcome, Task, places};

/// One engine's line in a ranking.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    pub(crate) engine: String,
    pub(crate) version: String,
    pub(crate) kind: Kind,
    /// `None` for what is no pool, for an engine that did only some of the workloads, and for one that failed in
    /// any: their means are over something else, so they have no place in the order.
    pub(crate) rank: Option<usize>,
    pub(crate) tied: bool,
    /// The geometric mean of the ratios to the fastest pool over the workloads that it did.
    pub(crate) mean: Option<f64>,
    /// How many workloads it did.
    pub(crate) covered: usize,
    /// In how many it was fastest, alone or tied.
    pub(crate) wins: usize,
    /// In how many it failed.
    pub(crate) failures: usize,
}

impl Standing {
    /// Whether it did, or failed in, any of the workloads.
    pub(crate) fn took_part(&self) -> bool {
        self.covered + self.failures > 0
    }
}

/// A ranking over some workloads, each at its highest thread count.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ranking {
    /// How many workloads there are.
    pub(crate) workloads: usize,
    /// Ranked engines in order, then the others by their mean, then those without any number.
    pub(crate) standings: Vec<Standing>,
}

/// Of these workloads, those that at least two thirds of the pools can do: over all of them, few pools could be ranked.
pub(crate) fn common<'m>(tasks: &[&'m Task]) -> Vec<&'m Task> {
    let pools = |task: &&'m Task| task.top().entries.iter().filter(|entry| entry.kind.takes_rank());
    let all: BTreeSet<&str> = tasks.iter().flat_map(pools).map(|entry| entry.engine.as_str()).collect();
    let able = |task: &&'m Task| {
        pools(task).filter(|entry| !matches!(entry.outcome, Outcome::Unsupported(_))).count()
    };
    tasks.iter().copied().filter(|task| able(task) * 3 >= all.len() * 2).collect()
}

/// Whether a pool of ours and a peer can do it.
fn is_contested(group: &Group) -> bool {
    let able = |side| {
        let mut of_side = group.entries.iter().filter(|entry| entry.kind.side() == side);
        of_side.any(|entry| !matches!(entry.outcome, Outcome::Unsupported(_)))
    };
    able(Kind::Ours) && able(Kind::Peer)
}

#[derive(Default)]
struct Sum {
    version: String,
    ratios: Vec<f64>,
    wins: usize,
    failures: usize,
}

/// Ranks the engines over these workloads, but for those that only pools of one side can do: what a peer cannot do makes
/// nobody the fastest, and costs nobody the rank.
pub(crate) fn rank<'m>(tasks: impl IntoIterator<Item = &'m Task>) -> Ranking {
    let all: Vec<&Group> = tasks.into_iter().map(Task::top).collect();
    let contested: Vec<&Group> = all.iter().copied().filter(|group| is_contested(group)).collect();
    let groups = if contested.is_empty() { all } else { contested };
    let mut standings: Vec<Standing> =
        sums(&groups).into_iter().map(|(engine, sum)| standing(engine, sum)).collect();
    let full = |s: &Standing| s.covered == groups.len() && s.kind.takes_rank() && s.mean.is_some();
    standings.sort_by(|a, b| {
        let mean = |s: &Standing| s.mean.unwrap_or(f64::INFINITY);
        full(b).cmp(&full(a)).then(mean(a).total_cmp(&mean(b)))
    });
    let means: Vec<f64> = standings.iter().filter(|s| full(s)).filter_map(|s| s.mean).collect();
    let noise = typical_noise(&groups).unwrap_or(Estimate::exact(1.0));
    let is_shared = |a: f64, b: f64| stats::is_tie(Estimate::exact(a / b), noise);
    for (standing, place) in standings.iter_mut().zip(places(&means, is_shared)) {
        (standing.rank, standing.tied) = (Some(place.rank), place.tied);
    }
    Ranking { workloads: groups.len(), standings }
}

fn sums<'m>(groups: &[&'m Group]) -> BTreeMap<&'m str, Sum> {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for entry in groups.iter().flat_map(|group| &group.entries) {
        let sum = sums.entry(&entry.engine).or_default();
        sum.version.clone_from(&entry.version);
        match &entry.outcome {
            Outcome::Measured(measured) => {
                sum.ratios.push(measured.ratio.median);
                sum.wins += usize::from(measured.rank == Some(1));
            }
            Outcome::Failed(_) => sum.failures += 1,
            Outcome::Unsupported(_) => {}
        }
    }
    sums
}

fn standing(engine: &str, sum: Sum) -> Standing {
    Standing {
        engine: engine.to_owned(),
        version: sum.version,
        kind: engines::kind_of(engine),
        rank: None,
        tied: false,
        covered: sum.ratios.len(),
        mean: stats::geometric_mean(sum.ratios),
        wins: sum.wins,
        failures: sum.failures,
    }
}

/// The noise that a mean over these groups is compared with: the geometric mean of their factors.
pub(crate) fn typical_noise(groups: &[&Group]) -> Option<Estimate> {
    let factors = groups.iter().filter_map(|group| group.noise).map(stats::noise_factor);
    stats::geometric_mean(factors).map(|factor| Estimate { median: 1.0, low: 1.0 / factor, high: factor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::invented::{self, Sample};
    use crate::report::model::arrange;

    fn line(standing: &Standing) -> (&str, Option<usize>, bool, usize) {
        (&standing.engine, standing.rank, standing.tied, standing.covered)
    }

    #[test]
    fn only_full_coverage_is_ranked() {
        let records = invented::records(&[
            Sample::time("join/a", "stealing", 10.0),
            Sample::time("join/a", "chili", 5.0),
            Sample::time("join/a", "rayon", 40.0),
            Sample::time("join/b", "stealing", 10.0),
            Sample::time("join/b", "rayon", 90.0),
            Sample::unsupported("join/b", "chili"),
            Sample::time("join/b", "serial", 1.0),
            Sample::time("join/a", "serial", 1.0),
        ]);
        let families = arrange(&records);
        let ranking = rank(&families[0].tasks);
        assert_eq!(ranking.workloads, 2);
        assert_eq!(
            ranking.standings.iter().map(line).collect::<Vec<_>>(),
            [
                ("stealing", Some(1), false, 2),
                ("rayon", Some(2), false, 2),
                ("serial", None, false, 2),
                ("chili", None, false, 1),
            ]
        );
        let mean = ranking.standings[1].mean.unwrap();
        assert!((mean - (8.0_f64 * 9.0).sqrt()).abs() < 1e-9, "{mean}");
        assert_eq!(ranking.standings[0].wins, 1);
        assert_eq!(ranking.standings[3].wins, 1);
    }

    #[test]
    fn common_workloads_are_those_that_most_pools_can_do() {
        let records = invented::records(&[
            Sample::time("x/a", "stealing", 1.0),
            Sample::time("x/a", "rayon", 1.0),
            Sample::unsupported("x/a", "tokio"),
            Sample::time("x/b", "stealing", 1.0),
            Sample::time("x/b", "serial", 1.0),
            Sample::unsupported("x/b", "rayon"),
            Sample::unsupported("x/b", "tokio"),
        ]);
        let families = arrange(&records);
        let tasks: Vec<&Task> = families[0].tasks.iter().collect();
        let common: Vec<&str> = common(&tasks).iter().map(|task| task.workload.as_str()).collect();
        assert_eq!(common, ["x/a"]);
    }

    #[test]
    fn what_no_peer_can_do_unranks_nobody_and_makes_nobody_the_fastest() {
        let records = invented::records(&[
            Sample::time("join/a", "stealing", 10.0),
            Sample::time("join/a", "rayon", 5.0),
            Sample::time("join/dyn", "stealing", 10.0),
            Sample::unsupported("join/dyn", "rayon"),
        ]);
        let families = arrange(&records);
        let ranking = rank(&families[0].tasks);
        assert_eq!(ranking.workloads, 1);
        assert_eq!(
            ranking.standings.iter().map(line).collect::<Vec<_>>(),
            [("rayon", Some(1), false, 1), ("stealing", Some(2), false, 1)]
        );
    }

    #[test]
    fn a_failure_costs_the_rank() {
        let records = invented::records(&[
            Sample::time("spawn/a", "mpsc", 10.0),
            Sample::time("spawn/b", "mpsc", 10.0),
            Sample::time("spawn/a", "rayon", 1.0),
            Sample::error("spawn/b", "rayon", "wrong answer"),
        ]);
        let families = arrange(&records);
        let ranking = rank(&families[0].tasks);
        assert_eq!(line(&ranking.standings[0]), ("mpsc", Some(1), false, 2));
        assert_eq!((ranking.standings[1].rank, ranking.standings[1].failures), (None, 1));
    }

    #[test]
    fn means_within_the_noise_share_a_rank() {
        let records = invented::records(&[
            Sample::time("spawn/a", "mpsc", 100.0),
            Sample::time("spawn/a", "rayon", 103.0),
            Sample::time("spawn/a", "tokio", 130.0),
            Sample::noise("spawn/a", "mpsc", 1.05),
        ]);
        let families = arrange(&records);
        let standings = rank(&families[0].tasks).standings;
        assert_eq!(
            standings.iter().map(line).collect::<Vec<_>>(),
            [("mpsc", Some(1), true, 1), ("rayon", Some(1), true, 1), ("tokio", Some(3), false, 1)]
        );
    }
}
