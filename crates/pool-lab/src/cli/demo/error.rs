//! What ends the demonstration early.

use std::io;

use pool_core::error::{BroadcastError, ResizeError, Unsupported};
use pool_core::{JoinError, Rejected};

use crate::engine::SpecError;

/// What ends the demonstration early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The pool could not be built.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The pool refused a job, as it may by its options.
    #[error("{0}; give the pool more room or another overflow policy")]
    Rejected(#[from] Rejected),
    /// The pool cannot have one more worker.
    #[error(transparent)]
    Resize(#[from] ResizeError),
    /// An adapted pool has no such operation.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// A worker has no part in a broadcast.
    #[error(transparent)]
    Broadcast(#[from] BroadcastError),
    /// A job of the demonstration has no result.
    #[error(transparent)]
    Job(#[from] JoinError),
    /// Standard output is closed.
    #[error(transparent)]
    Output(#[from] io::Error),
}
