//! Groups of handles: waiting for all of them, for the first, or for each as it ends.
//!
//! Each handle of a group is left with a waker that puts the handle's key into the group's queue of those that have ended,
//! and wakes who waits for the group. So a wait costs the same however many handles there are, and nobody asks them in turn.

mod join_set;
mod ready;

pub use self::join_set::JoinSet;
use crate::{JobHandle, JoinError};

/// Waits for all of these jobs, and returns their results in the order of the handles.
///
/// A worker first runs those in place that it may run and that have not started, as
/// [`join`](JobHandle::join) does.
///
/// ```
/// # use pool_core::{JoinError, Pool, PoolExt, Rejected, join_all};
/// # use std::sync::Arc;
/// fn lengths(pool: &Arc<dyn Pool>, names: Vec<String>) -> Result<Vec<Option<usize>>, Rejected> {
///     let handles = names
///         .into_iter()
///         .map(|name| pool.spawn(move || name.len()))
///         .collect::<Result<Vec<_>, _>>()?;
///     Ok(join_all(handles).into_iter().map(|length| length.ok()).collect())
/// }
/// ```
pub fn join_all<T>(handles: impl IntoIterator<Item = JobHandle<T>>) -> Vec<Result<T, JoinError>> {
    let handles: Vec<_> = handles.into_iter().collect();
    for handle in &handles {
        handle.run_here();
    }
    handles.into_iter().map(JobHandle::join).collect()
}

/// Waits for the first of these jobs that ends, however it does. Returns its place among the handles, its result, and the
/// other handles in their order, to be joined, cancelled or dropped; `None` if there are no handles.
///
/// Of several that have ended already it is the first in order. A worker that would have to wait runs a job of its own pool
/// in place that has not started, if there is one among these.
///
/// ```
/// # use pool_core::{JoinError, Pool, PoolExt, Rejected, join_any};
/// # use std::sync::Arc;
/// /// The answer of the faster one.
/// fn race(pool: &Arc<dyn Pool>, ask: fn(server: u8) -> u64) -> Result<Option<u64>, Rejected> {
///     let handles = [pool.spawn(move || ask(1))?, pool.spawn(move || ask(2))?];
///     let Some((_, answer, rest)) = join_any(handles) else { return Ok(None) };
///     rest.into_iter().for_each(|slower| {
///         slower.cancel();
///     });
///     Ok(answer.ok())
/// }
/// ```
#[expect(clippy::type_complexity, reason = "a triple of what it says")]
pub fn join_any<T>(
    handles: impl IntoIterator<Item = JobHandle<T>>,
) -> Option<(usize, Result<T, JoinError>, Vec<JobHandle<T>>)> {
    let mut set: JoinSet<T> = handles.into_iter().collect();
    let (number, result) = set.join_next_numbered()?;
    // They are numbered as they were pushed.
    Some((usize::try_from(number).expect("they fit into memory"), result, set.into_handles()))
}
