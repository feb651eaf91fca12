//! No pool and no thread: every job runs at once where it is submitted. The price of the work itself.

use super::row::Row;
use crate::engine::{Handles, Jobs, Joins, Loops, Scopes, Spec, SpecError, Start};

pub(super) fn row() -> Row {
    Row::no_pool(
        "serial",
        "no pool: plain calls on one thread",
        "everything; the compiler unrolls recursions as no pool can",
    )
    .jobs_and_joins::<Serial>()
    .handles::<Serial>()
    .scopes::<Serial>()
    .loops::<Serial>()
    .not_a_pool("it runs jobs on the thread that submits them")
}

pub(crate) struct Serial;

impl Start for Serial {
    /// The number of threads has no meaning here.
    fn start(_: &Spec) -> Result<Self, SpecError> {
        Ok(Serial)
    }

    fn stop(self) {}
}

impl Jobs for Serial {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        job();
    }
}

impl Handles for Serial {
    type Handle<T: Send + 'static> = T;

    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> T {
        job()
    }

    fn wait<T: Send + 'static>(&self, handle: T) -> T {
        handle
    }
}

impl Joins for Serial {
    type Context<'c> = ();

    fn enter<R: Send>(&self, root: impl FnOnce(&mut ()) -> R + Send) -> R {
        root(&mut ())
    }

    fn join<A, B, RA, RB>(context: &mut (), a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut ()) -> RA + Send,
        B: FnOnce(&mut ()) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        (a(context), b(context))
    }
}

impl Scopes for Serial {
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F) {
        (0..jobs).for_each(job);
    }
}

impl Loops for Serial {
    fn for_each<T: Sync, F: Fn(&T) + Send + Sync>(&self, items: &[T], f: F) {
        items.iter().for_each(f);
    }
}
