//! What to do when the queue is full.

use std::time::Duration;

use crate::CoDel;

/// What a pool does with a job that finds the queue full.
///
/// A job submitted by one of the pool's own workers never waits: where the policy would make it wait, the worker
/// runs it in place. A worker that waited for room in its own queue could be the only one to make room.
///
/// A job that is run in place, by a worker or under [`CallerRuns`](Overflow::CallerRuns), may submit another that is run in
/// place, and so on, each on the stack of the one before: so at most [`MOST_IN_PLACE`](pool_core::strategy::MOST_IN_PLACE) (32) of them lie
/// on each other. The next is kept beside the queue, past its capacity, until the worker has ended the outermost of these jobs,
/// or another has ended its own. It then goes to the end of the queue if there is room, or is run at once. What is kept is at
/// most what the innermost jobs have submitted. A job must not wait, other than by a handle, for one that may be kept.
///
/// ```
/// use pool_bounded::{Bounded, BoundedPool, Overflow};
/// // A thread that submits more than the pool can do helps, and submits nothing meanwhile.
/// let strategy = Bounded::new(8).overflow(Overflow::CallerRuns);
/// let pool = BoundedPool::with(strategy).threads(2).build()?;
/// for number in 0..100 {
///     pool.execute(move || drop(number))?;
/// }
/// assert!(pool.wait_idle(None));
/// assert_eq!(pool.counts().completed, 100);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The submitter waits for room. Backpressure: producers slow down to the speed of the workers.
    /// While jobs are short, it waits until the queue is half empty: that is faster than to fill each place as it becomes free.
    #[default]
    Block,
    /// The submitter waits at most this long; then the job comes back.
    Timeout(Duration),
    /// The job comes back at once.
    Reject,
    /// The submitter runs the job itself, which keeps it from submitting more meanwhile. The one policy under which more
    /// than N jobs may run at once.
    CallerRuns,
    /// The job that has waited longest is dropped for it. For data of which only the latest matters.
    DropOldest,
    /// The new job is dropped, and the submitter is not told (a handle is).
    DropNewest,
    /// The job comes back at once, as with `Reject`; and before it comes to that, jobs that have waited too long are given up
    /// when a worker comes across them, while the queue does not get shorter by itself. Their handles have
    /// [`JoinError::Unrun`](pool_core::JoinError::Unrun) with [`Reason::Overloaded`](pool_core::Reason::Overloaded).
    ///
    /// For requests whose answer is worth nothing after a while. What is queued when the pool is shut down is shed by
    /// the same rule. Costs a reading of the clock at each submission
    /// and each start, and a mutex that the workers share.
    Shed(CoDel),
}
