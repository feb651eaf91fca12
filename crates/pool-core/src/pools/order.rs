//! In which order jobs run that one thread has queued.

/// In which order jobs run that one thread has queued, where a choice is offered: the jobs of a scope, and those that a worker
/// of pool-stealing spawns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOrder {
    /// The oldest first. It is fair to the jobs; of a job that starts jobs that start jobs, a whole generation is queued at once.
    OldestFirst,
    /// The newest first: depth first, so that little is queued at once. Other workers take the oldest, which stands for the most
    /// work where jobs start jobs. The oldest may wait for long.
    NewestFirst,
}
