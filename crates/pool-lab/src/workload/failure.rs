//! Why an iteration does not count, and the check of its answer.

use std::fmt;

use crate::engine::SpecError;

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
    /// The case failed in an earlier iteration.
    #[error("it failed before")]
    FailedBefore,
    /// A program that it needs is not there. The engine cannot do it, then, and did nothing wrong.
    #[error("{0}")]
    Missing(String),
    /// The process of an engine of another language, or of a program that uses rayon, failed.
    #[error("{0}")]
    Program(String),
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
