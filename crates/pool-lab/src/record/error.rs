//! What can be wrong with files of records, and with the folders that hold them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

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

    pub(crate) fn malformed(path: &Path, line: u64, reason: impl fmt::Display) -> RecordError {
        RecordError::Malformed { path: path.to_owned(), line, reason: reason.to_string() }
    }
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
    /// `machine.json` does not describe a machine.
    #[error("{}: {source}", path.display())]
    Machine {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
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

    /// Whether files are not what they should be, or not where they should be, rather than out of reach.
    pub(crate) fn is_bad_input(&self) -> bool {
        match self {
            ResultsError::Record(RecordError::Io { .. }) | ResultsError::Io { .. } => false,
            ResultsError::Record(RecordError::Malformed { .. })
            | ResultsError::Machine { .. }
            | ResultsError::OtherMachine { .. }
            | ResultsError::NoRun { .. }
            | ResultsError::NoReference { .. } => true,
        }
    }
}
