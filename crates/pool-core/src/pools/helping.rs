//! What a worker does while it waits in the midst of a job.
//!
//! The pool runs the loop, in `thread_pool`; here is what the places that wait tell it.

use std::fmt;
use std::time::Instant;

/// What a worker runs while it waits in the midst of a job: for a handle, a group of handles, a scope, the other half of a join, a
/// broadcast, or for another pool's [`install`](crate::PoolExt::install). Waits with a limit run nothing: a stranger's job may take
/// longer. See [`Builder::helping`](crate::Builder::helping).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Helping {
    /// What it waits for, and nothing else: the default. That includes what this waits for in turn, such as the jobs of a scope that a job
    /// of its scope has opened. So a job that holds a lock, or has put something aside in a
    /// thread-local value, meets no stranger there, and waits nest no deeper than the program's own calls.
    #[default]
    Own,
    /// Any work of its pool: what it waits for first, then its own forks and the jobs that it spawned, then its mail, then
    /// whatever others have queued or forked. It parks only when there is nothing, and a push wakes it as it wakes an idle worker.
    ///
    /// This is how rayon's workers wait. It keeps every worker busy, and lets jobs wait for each other by channels or barriers, as
    /// long as no cycle lies on one stack. In return a job must not wait while it holds a lock that other jobs take, and
    /// waits of strangers lie on each other: give such workers a larger [stack](crate::Builder::stack_size).
    Any,
}

impl fmt::Display for Helping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Helping::Own => "own",
            Helping::Any => "any",
        })
    }
}

/// How far a worker looks for work while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// At what this worker has forked or spawned, as far as that lies apart from the rest.
    Own,
    /// At everything that a worker of the pool may take.
    Any,
}

/// What a worker waits for in the midst of a job.
///
/// A worker that finds nothing to do parks, as an idle worker does.
pub trait Awaited {
    /// Whether it has come.
    fn is_over(&self) -> bool;

    /// Has the calling thread unparked, after it has come or [`run_own`](Awaited::run_own) has something to run. Called before
    /// each look that precedes a sleep.
    fn announce(&self);

    /// Runs something that brings the end nearer. Returns whether there was something. If so, it calls `found` before it runs that: a
    /// worker that was woken to search for the others searches no more.
    fn run_own(&self, found: &mut dyn FnMut()) -> bool {
        let _ = found;
        false
    }

    /// Whether the worker is not to sleep.
    fn is_ready(&self) -> bool {
        self.is_over()
    }

    /// When it [is over](Awaited::is_over) by itself, if so; a worker that sleeps wakes up then.
    fn until(&self) -> Option<Instant> {
        None
    }
}
