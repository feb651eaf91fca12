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

use std::fmt;
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
    /// What will be measured together: for each workload and thread count the engines.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for task in &self.tasks {
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
            None => self.threads.iter().map(|threads| spec.with_threads(*threads)).collect(),
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

/// The workload and the number of threads.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} thread{}", self.task, self.threads, if self.threads == 1 { "" } else { "s" })
    }
}

/// Told how a measurement goes on.
pub trait Observer {
    /// A group begins: the how-manieth of how many.
    fn begin(&mut self, number: usize, of: usize, group: &Group);

    /// A group has ended, with these records.
    fn end(&mut self, group: &Group, records: &[Record]);
}

/// Measures one group after the other, and returns all records.
pub fn measure(groups: &[Group], pace: &Pace, observer: &mut dyn Observer) -> Vec<Record> {
    let start = Instant::now();
    let mut all = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        observer.begin(i + 1, groups.len(), group);
        // What earlier groups have not used is for the later ones.
        let share = pace.limit.map(|limit| limit.saturating_sub(start.elapsed()) / (groups.len() - i) as u32);
        let records = group::measure(group, &Pace { limit: share, ..*pace });
        observer.end(group, &records);
        all.extend(records);
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
    fn an_engine_that_says_its_threads_keeps_them() {
        assert_eq!(
            groups(&plan("rayon:3,serial", "join/fib", &[2])),
            ["join/fib 2: serial:2", "join/fib 3: rayon:3"]
        );
    }
}
