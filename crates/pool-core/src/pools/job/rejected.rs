//! A job that comes back.

use std::{fmt, mem};

use crate::{Job, Reason};

/// A job that the pool did not take. It comes back whole, with the reason.
///
/// Running [`Rejected::into_job`] by hand is as good as the pool running it: a job of a handle still completes its
/// handle. If it is dropped, the job is, for this reason: [`on_unrun`](crate::Attributes::on_unrun) gets it.
///
/// ```
/// use pool_core::{Job, Reason, Rejected};
/// let rejected = Rejected::new(Job::new(|| println!("run by hand")), Reason::Full);
/// assert_eq!(rejected.to_string(), "job rejected: the queue is full");
/// rejected.into_job().run();
/// ```
#[derive(thiserror::Error)]
#[error("job rejected: {reason}")]
pub struct Rejected {
    job: Job,
    reason: Reason,
}

impl Rejected {
    /// This job, rejected for this reason.
    pub fn new(job: Job, reason: Reason) -> Self {
        Rejected { job, reason }
    }

    /// Why it was rejected.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The job itself.
    pub fn into_job(mut self) -> Job {
        self.take_job()
    }

    /// Leaves nothing that is to be dropped.
    fn take_job(&mut self) -> Job {
        mem::replace(&mut self.job, Job::noop())
    }
}

impl Drop for Rejected {
    fn drop(&mut self) {
        self.take_job().discard(self.reason);
    }
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("reason", &self.reason).finish_non_exhaustive()
    }
}
