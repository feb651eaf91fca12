//! Fork-join for pools that have no faster way: a claimable second half.

use crate::{Pool, lend};

/// Runs both closures, possibly at once, on any pool, and returns both results.
///
/// The second closure is offered to the pool as a ticket. When the first is done, the caller takes the second back
/// and runs it, unless a worker has it; then it waits. A caller that is no worker of the pool has the whole join run
/// on one ([`install`]).
///
/// Costs one allocation and one pass through the queue. pool-stealing has a join without either.
///
/// # Panics
///
/// Both closures run exactly once, whatever panics. A panic is rethrown after both have finished; the first closure's
/// payload wins.
#[inline]
pub fn join_claimable<P, A, B, RA, RB>(pool: &P, a: A, b: B) -> (RA, RB)
where
    P: Pool + ?Sized,
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    lend::join(pool, a, b)
}

/// Runs the closure on a worker of the pool, waits, and returns its result.
///
/// On a worker of this pool it runs in place. If the pool takes nothing more, it runs on the caller. It is
/// not a job: overflow policies do not apply, and it is not counted.
///
/// # Panics
///
/// With what the closure panics with.
#[inline]
pub fn install<P, F, R>(pool: &P, f: F) -> R
where
    P: Pool + ?Sized,
    F: FnOnce() -> R + Send,
    R: Send,
{
    lend::install(pool, f)
}
