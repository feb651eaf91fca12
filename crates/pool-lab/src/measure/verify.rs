//! The statistics put to the test by differences that are known.
//!
//! An engine runs five times in the same blocks: as it is, as a copy, and as copies that are slowed by a known share. The
//! verdicts come about as in every other measurement. A copy that is called faster or slower is a false verdict; a slowed
//! one that is not called slower is a miss.
//!
//! A copy is slowed by spinning: after each repeat of the workload the thread that measures spins, within the measured
//! time, for that share of what the repeat took. So the measured time is longer by exactly the share. Of workloads that give
//! latencies each latency is lengthened instead.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::blocks::{Blocks, Stopped};
use super::comparison::Comparison;
use super::observer::Observer;
use crate::engine::{Kind, Spec};
use crate::engines;
use crate::metrics::latency::LATENCIES;
use crate::numbers::stats::Estimate;
use crate::numbers::verdict::Verdict;
use crate::plan::{Group, Pace, curated};
use crate::record::Record;
use crate::workload::Task;

/// By how much copies are slowed; the first is a true copy.
pub const SLOWDOWNS: [f64; 4] = [0.0, 0.03, 0.1, 0.3];

/// Every workload is measured with so many engines: more blocks of one tell more than few blocks of many.
const TURNS: usize = 1;

/// An engine of which a repeat takes longer is of no use here: it would have a few blocks only.
const SLOWEST: Duration = Duration::from_millis(100);

/// What was found of one copy.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The share by which it was slowed.
    pub slowdown: f64,
    /// Its time against the engine's.
    pub ratio: Estimate,
    /// How many blocks that comes from.
    pub blocks: usize,
    /// What that says.
    pub verdict: Verdict,
}

/// What was found of one engine in one workload.
#[derive(Clone, Debug)]
pub struct Check {
    /// The workload with its parameters.
    pub task: String,
    /// The engine.
    pub engine: String,
    /// How many threads it had.
    pub threads: usize,
    /// Whether the workload is measured by the time that it takes, and not by latencies.
    pub is_throughput: bool,
    /// In the order of [`SLOWDOWNS`].
    pub findings: Vec<Finding>,
}

/// The engines that take turns in each workload: pools that can do it, beginning with another one in each.
pub fn groups(tasks: &[Task], engines: &[Spec], threads: usize) -> Vec<Group> {
    let mut groups = Vec::new();
    for turn in 0..TURNS {
        for (i, task) in tasks.iter().enumerate() {
            let able = |spec: &&Spec| {
                let engine = spec.engine();
                let row = engines::rows().iter().find(|row| row.engine.name == engine.name);
                let is_slow = engine.has_slow_joins && task.about.family().name == "join";
                engine.kind != Kind::NoPool && !is_slow && row.is_some_and(|row| row.can_do(task.about))
            };
            let able: Vec<&Spec> = engines.iter().filter(able).collect();
            if turn < able.len() {
                let spec = able[(i + turn) % able.len()].with_threads(threads);
                let engines = vec![spec; SLOWDOWNS.len() + 1];
                groups.push(Group { task: task.clone(), threads, engines });
            }
        }
    }
    groups
}

/// Checks each group in its share of the time, and tells what was found. Ends early when `is_stopped` says so. Groups whose
/// engine fails, cannot do it, or needs long for a repeat are left out.
pub fn verify(
    groups: &[Group],
    budget: Duration,
    is_stopped: &dyn Fn() -> bool,
    found: &mut dyn FnMut(&Check),
) -> Vec<Check> {
    let end = Instant::now() + budget;
    let mut checks = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        let share = end.saturating_duration_since(Instant::now()) / (groups.len() - i) as u32;
        match check(group, Instant::now() + share, &Asked(is_stopped)) {
            Err(Stopped) => break,
            Ok(None) => {}
            Ok(Some(check)) => {
                found(&check);
                checks.push(check);
            }
        }
    }
    checks
}

/// An observer that is asked whether to go on, and told nothing.
struct Asked<'a>(&'a dyn Fn() -> bool);

