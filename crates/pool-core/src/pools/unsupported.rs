//! Why a pool does not do what it was asked to.

/// Why a pool was not resized.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResizeError {
    /// The number is beyond what the pool was built for.
    #[error("{asked} threads are not within this pool's bounds, {least} to {most}; see Builder::max_threads")]
    OutOfBounds {
        /// How many were asked for.
        asked: usize,
        /// The fewest that it can have.
        least: usize,
        /// The most.
        most: usize,
    },
    /// The pool is ending, or has ended.
    #[error("the pool is shut down")]
    ShutDown,
    /// The pool's size is fixed, as that of an adapter of another crate's pool is.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

/// The pool cannot do what was asked for: it is an adapter of another crate's pool, which has no such operation.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pool {pool:?} has no operation to {operation}")]
pub struct Unsupported {
    /// The pool's name.
    pub pool: String,
    /// What was asked for.
    pub operation: &'static str,
}
