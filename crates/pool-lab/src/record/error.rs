//! What can be wrong with files of records, and with the folders that hold them.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The file that describes the machine.
pub(super) const MACHINE: &str = "machine.json";

/// The file that says how far a run is.
pub(super) const PROGRESS: &str = "progress.json";

/// A file of records that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file or folder itself could not be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file ends in the middle: of a line, or before the first record.
    #[error("{}", cut_short(path, *line))]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Its last line, counted from 1.
        line: u64,
    },
    /// A line is not a record.
    #[error("{}:{line}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

impl RecordError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> RecordError {
        let path = path.to_owned();
        move |source| RecordError::Io { path, source }
    }

    /// What serde says of a line of JSON.
    pub(crate) fn json(path: &Path, line: u64) -> impl FnOnce(serde_json::Error) -> RecordError {
        let path = path.to_owned();
        move |error| match error.is_eof() {
            true => RecordError::CutShort { path, line },
            false => RecordError::malformed(&path, line, error),
        }
    }

    pub(crate) fn malformed(path: &Path, line: u64, reason: impl fmt::Display) -> RecordError {
        RecordError::Malformed { path: path.to_owned(), line, reason: reason.to_string() }
    }
}

/// What is wrong with a file that ends in the middle, and what to do.
fn cut_short(path: &Path, line: u64) -> String {
    let remedy = match (path.file_name().and_then(OsStr::to_str), path.extension().and_then(OsStr::to_str)) {
        (Some(MACHINE), _) => "remove its folder, and measure again",
        (Some(PROGRESS), _) => "remove it, and everything is measured again",
        (_, Some("jsonl")) => "make it anew with `pack`, or with `measure --json`",
        _ => "remove it, and measure again, or go on with --resume: what was in it is made anew",
    };
    format!("{} is cut short (line {line}): {remedy}", path.display())
}

/// What can be wrong with a results folder.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// A file of records.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Another file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `machine.json` does not describe a machine, or `progress.json` no run.
    #[error("{}: {source}", path.display())]
    Machine {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// `machine.json` or `progress.json` ends in the middle.
    #[error("{}", cut_short(path, *line as u64))]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Its last line, counted from 1.
        line: usize,
    },
    /// Records without the machine that they belong to.
    #[error(
        "{}: here are records, and no machine.json that says of which machine; bring it back, remove the records, or choose another \
         folder",
        folder.display()
    )]
    NoMachine {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder that is not there, or has no run.
    #[error(
        "{}: here is no run, of which machine.json would tell; name a folder in results/, or one that `measure --out` wrote",
        folder.display()
    )]
    NoRecords {
        /// The folder.
        folder: PathBuf,
    },
    /// Records of another machine are in the folder.
    #[error("{}: here are records of another machine, {name}; choose another folder", folder.display())]
    OtherMachine {
        /// The folder.
        folder: PathBuf,
        /// That machine.
        name: String,
    },
    /// A folder that has neither runs nor records.
    #[error(
        "{}: here is neither results/ nor machine.json; name the repository's folder, or one that `measure --out` wrote",
        folder.display()
    )]
    NoRun {
        /// The folder.
        folder: PathBuf,
    },
    /// `reference` names something that is no folder of records.
    #[error("{} names `{name}`, which is not a folder of records beside it", path.display())]
    NoReference {
        /// The file.
        path: PathBuf,
        /// What it says.
        name: String,
    },
}

impl ResultsError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> ResultsError {
        let path = path.to_owned();
        move |source| ResultsError::Io { path, source }
    }

    /// What serde says of a file of JSON.
    pub(crate) fn json(path: &Path) -> impl FnOnce(serde_json::Error) -> ResultsError {
        let path = path.to_owned();
        move |source| match source.is_eof() {
            true => ResultsError::CutShort { path, line: source.line().max(1) },
            false => ResultsError::Machine { path, source },
        }
    }

    /// Whether files are not what they should be, or not where they should be, rather than out of reach.
    pub(crate) fn is_bad_input(&self) -> bool {
        match self {
            ResultsError::Record(RecordError::Io { .. }) | ResultsError::Io { .. } => false,
            ResultsError::Record(RecordError::Malformed { .. } | RecordError::CutShort { .. })
            | ResultsError::CutShort { .. }
            | ResultsError::NoMachine { .. }
            | ResultsError::NoRecords { .. }
            | ResultsError::Machine { .. }
            | ResultsError::OtherMachine { .. }
            | ResultsError::NoRun { .. }
            | ResultsError::NoReference { .. } => true,
        }
    }
}
