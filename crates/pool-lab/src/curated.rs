//! The comparison that a plain `cargo bench` makes: every workload on every engine that is worth its time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::engine;
use crate::machine::Machine;
use crate::measure::{Group, Observer, Pace, Plan, measure};
use crate::report::{self, Caption, Captions, ReportError};
use crate::results::{self, Role};
use crate::spec::Spec;
use crate::workload::{About, Task, workloads};

/// The whole comparison takes at most about this long.
pub const LIMIT: Duration = Duration::from_secs(8 * 60);

/// The folder of results in the repository.
const RESULTS: &str = "results";

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

/// An engine that needs so long for one repeat is measured once.
const SLOW: Duration = Duration::from_millis(150);

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

/// Measures everything, writes the records to the folder of this machine in `root/results`, and rebuilds the reports.
/// Returns the folder's name. A run that was committed as the reference is overwritten by a reference run only.
///
/// Takes eight minutes at most on two cores. Progress goes to the observer.
///
/// # Errors
///
/// [`ReportError`] when the results cannot be written.
pub fn run_curated(root: &Path, role: Role, observer: &mut dyn Observer) -> Result<String, ReportError> {
    let machine = Machine::describe(root);
    let records =
        measure(&groups(), &Pace { limit: Some(LIMIT), slow: Some(SLOW), ..Pace::default() }, observer);
    let folder = results::save(&root.join(RESULTS), &machine, &records, role)?;
    rebuild(root)?;
    Ok(folder)
}

/// Rebuilds the reports in `root/results` from the records there, and the table in `root/README.md` where there is one.
/// Returns the files written in `results`.
///
/// # Errors
///
/// [`ReportError`] when records cannot be read or reports cannot be written.
pub fn rebuild(root: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let results = root.join(RESULTS);
    let written = report::rebuild(&results, &captions())?;
    let readme = root.join("README.md");
    if readme.is_file() {
        report::update_readme(&readme, &results, &HEADLINES)?;
    }
    Ok(written)
}

/// What reports say about workloads beyond their names.
fn captions() -> Captions {
    let caption = |about: &&About| {
        let caption = Caption { models: about.models.to_owned(), operation: about.operation.to_owned() };
        (about.name.to_owned(), caption)
    };
    workloads().iter().map(caption).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