impl Observer for Asked<'_> {
    fn begin(&mut self, _: usize, _: usize, _: &Group) {}

    fn end(&mut self, _: &Group, _: &[Record]) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn is_stopped(&self) -> bool {
        (self.0)()
    }
}

fn check(group: &Group, deadline: Instant, observer: &Asked) -> Result<Option<Check>, Stopped> {
    let pace = Pace { slow: Some(SLOWEST), ..curated::pace() };
    let mut run = Blocks::new(group);
    run.lanes.iter_mut().skip(1).zip(SLOWDOWNS).for_each(|(lane, slowdown)| lane.slowdown = slowdown);
    let all: Vec<usize> = (0..run.lanes.len()).collect();
    for look in Pace::LOOKS {
        while run.count < look && (run.count < Pace::LOOKS[0] || Instant::now() < deadline) {
            run.block(&all, &pace, observer)?;
            if run.lanes.iter().any(|lane| lane.failure.is_some() || lane.is_slow) {
                return Ok(None);
            }
        }
        let comparison = Comparison::new(&run.lanes, pace.looks());
        if !all[1..].iter().any(|i| comparison.verdict(*i, 0).is_open()) || Instant::now() >= deadline {
            break;
        }
    }
    Ok(conclude(group, &Comparison::new(&run.lanes, pace.looks())))
}

fn conclude(group: &Group, comparison: &Comparison<'_>) -> Option<Check> {
    let engine = comparison.lanes.first()?;
    let finding = |(i, slowdown): (usize, f64)| {
        let (ratio, blocks) = comparison.ratio(i, 0);
        Finding { slowdown, ratio, blocks, verdict: Verdict::of(ratio, blocks) }
    };
    let mut samples = engine.blocks.iter().flatten();
    Some(Check {
        task: group.task.to_string(),
        engine: engine.subject.engine.clone(),
        threads: group.threads,
        is_throughput: samples.all(|sample| sample.watch.values(LATENCIES).is_empty()),
        findings: (1..).zip(SLOWDOWNS).map(finding).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::tests::lane;

    #[test]
    fn every_workload_has_engines_that_can_do_it_and_they_take_turns() {
        let engines = Spec::parse_list("serial,stealing,rayon,threadpool").unwrap();
        let groups = groups(&Task::parse_list("join/fib,spawn/external").unwrap(), &engines, 2);
        let found: Vec<String> =
            groups.iter().map(|group| format!("{} {}", group.task, group.engines[0])).collect();
        assert_eq!(found, ["join/fib stealing:2", "spawn/external rayon:2"]);
        assert_eq!(groups[0].engines.len(), 5);
    }

    #[test]
    fn copies_are_judged_by_what_was_injected() {
        let base = [10.0, 12.0, 11.0, 10.5, 11.5, 10.2];
        let slowed = |share: f64| lane("rayon", &base.map(|time| time * (1.0 + share)));
        let lanes = [lane("rayon", &base), slowed(0.0), slowed(0.03), slowed(0.1), slowed(0.3)];
        let engines = vec!["rayon:2".parse::<Spec>().unwrap(); 5];
        let group = Group { task: "spawn/external".parse().unwrap(), threads: 2, engines };
        let check = conclude(&group, &Comparison::new(&lanes, curated::pace().looks())).unwrap();
        let verdicts: Vec<Verdict> = check.findings.iter().map(|finding| finding.verdict).collect();
        assert_eq!(verdicts, [Verdict::Equal, Verdict::Equal, Verdict::Slower, Verdict::Slower]);
        assert!(check.is_throughput && check.findings.iter().all(|finding| finding.blocks == 6));
    }

    #[test]
    fn a_check_measures_and_a_stop_ends_it() {
        let group =
            groups(&Task::parse_list("join/fib:n=5").unwrap(), &Spec::parse_list("rayon").unwrap(), 1);
        let mut told = 0;
        let checks = verify(&group, Duration::ZERO, &|| false, &mut |_| told += 1);
        assert_eq!((checks.len(), told, checks[0].findings[0].blocks), (1, 1, Pace::LOOKS[0]));
        assert!(verify(&group, Duration::from_secs(60), &|| true, &mut |_| ()).is_empty());
    }
}
