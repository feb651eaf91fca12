//! What a plain `cargo bench` measures: every workload on every engine that is worth its time.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Group, Pace, Plan};
use crate::engine::Spec;
use crate::engines;
use crate::workload::Task;

/// The whole comparison takes at most about this long.
pub const LIMIT: Duration = Duration::from_secs(8 * 60);

/// An engine that needs so long for one repeat is measured once, unless a verdict depends on it.
const SLOW: Duration = Duration::from_millis(150);

/// A sample is as long as a block can afford: more blocks tell more than longer samples do.
const SAMPLE: Duration = Duration::from_millis(5);

/// How thoroughly it is measured: four blocks of two rounds for everybody, and more where a verdict is open.
pub fn pace() -> Pace {
    let blocks = Pace::LOOKS[0];
    Pace { rounds: 2 * blocks, blocks, sample: SAMPLE, limit: Some(LIMIT), slow: Some(SLOW) }
}

/// The engines that are measured by default: all but those that need long for each job.
pub fn engines() -> Vec<Spec> {
    let fast = engines::rows().iter().filter(|row| !row.engine.has_slow_jobs);
    fast.map(|row| Spec::new(&row.engine)).collect()
}

/// The thread counts that are measured by default: one, two, and one a core.
pub fn thread_counts() -> Vec<usize> {
    let cores = num_cpus::get();
    let counts: BTreeSet<usize> = [1, 2.min(cores), cores].into();
    counts.into_iter().collect()
}

/// The workloads that are measured by default.
pub fn tasks() -> Vec<Task> {
    let mut tasks = Task::all();
    tasks.retain(|task| !task.about.not_in_bench.contains(&task.variant().as_str()));
    tasks
}

/// What is measured together.
pub fn groups() -> Vec<Group> {
    let engines = engines::rows().iter().map(|row| Spec::new(&row.engine)).collect();
    let mut groups = Plan { engines, tasks: tasks(), threads: thread_counts() }.groups();
    let most = thread_counts().into_iter().max().unwrap_or(1);
    groups.retain(|group| group.threads == most || !group.task.about.family().has_one_thread_count);
    for group in &mut groups {
        let few = group.task.about.family().has_few_jobs;
        group.engines.retain(|spec| few || !spec.engine().has_slow_jobs);
    }
    groups
}

/// The workloads that say most about a pool in the least time.
pub fn headlines() -> Vec<Task> {
    let is_headline = |task: &Task| task.about.headline == Some(&task.variant());
    Task::all().into_iter().filter(is_headline).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads;

    #[test]
    fn every_workload_and_every_engine_has_its_place() {
        let groups = groups();
        for row in workloads::rows() {
            assert!(groups.iter().any(|group| group.task.about.name == row.about.name), "{}", row.about.name);
        }
        for row in engines::rows() {
            let able = |group: &Group| {
                row.can_do(group.task.about)
                    && group.engines.iter().any(|s| s.engine().name == row.engine.name)
            };
            assert!(groups.iter().any(able), "{}", row.engine.name);
        }
        let whole = Task::all().len() * thread_counts().len();
        assert!(groups.len() > whole / 2 && groups.len() <= whole, "{} of {whole}", groups.len());
    }

    #[test]
    fn every_workload_with_a_headline_has_one() {
        let wanted = workloads::rows().iter().filter(|row| row.about.headline.is_some()).count();
        assert_eq!((headlines().len(), wanted > 3), (wanted, true));
    }
}
