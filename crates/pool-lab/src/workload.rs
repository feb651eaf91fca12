//! The table of workloads.
//!
//! A workload is written once, under `workloads/`, over the traits that say what an engine can do, and runs on
//! every engine that can do it. It checks the answer of every iteration.
//!
//! To add one: a type in `workloads/` that implements [`Prepare`], and [`Workload`] for every engine that has what
//! it needs; then one line in the `for_...` function of that need, and one in [`workloads`].

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::contender::Binding;
use crate::engine::{Handles, Jobs, Joins, Scopes, Start, Survives};
use crate::engines::dynamic::Dynamic;
use crate::settings::{Rule, SettingError, Settings};
use crate::spec::SpecError;
use crate::watch::Watch;
use crate::workloads::*;

/// One row of the table of workloads.
#[derive(Debug)]
pub struct About {
    /// `family/name`.
    pub name: &'static str,
    /// What it models.
    pub models: &'static str,
    /// What one operation is: times are given per operation.
    pub operation: &'static str,
    /// What an engine needs for it.
    pub needs: &'static str,
    /// Its parameters.
    pub parameters: &'static [Rule],
    /// The settings that are measured when the user chooses none.
    pub variants: &'static [&'static str],
}

impl About {
    /// The family: `spawn` of `spawn/external`.
    pub fn family(&self) -> &'static str {
        self.name.split('/').next().unwrap_or_default()
    }
}

/// Why an iteration does not count, or a workload could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The answer is not the expected one.
    #[error("wrong answer: {got} instead of {expected}")]
    Wrong {
        /// What the engine computed.
        got: String,
        /// What is right.
        expected: String,
    },
    /// Jobs did not end.
    #[error("{missing} jobs have not ended, and none did for 30 seconds")]
    Stalled {
        /// The number of jobs missing.
        missing: u64,
    },
    /// Jobs ran more than once.
    #[error("more than the {expected} jobs ran")]
    TooMany {
        /// The number of jobs submitted.
        expected: u64,
    },
    /// The engine could not be started, in a workload that starts it.
    #[error(transparent)]
    Start(SpecError),
    /// The engine panicked.
    #[error("panicked: {0}")]
    Panicked(String),
    /// The contender failed in an earlier iteration.
    #[error("it failed before")]
    FailedBefore,
    /// Files could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// `Ok` when the answer is right.
///
/// # Errors
///
/// [`Failure::Wrong`] otherwise.
pub fn check<T: PartialEq + fmt::Display>(got: T, expected: T) -> Result<(), Failure> {
    if got == expected {
        return Ok(());
    }
    Err(Failure::Wrong { got: got.to_string(), expected: expected.to_string() })
}

/// The part of a workload that does not depend on the engine.
pub trait Prepare: Sized + 'static {
    /// Its row in the table.
    const ABOUT: &'static About;

    /// Makes the input, and computes the right answer where there is no closed form.
    ///
    /// # Errors
    ///
    /// [`Failure::Io`] when files cannot be read or written.
    fn prepare(parameters: &Settings) -> Result<Self, Failure>;

    /// The number of operations in one iteration.
    fn operations(&self) -> u64;

    /// Told once, before the first iteration, how many threads the engine has.
    fn on_threads(&mut self, _threads: usize) {}

    /// The greatest number of jobs in the pool's queue at a time.
    fn jobs_in_flight(&self) -> usize {
        0
    }
}

/// A workload, on an engine that can do it.
pub trait Workload<E: Start>: Prepare {
    /// Runs it once; the watch runs during the part that is measured.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the answer is wrong, or jobs are missing.
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure>;
}

/// The table.
pub fn workloads() -> &'static [&'static About] {
    &[
        spawn::External::ABOUT,
        spawn::Contended::ABOUT,
        spawn::Nested::ABOUT,
        after_panics::AfterPanics::ABOUT,
        uneven::Uneven::ABOUT,
        handle::Handle::ABOUT,
        fib::Fib::ABOUT,
        tree_sum::TreeSum::ABOUT,
        nqueens::NQueens::ABOUT,
        quicksort::Quicksort::ABOUT,
        matmul::Matmul::ABOUT,
        tree_sum::Cold::ABOUT,
        hidden_leaf::HiddenLeaf::ABOUT,
        nested_sleep::NestedSleep::ABOUT,
        chain::Chain::ABOUT,
        fib::Dyn::ABOUT,
        flat::Flat::ABOUT,
        one_long::OneLong::ABOUT,
        join_under_load::JoinUnderLoad::ABOUT,
        burst::Few::ABOUT,
        ping::Ping::ABOUT,
        urgent::Urgent::ABOUT,
        idle::Trickle::ABOUT,
        idle::Quiet::ABOUT,
        sleep::Sleep::ABOUT,
        lifecycle::StartStop::ABOUT,
        mandelbrot::Mandelbrot::ABOUT,
        hash_tree::HashTree::ABOUT,
    ]
}

