//! Why a pool could not be built.

use std::error::Error;
use std::fmt;

use pool_core::BuildError;

use crate::spec::PoolSpec;
use crate::spec_error::SpecError;

/// Why a pool could not be built.
#[derive(Debug)]
pub struct ThreadPoolBuildError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    AlreadyInitialized,
    CurrentThreadInPool,
    /// Which pool it was to be, and why it is not.
    Build(PoolSpec, BuildError),
    Spec(SpecError),
}

impl ThreadPoolBuildError {
    pub(crate) fn already_initialized() -> Self {
        ThreadPoolBuildError { kind: Kind::AlreadyInitialized }
    }

    pub(crate) fn build(spec: PoolSpec, error: BuildError) -> Self {
        let kind = match error {
            BuildError::IsWorker { .. } => Kind::CurrentThreadInPool,
            error => Kind::Build(spec, error),
        };
        ThreadPoolBuildError { kind }
    }
}

impl From<SpecError> for ThreadPoolBuildError {
    fn from(error: SpecError) -> Self {
        ThreadPoolBuildError { kind: Kind::Spec(error) }
    }
}

impl fmt::Display for ThreadPoolBuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::AlreadyInitialized => f.write_str("The global thread pool has already been initialized."),
            Kind::CurrentThreadInPool => {
                f.write_str("The current thread is already part of another thread pool.")
            }
            Kind::Build(spec, error) => write!(f, "the pool `{spec}` cannot be built: {error}"),
            Kind::Spec(error) => error.fmt(f),
        }
    }
}

impl Error for ThreadPoolBuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            // The text has that of the error itself: what follows is what the system said, as in rayon-core.
            Kind::Build(_, error) => error.source(),
            Kind::AlreadyInitialized | Kind::CurrentThreadInPool | Kind::Spec(_) => None,
        }
    }
}
