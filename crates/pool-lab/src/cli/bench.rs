//! What `cargo bench` does: it measures everything, keeps the records of each group as it ends, and rebuilds the reports.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::measure::{Observer, measure};
use crate::plan::curated;
use crate::plan::{Group, Pace};
use crate::record::machine::Machine;
use crate::record::results::{self, Role};
use crate::record::{Earlier, Record, ResultsError, Store};
use crate::report::{self, Caption, Captions, ReportError};
use crate::system::disk;
use crate::workload::Task;
use crate::workloads;

/// The folder of results in the repository.
pub(super) const RESULTS: &str = "results";

/// How it is measured, with a table of engines.
const METHODOLOGY: &str = "crates/pool-lab/METHODOLOGY.md";

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was measured; the records are in this folder of `results`.
    Complete {
        /// The folder's name.
        folder: String,
    },
    /// The observer stopped it. It can be gone on with.
    Stopped {
        /// How many groups are complete.
        done: usize,
        /// How many there are.
        of: usize,
    },
}

/// Measures everything, writes the records to the folder of this machine in `root/results` (see [`results::folder_for`]),
/// and rebuilds the reports.
///
/// Takes about as long as [`curated::LIMIT`] says. That the results can be written is found out first. The records of each group
/// are written when it ends; when the observer stops the run the reports are made of those, and with `resume` a later run
/// goes on from there: groups that are complete are not measured again, if it is the same program on the same machine.
/// Progress goes to the observer.
///
/// # Errors
///
/// [`ReportError`] when the results cannot be written, or, with `resume`, when there is nothing to go on with.
pub fn run_curated(
    root: &Path,
    role: Role,
    resume: bool,
    observer: &mut dyn Observer,
) -> Result<Outcome, ReportError> {
    run(root, role, resume, &curated::groups(), &curated::pace(), observer)
}

/// The command that goes on with a run that was stopped, or has crashed.
pub fn resume_command(role: Role) -> &'static str {
    match role {
        Role::Own => "cargo bench -- --resume",
        Role::Reference => "POOL_LAB_ROLE=reference cargo bench -- --resume",
    }
}

fn run(
    root: &Path,
    role: Role,
    resume: bool,
    groups: &[Group],
    pace: &Pace,
    observer: &mut dyn Observer,
) -> Result<Outcome, ReportError> {
    let results = root.join(RESULTS);
    let check = |folder: &Path| disk::check_writable(folder).map_err(ResultsError::io(folder));
    check(root).and_then(|()| check(&results))?;
    let machine = Machine::describe(root);
    let name = results::folder_for(&results, &machine, role)?;
    if results.join(&name).exists() {
        check(&results.join(&name))?;
    }
    if let Some((done, of)) = results::unfinished_groups(&results, &name).filter(|_| !resume) {
        observer.note(&format!(
            "There is an unfinished run, of which {done} of {of} groups are complete. It is replaced when the first group \
             of this one has ended; --resume goes on with it."
        ));
    }
    let earlier = if resume { Earlier::Resume } else { Earlier::Remove };
    let mut store = Store::open(&results::unfinished(&results, &name), &machine, groups, pace, earlier)?;
    if resume && store.is_new() {
        store.remove_if_empty();
        return Err(ReportError::NothingToResume);
    }
    store.at_crash_resume_with(resume_command(role));
    observer.note(&format!("The records of this run will be in {RESULTS}/{name}/."));
    let left = pace.limit.map(|limit| limit.saturating_sub(store.spent()));
    if let Some(left) = left {
        observer.limit(left);
    }
    let mut saving = Saving { store: &mut store, observer, outcome: Ok(()) };
    measure(&saving.store.missing(), &Pace { limit: left, ..*pace }, &mut saving);
    saving.outcome?;
    let (done, of) = store.done();
    if done < of {
        store.remove_if_empty();
        rebuild(root)?;
        return Ok(Outcome::Stopped { done, of });
    }
    let folder = results::save(&results, store.machine(), store.records(), role)?;
    store.remove()?;
    rebuild(root)?;
    Ok(Outcome::Complete { folder })
}