/// The workloads of every engine that runs detached jobs.
pub(crate) fn for_jobs<E: Jobs>() -> Vec<Binding> {
    vec![
        Binding::new::<E, spawn::External>(),
        Binding::new::<E, spawn::Contended>(),
        Binding::new::<E, spawn::Nested>(),
        Binding::new::<E, uneven::Uneven>(),
        Binding::new::<E, one_long::OneLong>(),
        Binding::new::<E, burst::Few>(),
        Binding::new::<E, ping::Ping>(),
        Binding::new::<E, urgent::Urgent>(),
        Binding::new::<E, idle::Trickle>(),
        Binding::new::<lifecycle::NotStarted<E>, idle::Quiet>(),
        Binding::new::<E, sleep::Sleep>(),
        Binding::new::<lifecycle::NotStarted<E>, lifecycle::StartStop>(),
        Binding::new::<E, mandelbrot::Mandelbrot>(),
        Binding::new::<E, hash_tree::HashTree>(),
    ]
}

/// The workloads of every engine whose jobs may panic.
pub(crate) fn for_survivors<E: Survives>() -> Vec<Binding> {
    vec![Binding::new::<E, after_panics::AfterPanics>()]
}

/// The workloads of every engine whose jobs have results.
pub(crate) fn for_handles<E: Handles>() -> Vec<Binding> {
    vec![Binding::new::<E, handle::Handle>()]
}

/// The workloads of every engine that joins.
pub(crate) fn for_joins<E: Joins>() -> Vec<Binding> {
    vec![
        Binding::new::<E, fib::Fib>(),
        Binding::new::<E, tree_sum::TreeSum>(),
        Binding::new::<E, nqueens::NQueens>(),
        Binding::new::<E, quicksort::Quicksort>(),
        Binding::new::<E, matmul::Matmul>(),
        Binding::new::<E, tree_sum::Cold>(),
        Binding::new::<E, hidden_leaf::HiddenLeaf>(),
        Binding::new::<E, nested_sleep::NestedSleep>(),
        Binding::new::<E, chain::Chain>(),
    ]
}

/// The workloads of every engine that runs detached jobs and joins.
pub(crate) fn for_jobs_and_joins<E: Jobs + Joins>() -> Vec<Binding> {
    vec![Binding::new::<E, join_under_load::JoinUnderLoad>()]
}

/// The workloads of every engine that has scopes.
pub(crate) fn for_scopes<E: Scopes>() -> Vec<Binding> {
    vec![Binding::new::<E, flat::Flat>()]
}

/// The workloads of every engine that is a `Pool`.
pub(crate) fn for_dyn_pools() -> Vec<Binding> {
    vec![Binding::new::<Dynamic, fib::Dyn>()]
}

/// A workload with its parameters: what `-w` chooses, and what a measurement is made of.
#[derive(Debug, Clone)]
pub struct Task {
    /// The workload.
    pub about: &'static About,
    /// Its parameters.
    pub parameters: Settings,
}

/// Why a choice of workloads was refused. One line, naming what is known or allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// Neither a name, nor a family, nor the beginning of one.
    #[error("unknown workload `{0}`; known: {known}", known = names())]
    Unknown(String),
    /// A parameter is unknown, or its value not allowed.
    #[error("`{task}`: {source}")]
    Parameter {
        /// What was given.
        task: String,
        /// What is wrong.
        source: SettingError,
    },
    /// Parameters were given for several workloads at once.
    #[error("`{0}`: parameters need the full name of one workload")]
    Ambiguous(String),
}

impl Task {
    /// The variant, as records name it: the parameters that are not defaults.
    pub fn variant(&self) -> String {
        self.parameters.to_string()
    }

    /// The same with the small parameters that tests use.
    pub fn quick(self) -> Self {
        Task { about: self.about, parameters: self.parameters.quick() }
    }

    /// All tasks that a list chooses: names (`spawn/external`), families (`spawn`) or other beginnings,
    /// separated by commas. A full name may be followed by parameters: `join/fib:n=25`. Without parameters each
    /// workload comes in all its variants.
    ///
    /// # Errors
    ///
    /// [`TaskError`] for the first choice that is not understood.
    pub fn parse_list(list: &str) -> Result<Vec<Task>, TaskError> {
        let chosen: Result<Vec<_>, _> = list.split(',').map(|choice| tasks_of(choice.trim())).collect();
        Ok(chosen?.into_iter().flatten().collect())
    }

