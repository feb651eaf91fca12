//! What a plain `cargo bench` measures: every workload on every engine that is worth its time.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Group, Pace, Plan};
use crate::engine::{Kind, Program, Spec};
use crate::engines;
use crate::workload::Task;
use crate::workload::program::RayonProgram;

/// The whole comparison takes at most about this long.
pub const LIMIT: Duration = Duration::from_secs(12 * 60);

/// An engine that needs so long for one repeat is measured once, unless a verdict depends on it.
const SLOW: Duration = Duration::from_millis(150);

/// A sample is as long as a block can afford: more blocks tell more than longer samples do.
const SAMPLE: Duration = Duration::from_millis(5);

/// Programs of other languages have two minutes for an answer, and jobs half a minute.
const PATIENCE: Duration = Duration::from_secs(130);

/// How thoroughly it is measured: three blocks of one sample for everybody, and more where a verdict is open.
pub fn pace() -> Pace {
    let blocks = Pace::LOOKS[0];
    let (limit, slow) = (Some(LIMIT), Some(SLOW));
    Pace { rounds: blocks, blocks, sample: SAMPLE, limit, slow, patience: PATIENCE }
}

/// The engines that are measured by default: all but those that need long for each job, and those of other languages.
pub fn engines() -> Vec<Spec> {
    let rows = engines::rows().iter().filter(|row| row.engine.kind != Kind::External);
    rows.filter(|row| !row.engine.has_slow_jobs).map(|row| Spec::new(&row.engine)).collect()
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
    tasks.retain(|task| task.about.family().name != "real" || is_built(task));
    tasks
}

/// Whether the program of a workload `real/...` is there. The benchmarks of rayon-demo take minutes, and are left to `measure`.
fn is_built(task: &Task) -> bool {
    let program = task.about.name.strip_prefix("real/").filter(|program| *program != "rayon-demo");
    program.is_some_and(RayonProgram::is_built)
}

/// What is measured together: engines of other languages where their toolchain is, and with the most threads only.
pub fn groups() -> Vec<Group> {
    let is_here = |row: &&engines::Row| row.program().is_none_or(Program::is_installed);
    let engines = engines::rows().iter().filter(is_here).map(|row| Spec::new(&row.engine)).collect();
    let crowd = 4 * num_cpus::get();
    let mut threads = thread_counts();
    threads.push(crowd);
    let mut groups = Plan { engines, tasks: tasks(), threads }.groups();
    let most = thread_counts().into_iter().max().unwrap_or(1);
    groups.retain(|group| match group.task.about.family() {
        family if group.threads == crowd => family.has_crowd,
        family => group.threads == most || !family.has_one_thread_count,
    });
    for group in &mut groups {
        if group.task.about.family().name == "load" {
            group.engines.extend(load_policies(&group.task, group.threads));
        }
        let few = group.task.about.family().has_few_jobs;
        let is_wanted = |spec: &Spec| match engines::find(spec.engine().name) {
            // The others have a row that says what they lack, which is known of these without a process.
            Some(row) if row.program().is_some() => group.threads == most && row.can_do(group.task.about),
            _ => few || !spec.engine().has_slow_jobs,
        };
        group.engines.retain(is_wanted);
    }
    groups
}

/// Of our pools what differs under load: what to do with a job that finds no place, above capacity; and which job is next.
fn load_policies(task: &Task, threads: usize) -> Vec<Spec> {
    let has_capacity = task.about.parameters.iter().any(|rule| rule.name == "at");
    let above_capacity = has_capacity && task.parameters.number("at") >= 100;
    let policies: &[&str] = if above_capacity { OVERLOAD_POLICIES } else { &[] };
    let specs = policies.iter().map(|spec| spec.parse::<Spec>().expect("the table's specs are right"));
    specs.map(|spec| spec.with_threads(threads)).collect()
}

/// A queue of 64 places holds little of what is offered above capacity.
const OVERLOAD_POLICIES: &[&str] = &[
    "bounded::capacity=64",
    "bounded::capacity=64:overflow=reject",
    "bounded::capacity=64:overflow=drop-oldest",
    "bounded::capacity=64:overflow=caller-runs",
    "bounded::overflow=shed:target=1ms:interval=10ms",
];

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
        for row in workloads::rows().iter().filter(|row| row.about.family().name != "real") {
            assert!(groups.iter().any(|group| group.task.about.name == row.about.name), "{}", row.about.name);
        }
        for row in engines::rows().iter().filter(|row| row.program().is_none_or(Program::is_installed)) {
            let able = |group: &Group| {
                row.can_do(group.task.about)
                    && group.engines.iter().any(|s| s.engine().name == row.engine.name)
            };
            assert!(groups.iter().any(able), "{}", row.engine.name);
        }
        let whole = Task::all().len() * (thread_counts().len() + 1);
        assert!(groups.len() > whole / 4 && groups.len() <= whole, "{} of {whole}", groups.len());
    }

    #[test]
    fn every_workload_with_a_headline_has_one() {
        let wanted = workloads::rows().iter().filter(|row| row.about.headline.is_some()).count();
        assert_eq!((headlines().len(), wanted > 3), (wanted, true));
    }
}
