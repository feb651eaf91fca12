//! What a plain `cargo bench` measures: every workload on every engine that is worth its time.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Group, Pace, Plan};
use crate::engine;
use crate::spec::Spec;
use crate::workload::Task;

/// The whole comparison takes at most about this long.
pub const LIMIT: Duration = Duration::from_secs(8 * 60);

/// An engine that needs so long for one repeat is measured once.
const SLOW: Duration = Duration::from_millis(150);

/// The workloads that say most about a pool in the least time.
pub const HEADLINES: [&str; 6] = [
    "spawn/external",
    "spawn/contended",
    "spawn/nested",
    "join/fib",
    "scope/flat:jobs=1000",
    "app/mandelbrot",
];

/// A thread for each of a hundred thousand tiny jobs takes seconds, which tells nothing new after the first time.
const ONE_THREAD_A_JOB: &str = "thread-per-job";

/// Workloads with so few jobs that each can have a thread.
const FEW_JOBS: [&str; 4] = ["latency", "io", "lifecycle", "app"];

/// Families that ask how work is shared or awaited, which one thread cannot show, or whose iterations take long for what
/// they tell: one thread count will do.
const ONE_COUNT: [&str; 5] = ["skew", "burst", "priority", "idle", "lifecycle"];

/// Tasks that take minutes. The other variants of their workloads stand for them.
const TOO_LONG: [&str; 1] = ["priority/urgent:low=50ms"];

/// How thoroughly it is measured.
pub fn pace() -> Pace {
    Pace { limit: Some(LIMIT), slow: Some(SLOW), ..Pace::default() }
}

/// The engines that are measured when nobody chooses.
pub fn engines() -> Vec<Spec> {
    engine::engines().iter().filter(|engine| engine.name != ONE_THREAD_A_JOB).map(Spec::new).collect()
}

/// The thread counts that are measured when nobody chooses: one, two, and one a core.
pub fn thread_counts() -> Vec<usize> {
    let cores = num_cpus::get();
    let counts: BTreeSet<usize> = [1, 2.min(cores), cores].into();
    counts.into_iter().collect()
}

/// What is measured together.
pub fn groups() -> Vec<Group> {
    let engines = engine::engines().iter().map(Spec::new).collect();
    let mut tasks = Task::all();
    tasks.retain(|task| !TOO_LONG.contains(&task.to_string().as_str()));
    let mut groups = Plan { engines, tasks, threads: thread_counts() }.groups();
    let most = thread_counts().into_iter().max().unwrap_or(1);
    groups.retain(|group| group.threads == most || !ONE_COUNT.contains(&group.task.about.family()));
    for group in &mut groups {
        let few = FEW_JOBS.contains(&group.task.about.family());
        group.engines.retain(|spec| few || spec.engine().name != ONE_THREAD_A_JOB);
    }
    groups
}

/// The tasks of [`HEADLINES`].
pub fn headlines() -> Vec<Task> {
    HEADLINES.iter().map(|name| name.parse().expect("headlines are in the table of workloads")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::workloads;

    #[test]
    fn every_workload_and_every_engine_has_its_place() {
        let groups = groups();
        for about in workloads() {
            assert!(groups.iter().any(|group| group.task.about.name == about.name), "{}", about.name);
        }
        for engine in engine::engines() {
            let able = |group: &Group| {
                engine.can_do(group.task.about)
                    && group.engines.iter().any(|s| s.engine().name == engine.name)
            };
            assert!(groups.iter().any(able), "{}", engine.name);
        }
        let whole = Task::all().len() * thread_counts().len();
        assert!(groups.len() > whole / 2 && groups.len() <= whole, "{} of {whole}", groups.len());
    }

    #[test]
    fn what_is_left_out_is_known() {
        for name in TOO_LONG {
            assert!(Task::all().iter().any(|task| task.to_string() == name), "{name}");
        }
        for family in ONE_COUNT {
            assert!(workloads().iter().any(|about| about.family() == family), "{family}");
        }
    }

    #[test]
    fn headlines_are_known() {
        assert_eq!(headlines().len(), HEADLINES.len());
    }
}