/// Writes the records of each group as it ends, and tells another observer.
struct Saving<'s> {
    store: &'s mut Store,
    observer: &'s mut dyn Observer,
    outcome: Result<(), ResultsError>,
}

impl Observer for Saving<'_> {
    fn begin(&mut self, _: usize, _: usize, group: &Group) {
        let (done, of) = self.store.done();
        self.observer.begin(done + 1, of, group);
    }

    fn block(&self, done: usize, of: usize) {
        self.observer.block(done, of);
    }

    fn runs(&self, group: &Group, engine: &str) {
        self.store.runs(group, engine);
        self.observer.runs(group, engine);
    }

    fn known_failure(&self, group: &Group, engine: &str) -> Option<String> {
        self.store.known_failure(group, engine)
    }

    fn again(&mut self, group: &Group, blocks: usize) {
        self.observer.again(group, blocks);
    }

    fn end(&mut self, group: &Group, records: &[Record]) -> ControlFlow<()> {
        self.outcome = self.store.add(group, records);
        let wanted = self.observer.end(group, records);
        if self.outcome.is_ok() { wanted } else { ControlFlow::Break(()) }
    }

    fn is_stopped(&self) -> bool {
        self.observer.is_stopped()
    }
}

/// Rebuilds the reports in `root/results` from the records there, and the tables in the repository's README and METHODOLOGY
/// where there are these; or,
/// where `root` is itself a folder of records, the report of these in it. Returns the files of reports written.
///
/// # Errors
///
/// [`ReportError`] when records cannot be read or reports cannot be written.
pub fn rebuild(root: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let results = root.join(RESULTS);
    if !results.is_dir() {
        if !root.join("machine.json").is_file() {
            return Err(ResultsError::NoRun { folder: root.to_owned() }.into());
        }
        return report::rebuild_one(root, &captions());
    }
    let written = report::rebuild(&results, &captions())?;
    let readme = root.join("README.md");
    if readme.is_file() {
        let headlines: Vec<String> = curated::headlines().iter().map(Task::to_string).collect();
        report::update_readme(&readme, &results, &headlines)?;
    }
    let methodology = root.join(METHODOLOGY);
    if methodology.is_file() {
        report::update_methodology(&methodology)?;
    }
    Ok(written)
}

