//! Measuring engines against each other, in rounds.
//!
//! Absolute times of one machine drift by tens of percent within minutes. So everything that is to be compared, one
//! workload with one thread count on several engines (a *group*), is measured in rounds: A B C A B C ... The engines
//! of a round see the same machine, and ratios are taken within rounds.
//!
//! In each group the engine that was fastest when it warmed up runs twice, under the same conditions, as two pools. How much it differs from
//! itself is the noise floor: a smaller difference between two engines is none.
//!
//! - The pools of a group are built and warmed before its first round, and stopped after its last; they sleep while
//!   others are measured.
//! - A sample repeats the workload until it takes about [`Pace::sample`]; the number of repeats is fixed before the
//!   first round.
//! - Before each sample the process comes to rest: the sample begins when all other threads sleep. Otherwise an engine
//!   would pay for what the one before it left behind.
//! - The answer of every repeat is checked. An engine that gives a wrong one, or loses a job, leaves the group, and
//!   its record says why.
//! - An engine that hangs: jobs that never end are noticed by the tally after 30 seconds, and the engine leaves the group
//!   (its threads stay behind). A hang inside the engine's own code cannot be left; when nothing has
//!   moved for five minutes, the process says which engine it was and ends. Records of earlier groups
//!   have been handed out by then.

mod group;
mod summary;
pub(crate) mod watchdog;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::record::Record;
use crate::spec::Spec;
use crate::workload::Task;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The engines. One that says its own thread count is measured with that one only.
    pub engines: Vec<Spec>,
    /// The workloads.
    pub tasks: Vec<Task>,
    /// The thread counts, for engines that do not say their own.
    pub threads: Vec<usize>,
}

/// How thoroughly to measure.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How many samples to take of each engine. Fewer than the default give no interval worth the name.
    pub rounds: usize,
    /// How long a sample should be, at least. A workload that takes longer runs once a sample.
    pub sample: Duration,
    /// An engine of which one repeat takes longer than this is measured once, and takes no part in the rounds.
    pub slow: Option<Duration>,
    /// How long everything may take, about. When time runs short, groups have fewer rounds, but no less than
    /// [`Pace::FEWEST_ROUNDS`].
    pub limit: Option<Duration>,
}

impl Pace {
    /// As few rounds as a group may have when time runs short.
    pub const FEWEST_ROUNDS: usize = 5;
}

/// Fifteen rounds of samples that are long against the clock's resolution and a time slice.
impl Default for Pace {
    fn default() -> Self {
        Pace { rounds: 15, sample: Duration::from_millis(10), slow: None, limit: None }
    }
}

impl Plan {
    /// What will be measured together: for each workload and thread count the engines. A workload or thread count that was
    /// named twice is measured once; an engine named twice is measured against itself.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for task in &self.tasks {
            if groups.iter().any(|group| group.task.to_string() == task.to_string()) {
                continue;
            }
            let first = groups.len();
            for spec in self.engines.iter().flat_map(|spec| self.with_threads(spec)) {
                let threads = spec.threads();
                match groups[first..].iter_mut().find(|group| group.threads == threads) {
                    Some(group) => group.engines.push(spec),
                    None => groups.push(Group { task: task.clone(), threads, engines: vec![spec] }),
                }
            }
            groups[first..].sort_by_key(|group| group.threads);
        }
        groups
    }

    fn with_threads(&self, spec: &Spec) -> Vec<Spec> {
        match spec.explicit_threads() {
            Some(_) => vec![spec.clone()],
            None => {
                let is_first = |(i, threads): &(usize, &usize)| !self.threads[..*i].contains(threads);
                let counts = self.threads.iter().enumerate().filter(is_first);
                counts.map(|(_, threads)| spec.with_threads(*threads)).collect()
            }
        }
    }
}

/// What is measured in the same rounds.
#[derive(Debug, Clone)]
pub struct Group {
    /// The workload.
    pub task: Task,
    /// The number of threads of every engine.
    pub threads: usize,
    /// The engines.
    pub engines: Vec<Spec>,
}

impl Group {
    /// How records name each engine: by its label, and `rayon#2` for the second `rayon`.
    pub fn labels(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let label = |spec: &Spec| {
            let label = spec.label();
            let number = seen.entry(label.clone()).or_default();
            *number += 1;
            if *number == 1 { label } else { format!("{label}#{number}") }
        };
        self.engines.iter().map(label).collect()
    }
}

/// The workload and the number of threads.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} thread{}", self.task, self.threads, if self.threads == 1 { "" } else { "s" })
    }
}

/// Told how a measurement goes on, and asked whether it should.
pub trait Observer {
    /// Something to be known before it begins.
    fn note(&mut self, _what: &str) {}

    /// A group begins: the how-manieth of how many.
    fn begin(&mut self, number: usize, of: usize, group: &Group);

