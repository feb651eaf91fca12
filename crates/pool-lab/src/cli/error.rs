//! Everything that ends the program early.

use std::io;
use std::path::PathBuf;

use super::demo::DemoError;
use crate::engine::{MAX_THREADS, SpecError};
use crate::names::{few, meant, program};
use crate::record::ResultsError;
use crate::report::ReportError;
use crate::workload::{CaseError, TaskError};

/// Why the program ends early, in one line.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error("the thread count must be a whole number from 1 to {MAX_THREADS}, not `{0}`")]
    Threads(String),
    #[error("unknown claim `{name}`; {}known: {known}", meant(.name, .known))]
    Claim { name: String, known: String },
    #[error("`{engine}` does not tell what its threads do; these do: {}", few(.known))]
    NotObserved { engine: &'static str, known: String },
    #[error("--blocks {blocks} is more than --rounds {rounds}: a block has at least one round")]
    Blocks { blocks: usize, rounds: usize },
    #[error("nothing can be measured: {what}: {why}{}", and_others(.others))]
    NothingToMeasure { what: String, why: String, others: usize },
    #[error("{option} is for two programs, and these are two folders: what is in them is measured already")]
    ForPrograms { option: &'static str },
    #[error("cannot write {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot write all of {}: {source}", path.display())]
    Written { path: PathBuf, source: io::Error },
    #[error("`top` needs a terminal to draw on; `{} demo` shows a pool at work without one", program())]
    NoTerminal,
    #[error("cannot draw on the terminal: {0}")]
    Terminal(io::Error),
    #[error("{what}: {source}")]
    Run { what: String, source: Box<CaseError> },
    #[error("{what}: the system has no thread to run it on: {source}")]
    NoThread { what: String, source: io::Error },
    #[error("{what}: {why}")]
    Gone { what: String, why: String },
    #[error("cannot use the folder of --out: {0}")]
    Out(ResultsError),
    #[error("{0}")]
    Folder(ResultsError),
    #[error(
        "{} and {} must be two folders of records, or two programs like this one",
        old.display(),
        new.display()
    )]
    Unlike { old: PathBuf, new: PathBuf },
    #[error(
        "{} and {} have no engine and workload in common; measure both with the same -w, -p and -t",
        old.display(),
        new.display()
    )]
    NothingInCommon { old: PathBuf, new: PathBuf },
    #[error("{} cannot measure: {why}", program.display())]
    Program { program: PathBuf, why: String },
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Demo(DemoError),
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

fn and_others(others: &usize) -> String {
    if *others == 0 { String::new() } else { format!("; and so on for {others} more") }
}

impl CliError {
    /// Whether what was asked for is wrong, rather than what came of it.
    pub(super) fn is_bad_input(&self) -> bool {
        match self {
            CliError::Spec(SpecError::Build { .. }) => false,
            CliError::Spec(_)
            | CliError::Task(_)
            | CliError::Threads(_)
            | CliError::Claim { .. }
            | CliError::NotObserved { .. }
            | CliError::Blocks { .. }
            | CliError::NothingToMeasure { .. }
            | CliError::ForPrograms { .. }
            | CliError::File { .. }
            | CliError::NoTerminal
            | CliError::Out(_) => true,
            CliError::Run { source, .. } => matches!(**source, CaseError::Unsupported(_)),
            CliError::Report(error) => error.is_bad_input(),
            CliError::Unlike { .. } | CliError::NothingInCommon { .. } | CliError::Folder(_) => true,
            CliError::Program { .. }
            | CliError::Results(_)
            | CliError::Demo(_)
            | CliError::Written { .. }
            | CliError::Terminal(_)
            | CliError::NoThread { .. }
            | CliError::Gone { .. }
            | CliError::Output(_) => false,
        }
    }
}
