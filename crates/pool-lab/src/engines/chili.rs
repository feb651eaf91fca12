//! chili: fork-join by heartbeats. The calling thread is one of its N threads.

use std::num::NonZeroUsize;

use chili::{Config, Scope, ThreadPool};

use super::row::Row;
use crate::engine::{Joins, Spec, SpecError, Start, check_threads};

pub(super) fn row() -> Row {
    Row::peer("chili", "chili", "fork-join that shares work at heartbeats")
        .joins::<Chili>()
        .counted()
        .not_a_pool("it has no detached jobs")
}

pub(crate) struct Chili {
    pool: ThreadPool,
}

impl Start for Chili {
    /// Where the system refuses a thread it panics, and those that it has started stay.
    fn check(spec: &Spec) -> Result<(), SpecError> {
        check_threads(spec)
    }

    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let config = Config { thread_count: NonZeroUsize::new(spec.threads()), ..Config::default() };
        Ok(Chili { pool: ThreadPool::with_config(config) })
    }

    /// Dropping the pool waits for its threads.
    fn stop(self) {}
}

impl Joins for Chili {
    type Context<'c> = Scope<'c>;

    fn enter<R: Send>(&self, root: impl FnOnce(&mut Scope<'_>) -> R + Send) -> R {
        root(&mut self.pool.scope())
    }

    fn join<A, B, RA, RB>(scope: &mut Scope<'_>, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut Scope<'_>) -> RA + Send,
        B: FnOnce(&mut Scope<'_>) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        scope.join(a, b)
    }
}