    /// A group has ended, with these records. `Break` ends the measurement.
    fn end(&mut self, group: &Group, records: &[Record]) -> ControlFlow<()>;

    /// Asked between two samples: whether to leave the group, unfinished and without records, and end the measurement.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Measures one group after the other, and returns all records, those of the groups that ended if it was stopped.
pub fn measure(groups: &[Group], pace: &Pace, observer: &mut dyn Observer) -> Vec<Record> {
    let start = Instant::now();
    let mut all = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        observer.begin(i + 1, groups.len(), group);
        // What earlier groups have not used is for the later ones.
        let share = pace.limit.map(|limit| limit.saturating_sub(start.elapsed()) / (groups.len() - i) as u32);
        let is_stopped = || observer.is_stopped();
        let Some(records) = group::measure(group, &Pace { limit: share, ..*pace }, &is_stopped) else {
            break;
        };
        let outcome = observer.end(group, &records);
        all.extend(records);
        if outcome.is_break() {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(engines: &str, workloads: &str, threads: &[usize]) -> Plan {
        let (engines, tasks) = (Spec::parse_list(engines).unwrap(), Task::parse_list(workloads).unwrap());
        Plan { engines, tasks, threads: threads.to_vec() }
    }

    fn groups(plan: &Plan) -> Vec<String> {
        let show = |group: &Group| {
            let engines: Vec<String> = group.engines.iter().map(Spec::to_string).collect();
            format!("{} {}: {}", group.task, group.threads, engines.join(" "))
        };
        plan.groups().iter().map(show).collect()
    }

    #[test]
    fn a_group_is_one_workload_with_one_thread_count() {
        assert_eq!(
            groups(&plan("rayon,serial", "spawn/external,spawn/handle", &[1, 2])),
            [
                "spawn/external 1: rayon:1 serial:1",
                "spawn/external 2: rayon:2 serial:2",
                "spawn/handle 1: rayon:1 serial:1",
                "spawn/handle 2: rayon:2 serial:2",
            ]
        );
    }

    #[test]
    fn what_is_named_twice_is_measured_once_but_an_engine_against_itself() {
        let plan = plan("rayon,serial,rayon,rayon:1", "join,join/fib,join/fib", &[1, 2, 1]);
        let all = plan.groups();
        let fib: Vec<&Group> = all.iter().filter(|group| group.task.to_string() == "join/fib").collect();
        assert_eq!(fib.iter().map(|group| group.threads).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(fib[0].labels(), ["rayon", "serial", "rayon#2", "rayon#3"]);
        assert_eq!(fib[1].labels(), ["rayon", "serial", "rayon#2"]);
    }

    /// Counts the samples' ends, and stops at one of them; counts groups, and breaks after one.
    struct Stops {
        looks: std::cell::Cell<u32>,
        stop_at: u32,
        groups: u32,
        break_after: u32,
    }

    impl Observer for Stops {
        fn begin(&mut self, _: usize, _: usize, _: &Group) {}

        fn end(&mut self, _: &Group, _: &[Record]) -> ControlFlow<()> {
            self.groups += 1;
            if self.groups == self.break_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }

        fn is_stopped(&self) -> bool {
            self.looks.set(self.looks.get() + 1);
            self.looks.get() >= self.stop_at
        }
    }

    fn stops(stop_at: u32, break_after: u32) -> Stops {
        Stops { looks: 0.into(), stop_at, groups: 0, break_after }
    }

    #[test]
    fn a_measurement_stops_between_two_samples_and_keeps_the_groups_that_ended() {
        let groups = plan("serial", "join/fib:n=5,join/dyn:n=5,join/fib:n=6", &[1]).groups();
        let pace = Pace { rounds: 3, sample: Duration::from_micros(1), ..Pace::default() };
        let workloads = |observer: &mut Stops| {
            let records = measure(&groups, &pace, observer);
            let variants: std::collections::BTreeSet<String> =
                records.into_iter().map(|record| record.workload + &record.variant).collect();
            variants.into_iter().collect::<Vec<_>>()
        };
        let mut whole = stops(u32::MAX, u32::MAX);
        assert_eq!(workloads(&mut whole), ["join/dynn=5", "join/fibn=5", "join/fibn=6"]);
        // The last look is before the last sample: the third group has all but that.
        let last = whole.looks.get();
        assert_eq!(workloads(&mut stops(last, u32::MAX)), ["join/dynn=5", "join/fibn=5"]);
        assert_eq!(workloads(&mut stops(1, u32::MAX)), [""; 0]);
        assert_eq!(workloads(&mut stops(u32::MAX, 1)), ["join/fibn=5"]);
    }

    #[test]
    fn an_engine_that_says_its_threads_keeps_them() {
        assert_eq!(
            groups(&plan("rayon:3,serial", "join/fib", &[2])),
            ["join/fib 2: serial:2", "join/fib 3: rayon:3"]
        );
    }
}