/// What reports say about workloads beyond their names.
fn captions() -> Captions {
    let caption = |row: &&workloads::Row| {
        let (models, operation) = (row.about.models.to_owned(), row.about.operation.to_owned());
        (row.about.name.to_owned(), Caption { models, operation })
    };
    workloads::rows().iter().map(caption).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::Spec;
    use crate::plan::Plan;
    use crate::plan::curated::LIMIT;
    use crate::system::scratch::Scratch;

    /// Stops before the sample with this number, of all.
    struct Stops {
        at: u32,
        looks: std::cell::Cell<u32>,
        begun: Vec<(usize, usize, String)>,
        notes: usize,
        limit: Option<Duration>,
    }

    impl Observer for Stops {
        fn limit(&mut self, left: Duration) {
            self.limit = Some(left);
        }

        fn note(&mut self, _: &str) {
            self.notes += 1;
        }

        fn begin(&mut self, number: usize, of: usize, group: &Group) {
            self.begun.push((number, of, group.task.to_string()));
        }

        fn end(&mut self, _: &Group, _: &[Record]) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }

        fn is_stopped(&self) -> bool {
            self.looks.set(self.looks.get() + 1);
            self.looks.get() >= self.at
        }
    }

    fn small(root: &Path, resume: bool, at: u32) -> (Result<Outcome, ReportError>, Vec<String>) {
        let tasks = Task::parse_list("join/fib:n=5,join/fib:n=6,join/fib:n=7").unwrap();
        let plan = Plan { engines: Spec::parse_list("serial").unwrap(), tasks, threads: vec![1] };
        let pace =
            Pace { rounds: 2, sample: Duration::from_micros(1), limit: Some(LIMIT), ..Pace::default() };
        let mut stops = Stops { at, looks: 0.into(), begun: Vec::new(), notes: 0, limit: None };
        let replaces = !resume
            && root.join("results").read_dir().is_ok_and(|mut folders| {
                folders.any(|folder| folder.unwrap().file_name().to_string_lossy().ends_with(".unfinished"))
            });
        let outcome = run(root, Role::Own, resume, &plan.groups(), &pace, &mut stops);
        // Of a run that is gone on with it is less: what earlier runs took is not before it any more.
        assert!(stops.limit.is_none_or(|left| (left < LIMIT) == resume), "{:?}", stops.limit);
        assert_eq!(stops.notes, outcome.as_ref().map_or(stops.notes, |_| 1 + usize::from(replaces)));
        (outcome, stops.begun.iter().map(|(number, of, task)| format!("{number}/{of} {task}")).collect())
    }

    fn report_of(root: &Path) -> String {
        std::fs::read_to_string(root.join("results/README.md")).unwrap()
    }

    #[test]
    fn a_run_that_was_stopped_has_a_report_and_is_gone_on_with() {
        let scratch = Scratch::new();
        let root = scratch.path();
        std::fs::create_dir(root.join("results")).unwrap();
        let nothing = small(root, true, u32::MAX).0.unwrap_err();
        assert!(nothing.to_string().starts_with("there is no unfinished run"), "{nothing}");
        assert!(nothing.is_bad_input());

        // Each group looks six times: before each engine warms up, and before each sample; in the second block the engine
        // runs twice.
        let (outcome, begun) = small(root, false, 7);
        assert_eq!(outcome.unwrap(), Outcome::Stopped { done: 1, of: 3 });
        assert_eq!(begun, ["1/3 join/fib:n=5", "2/3 join/fib:n=6"]);
        let report = report_of(root);
        assert!(report.contains("## this run, unfinished: 1 of 3 groups\n"), "{report}");
        assert!(report.contains("#### join/fib (n=5)") && !report.contains("n=6"), "{report}");

        let (outcome, _) = small(root, false, 1);
        assert_eq!(
            outcome.unwrap(),
            Outcome::Stopped { done: 0, of: 3 },
            "the unfinished run is still there"
        );

        let (outcome, begun) = small(root, true, u32::MAX);
        let Outcome::Complete { folder } = outcome.unwrap() else { panic!("it was not stopped") };
        assert_eq!(begun, ["2/3 join/fib:n=6", "3/3 join/fib:n=7"]);
        let report = report_of(root);
        assert!(
            report.contains(&format!("## {folder} (yours)\n")) && !report.contains("unfinished"),
            "{report}"
        );
        for variant in ["n=5", "n=6", "n=7"] {
            assert!(report.contains(&format!("#### join/fib ({variant})")), "{report}");
        }
        assert!(small(root, true, u32::MAX).0.is_err(), "it is complete");
    }

    #[test]
    fn a_run_that_was_stopped_at_once_leaves_everything_as_it_was() {
        let scratch = Scratch::new();
        let root = scratch.path();
        small(root, false, u32::MAX).0.unwrap();
        let before = report_of(root);
        assert_eq!(small(root, false, 1).0.unwrap(), Outcome::Stopped { done: 0, of: 3 });
        assert_eq!(report_of(root), before);
    }

    #[test]
    fn a_run_whose_results_cannot_be_written_is_not_begun() {
        let scratch = Scratch::new();
        std::fs::write(scratch.path().join("results"), "no folder").unwrap();
        let (outcome, begun) = small(scratch.path(), false, u32::MAX);
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains("results: "), "{error}");
        assert_eq!(begun, [""; 0]);
    }
}
