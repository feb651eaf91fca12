//! The engines, one file for each, and their table.
//!
//! To add one: a file here that implements the traits of [`crate::engine`] and has a `row()`, and a line in the table. The
//! file has the engine's name.
//!
//! The table declares the files, so `cargo fmt` does not see these: `rustfmt` has to be told their names. A test of the
//! sources checks that they are formatted.

mod go;
mod java;
mod ours;
mod parse;
mod row;
mod under_rayon;

use std::sync::{Arc, OnceLock};

use pool_core::Pool;

use crate::engine::table::{self, TableError, is_word};
use crate::engine::{Kind, Spec, SpecError};
use crate::workload::{Case, CaseError, Task};

pub use ours::FromSpec;
pub use row::Row;

macro_rules! table {
    ($(mod $file:ident;)+) => {
        $(mod $file;)+

        fn built_in() -> Vec<Row> {
            vec![$($file::row()),+]
        }
    };
}

table! {
    mod mpsc;
    mod bounded;
    mod priority;
    mod fair;
    mod stealing;
    mod stealing_worker;
    mod rayon;
    mod rayon_par_iter;
    mod threadpool;
    mod rusty_pool;
    mod tokio;
    mod tokio_worker;
    mod tokio_blocking;
    mod async_executor;
    mod chili;
    mod affinitypool;
    mod blocking;
    mod orx_parallel;
    mod paralight;
    mod mpsc_naive;
    mod channel_naive;
    mod thread_per_job;
    mod serial;
    mod serial_call;
    mod futex;
    mod threads_bare;
    mod greedy_model;
    mod java_forkjoin;
    mod java_executor;
    mod java_virtual;
    mod go_goroutines;
    mod go_channel;
    mod python_executor;
    mod onetbb;
}

/// The row of a strategy of another crate: a `ThreadPool` with it, which can do all that such a pool can, so that nothing need be
/// said of it. It takes part like a published crate's pool, under its own name: see [`Row::theirs`].
pub fn strategy<S: FromSpec>(name: &'static str, version: &'static str, about: &'static str) -> Row {
    ours::strategy::<S>(Row::theirs(name, version, about)).options(&[ours::PIN])
}

static ROWS: OnceLock<Vec<Row>> = OnceLock::new();

/// All engines: our pools, peers, baselines, what is no pool, and those that the program has added.
pub fn rows() -> &'static [Row] {
    ROWS.get_or_init(built_in)
}

/// Adds engines to the table, at the start of a program: before anything else asks for the table.
///
/// # Errors
///
/// [`TableError`] when a name cannot be one, is taken, or the table is in use.
pub fn add(theirs: Vec<Row>) -> Result<(), TableError> {
    let mut rows = built_in();
    for row in theirs {
        let name = row.engine.name;
        table::check(name, is_word(name), "my-pool", rows.iter().any(|known| known.engine.name == name))?;
        rows.push(row);
    }
    ROWS.set(rows).map_err(|_| TableError::InUse { table: "engines" })
}

/// The engine of this name.
pub fn find(name: &str) -> Option<&'static Row> {
    rows().iter().find(|row| row.engine.name == name)
}

/// What the engine of a record is, by its label: `bounded:capacity=64`, or `rayon#2`. One that is not in the table is one that
/// another crate has brought.
pub fn kind_of(label: &str) -> Kind {
    let name = label.split([':', '#']).next().unwrap_or_default();
    find(name).map_or(Kind::Brought, |row| row.engine.kind)
}

/// The names of all engines, in a list.
pub fn names() -> String {
    list(|_| true)
}

/// The names of the engines that can be a `Pool`, in a list.
pub fn pool_names() -> String {
    list(Row::is_pool)
}

fn list(filter: impl Fn(&Row) -> bool) -> String {
    let chosen = rows().iter().filter(|row| filter(row));
    chosen.map(|row| row.engine.name).collect::<Vec<_>>().join(", ")
}

fn row_of(spec: &Spec) -> &'static Row {
    find(spec.engine().name).expect("a spec's engine is in the table")
}

/// The engine that the spec names with a workload, ready to run.
///
/// # Errors
///
/// [`CaseError::Unsupported`] when the engine cannot do it; other errors when engine or workload cannot be made.
pub fn case(spec: &Spec, task: &Task) -> Result<Box<dyn Case>, CaseError> {
    row_of(spec).case(spec, task.about, &task.parameters)
}

/// What the engine that the spec names lacks for a workload, as far as that is known without starting it.
pub(crate) fn lack(spec: &Spec, task: &Task) -> Option<String> {
    row_of(spec).lacks(task.about)
}

/// Builds any engine that runs detached jobs as a `Pool`: the one line that an experiment of one's own needs.
///
/// The spec string says which engine, how many threads (one a core unless it says), and which options. See
/// [`Spec`].
///
/// # Errors
///
/// [`SpecError`], in one line that names what is known or allowed.
///
/// # Examples
///
/// ```
/// use pool_core::PoolExt;
///
/// let pool = pool_lab::build("stealing:2")?;
/// assert_eq!(pool.spawn(|| 6 * 7)?.join()?, 42);
///
/// let mistake = pool_lab::build("bounded:2:capacity=0").err().unwrap();
/// assert!(mistake.to_string().contains("capacity must be a whole number from 1 to 4194304"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn build(spec: &str) -> Result<Arc<dyn Pool>, SpecError> {
    build_pool(&spec.parse()?)
}

/// The same from a spec that was read already.
///
/// # Errors
///
/// [`SpecError`] when the engine is no pool, or cannot be built.
pub fn build_pool(spec: &Spec) -> Result<Arc<dyn Pool>, SpecError> {
    let refuse = |why| SpecError::NotAPool { known: pool_names(), engine: spec.engine().name, why };
    let build = row_of(spec).pool().map_err(refuse)?;
    spec.try_build(|| build(spec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_has_a_unique_name_and_a_version_and_says_what_it_is() {
        let mut seen = std::collections::BTreeSet::new();
        for Row { engine, .. } in rows() {
            assert!(seen.insert(engine.name), "{}", engine.name);
            assert!(!engine.about.is_empty(), "{}", engine.name);
            assert_ne!(engine.version(), "unknown", "{}", engine.name);
            assert_eq!(engine.kind == Kind::NoPool, !engine.leaves_out.is_empty(), "{}", engine.name);
            assert!(engine.options.iter().all(|rule| !rule.about.is_empty()), "{}", engine.name);
            for (workload, _) in engine.remarks {
                assert!(crate::workloads::find(workload).is_some(), "{}: {workload}", engine.name);
            }
        }
    }

    #[test]
    fn kinds_go_by_the_name_before_the_options() {
        for Row { engine, .. } in rows() {
            for label in ["", ":capacity=64", "#2", ":capacity=64#2"] {
                assert_eq!(
                    kind_of(&format!("{}{label}", engine.name)),
                    engine.kind,
                    "{}{label}",
                    engine.name
                );
            }
        }
        assert_eq!(kind_of("unheard-of"), Kind::Brought);
    }
}
