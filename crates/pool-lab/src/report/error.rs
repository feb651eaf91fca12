//! Why a report could not be written.

use std::path::PathBuf;

use super::markers::MarkerError;
use crate::record::ResultsError;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The results could not be read or written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A run is to be gone on with, and there is none.
    #[error(
        "there is no unfinished run of this program, on this machine, to resume; start a new one without --resume"
    )]
    NothingToResume,
    /// A README has no place for the table.
    #[error("{}: {source}", path.display())]
    Marker {
        /// The README.
        path: PathBuf,
        /// What is wrong with its markers.
        source: MarkerError,
    },
}

impl ReportError {
    /// Whether files are not what they should be, or not where they should be, rather than out of reach.
    pub fn is_bad_input(&self) -> bool {
        match self {
            ReportError::Results(error) => error.is_bad_input(),
            ReportError::NothingToResume | ReportError::Marker { .. } => true,
        }
    }
}
