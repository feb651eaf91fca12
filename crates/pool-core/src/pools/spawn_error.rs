//! A closure that comes back.

use std::fmt;

use crate::Reason;

/// A closure that the pool did not take. It comes back as it was, with the reason, so that its submitter can call it, or take out
/// of it what an answer needs.
///
/// From [`PoolExt::try_spawn`](crate::PoolExt::try_spawn) and [`spawn_async`](crate::PoolExt::spawn_async).
#[derive(Clone, Copy, thiserror::Error)]
#[error("job rejected: {reason}")]
pub struct SpawnError<F> {
    closure: F,
    reason: Reason,
}

impl<F> SpawnError<F> {
    pub(crate) fn new(closure: F, reason: Reason) -> Self {
        SpawnError { closure, reason }
    }

    /// Why it was not taken.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The closure itself.
    pub fn into_closure(self) -> F {
        self.closure
    }
}

impl<F> fmt::Debug for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnError").field("reason", &self.reason).finish_non_exhaustive()
    }
}
