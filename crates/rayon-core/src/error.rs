//! Why a pool could not be built.

use std::error::Error;
use std::fmt;
use std::io;

use pool_core::BuildError;

use crate::spec::SpecError;

/// Why a pool could not be built.
#[derive(Debug)]
pub struct ThreadPoolBuildError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    AlreadyInitialized,
    CurrentThreadInPool,
    Io(io::Error),
    Build(BuildError),
    Spec(SpecError),
}

impl ThreadPoolBuildError {
    pub(crate) fn already_initialized() -> Self {
        ThreadPoolBuildError { kind: Kind::AlreadyInitialized }
    }
}

impl From<io::Error> for ThreadPoolBuildError {
    fn from(error: io::Error) -> Self {
        ThreadPoolBuildError { kind: Kind::Io(error) }
    }
}

impl From<SpecError> for ThreadPoolBuildError {
    fn from(error: SpecError) -> Self {
        ThreadPoolBuildError { kind: Kind::Spec(error) }
    }
}

impl From<BuildError> for ThreadPoolBuildError {
    fn from(error: BuildError) -> Self {
        let kind = match error {
            BuildError::IsWorker { .. } => Kind::CurrentThreadInPool,
            error => Kind::Build(error),
        };
        ThreadPoolBuildError { kind }
    }
}

impl fmt::Display for ThreadPoolBuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::AlreadyInitialized => f.write_str("The global thread pool has already been initialized."),
            Kind::CurrentThreadInPool => {
                f.write_str("The current thread is already part of another thread pool.")
            }
            Kind::Io(error) => error.fmt(f),
            Kind::Build(error) => error.fmt(f),
            Kind::Spec(error) => error.fmt(f),
        }
    }
}

impl Error for ThreadPoolBuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::AlreadyInitialized | Kind::CurrentThreadInPool => None,
            Kind::Io(error) => Some(error),
            Kind::Build(error) => Some(error),
            Kind::Spec(error) => Some(error),
        }
    }
}
