//! Boosting a job that a thread waits for: a second ticket, at a more urgent level.
//!
//! A job with a handle is claimed once: by the first worker that pops one of its tickets, or by a waiter.
//! The ticket that is left behind finds nothing to do. Neither ticket is counted as a job; each takes a place in a queue that
//! has a limit. A job that the pool has handed back is not the pool's any more, so a second ticket leaves it alone.

use std::thread;

use crate::job::Runnable;
use crate::job::context::{JobContext, RunContext};
use crate::job::task::Claim;
use crate::sync::task_ref::TaskRef;
use crate::{Job, Reason};

/// The second ticket.
pub(crate) struct Boosted<T>(pub(crate) TaskRef<dyn Claim<T>>);

impl<T> Runnable for Boosted<T> {
    const IS_JOB: bool = false;

    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        self.0.run_boosted(cx).map(|()| None)
    }

    /// The first ticket is still there.
    fn discard(self, _: Reason, _: Option<&JobContext>) {}

    fn release(&mut self) -> bool {
        false
    }
}
