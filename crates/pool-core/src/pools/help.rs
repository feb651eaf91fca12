//! How a thread helps the pool that it is a worker of.

use crate::blocking::current_manager;
use crate::helping::{Awaited, Reach};

/// Waits, and helps meanwhile if the calling thread is a worker of a pool whose workers [do](crate::Helping::Any). Returns whether
/// it is: if not, nothing has happened, and the caller waits in its own way.
#[cold]
pub fn wait_helping(awaited: &dyn Awaited) -> bool {
    current_manager().is_some_and(|(manager, slot)| manager.wait_helping(slot, awaited))
}

/// Runs one piece of queued work of the pool whose worker the calling thread is, in the midst of the job that it runs:
/// its own newest or oldest first, as the strategy has it, then its mail, then what others have queued or forked. Returns whether
/// there was one. On a thread that is no worker there is none.
///
/// For a job that waits for something outside the pool in a loop of its own. It does this whatever the
/// [setting](crate::Builder::helping); what it runs lies on this job's stack, and may wait in turn.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering::Acquire};
/// /// Inside a job: computes while it waits for another process.
/// fn wait_for(flag: &AtomicBool) {
///     while !flag.load(Acquire) {
///         if !pool_core::help_one() {
///             std::thread::yield_now();
///         }
///     }
/// }
/// # wait_for(&AtomicBool::new(true));
/// ```
pub fn help_one() -> bool {
    help(Reach::Any)
}

/// As [`help_one`], of what this worker has forked or spawned, where that lies apart from the rest (in pool-stealing).
pub fn help_own() -> bool {
    help(Reach::Own)
}

fn help(reach: Reach) -> bool {
    current_manager().is_some_and(|(manager, slot)| manager.help(slot, reach))
}