    /// Every workload in all its variants.
    pub fn all() -> Vec<Task> {
        workloads().iter().flat_map(|about| variants(about)).collect()
    }
}

fn tasks_of(choice: &str) -> Result<Vec<Task>, TaskError> {
    let (name, parameters) = choice.split_once(':').map_or((choice, None), |(name, rest)| (name, Some(rest)));
    let exact: Vec<&About> = workloads().iter().copied().filter(|about| about.name == name).collect();
    let chosen = if exact.is_empty() {
        workloads().iter().copied().filter(|about| !name.is_empty() && about.name.starts_with(name)).collect()
    } else {
        exact
    };
    match (chosen.as_slice(), parameters) {
        ([], _) => Err(TaskError::Unknown(name.to_owned())),
        ([about], Some(parameters)) => Ok(vec![
            with_parameters(about, parameters)
                .map_err(|source| TaskError::Parameter { task: choice.to_owned(), source })?,
        ]),
        (_, Some(_)) => Err(TaskError::Ambiguous(choice.to_owned())),
        (several, None) => Ok(several.iter().flat_map(|about| variants(about)).collect()),
    }
}

fn with_parameters(about: &'static About, parameters: &str) -> Result<Task, SettingError> {
    let mut settings = Settings::new(about.parameters);
    parameters.split(':').try_for_each(|pair| settings.set(pair))?;
    Ok(Task { about, parameters: settings })
}

fn variants(about: &'static About) -> Vec<Task> {
    if about.variants.is_empty() {
        return vec![Task { about, parameters: Settings::new(about.parameters) }];
    }
    let variant = |text: &&str| with_parameters(about, text).expect("the table's variants obey its rules");
    about.variants.iter().map(variant).collect()
}

/// The task that is written in full; [`Task::parse_list`] reads lists and beginnings.
impl FromStr for Task {
    type Err = TaskError;

    fn from_str(text: &str) -> Result<Self, TaskError> {
        let mut tasks = tasks_of(text)?;
        if tasks.len() == 1 { Ok(tasks.remove(0)) } else { Err(TaskError::Ambiguous(text.to_owned())) }
    }
}

/// The task as [`FromStr`] reads it: `latency/ping:gap=2ms`.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about.name)?;
        let variant = self.variant();
        if variant.is_empty() { Ok(()) } else { write!(f, ":{variant}") }
    }
}

/// The names of all workloads, in a list.
pub fn names() -> String {
    workloads().iter().map(|about| about.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(list: &str) -> Vec<String> {
        Task::parse_list(list).unwrap().iter().map(Task::to_string).collect()
    }

    #[test]
    fn names_families_and_beginnings_choose() {
        assert_eq!(chosen("spawn/external"), ["spawn/external"]);
        assert_eq!(chosen("spawn/external,join/fib:n=20"), ["spawn/external", "join/fib:n=20"]);
        let all = Task::all();
        let of_family: Vec<String> =
            all.iter().filter(|task| task.about.family() == "join").map(Task::to_string).collect();
        assert_eq!(chosen("join"), of_family);
        assert!(of_family.len() > 5);
        assert_eq!(
            chosen("latency/ping"),
            ["latency/ping:gap=0", "latency/ping:gap=200us", "latency/ping:gap=2ms"]
        );
        assert_eq!(chosen("latency/ping:gap=1ms"), ["latency/ping:gap=1ms"]);
    }

    #[test]
    fn errors_name_what_is_known_or_allowed() {
        let error = |list: &str| Task::parse_list(list).unwrap_err().to_string();
        assert!(
            error("spwan").starts_with("unknown workload `spwan`; known: spawn/external, spawn/contended")
        );
        assert!(error("").starts_with("unknown workload ``; known: "));
        assert_eq!(error("join/fib:m=3"), "`join/fib:m=3`: unknown option `m`; known: n");
        assert_eq!(error("join:n=3"), "`join:n=3`: parameters need the full name of one workload");
    }

    #[test]
    fn every_workload_has_a_family_and_a_unique_name() {
        let mut seen = std::collections::BTreeSet::new();
        for about in workloads() {
            assert_eq!(about.name.split('/').count(), 2, "{}", about.name);
            assert!(seen.insert(about.name));
            assert!(!variants(about).is_empty());
        }
    }
}
