//! What is measured together, and how thoroughly.

pub mod curated;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::engine::Spec;
use crate::numbers::blocks::Looks;
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
    /// How many samples to take of each engine at first.
    pub rounds: usize,
    /// Over how many blocks they spread, each with pools of its own. Of one block nothing is known but its time.
    pub blocks: usize,
    /// How long a sample should be, at least. A workload that takes longer runs once a sample.
    pub sample: Duration,
    /// An engine of which one repeat takes longer than this has one sample a block; and one block, unless it is the best of ours
    /// or of the peers.
    pub slow: Option<Duration>,
    /// How long everything may take, about. With a limit engines whose verdicts are open have further blocks until it is
    /// reached; without one each group has its blocks, and no more.
    pub limit: Option<Duration>,
    /// An engine that has not come back from its own code for so long hangs. Building it, a sample, and stopping it each take
    /// less.
    pub patience: Duration,
}

impl Pace {
    /// With a limit the verdict between two engines is looked at after so many blocks that both have, and they have no more when
    /// it is not open.
    pub const LOOKS: [usize; 5] = [3, 8, 20, 60, 150];

    /// How many blocks a group has at first.
    pub fn first_blocks(&self) -> usize {
        self.blocks.min(self.rounds).max(1)
    }

    /// How many samples a block has of each engine.
    pub fn rounds_a_block(&self) -> usize {
        self.rounds.div_ceil(self.first_blocks())
    }

    /// How often a group may look at its verdicts.
    pub fn looks(&self) -> Looks {
        if self.limit.is_some() { Looks(Self::LOOKS.len()) } else { Looks::ONE }
    }
}

/// Fifteen rounds in five blocks, of samples that are long against the clock's resolution and a time slice.
impl Default for Pace {
    fn default() -> Self {
        Pace {
            rounds: 15,
            blocks: 5,
            sample: Duration::from_millis(10),
            slow: None,
            limit: None,
            patience: Duration::from_secs(300),
        }
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

    #[test]
    fn an_engine_that_says_its_threads_keeps_them() {
        assert_eq!(
            groups(&plan("rayon:3,serial", "join/fib", &[2])),
            ["join/fib 2: serial:2", "join/fib 3: rayon:3"]
        );
    }
}
