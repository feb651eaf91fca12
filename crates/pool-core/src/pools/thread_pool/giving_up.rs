//! What becomes of jobs that no worker will run.

use std::sync::PoisonError;

use super::core::Core;
use crate::strategy::{Outlet, Strategy};
use crate::{Job, Reason};

impl<S: Strategy> Core<S> {
    /// Takes out what is queued and gives it up, for a `shutdown_now`.
    pub(super) fn set_aside_queued(&self) {
        let mut jobs = Vec::new();
        // Held until all are kept, or those that others take out later would come before them.
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.drain(&mut jobs);
        jobs.extend(self.side_queue.take_jobs(&self.lifecycle.signals));
        jobs.extend(self.mailboxes.take_all(&self.lifecycle.signals));
        let kept = self.keep(jobs);
        drop(spare);
        self.discard_unkept(kept, self.lifecycle.why_closed());
    }

    /// Gives up the jobs whose time has not come, which count from here on. The pool takes nothing more.
    pub(super) fn give_up_timed(&self) {
        let timed = self.context.timers().close();
        timed.iter().for_each(|_| self.context.admit_scoped());
        self.set_aside(timed, self.lifecycle.why_closed());
    }

    /// Gives up jobs that no worker will run: to the calls of `shutdown_now` that are under way, or else for good.
    ///
    /// Then their destructors run here, which may wait for the end of the pool. So the caller is not inside the gate, and
    /// holds no lock.
    pub(super) fn set_aside(&self, jobs: Vec<Job>, reason: Reason) {
        self.discard_unkept(self.keep(jobs), reason);
    }

    fn keep(&self, jobs: Vec<Job>) -> Result<Vec<Job>, Vec<Job>> {
        self.lifecycle.put_aside(jobs, |job| self.context.release(job))
    }

    fn discard_unkept(&self, kept: Result<Vec<Job>, Vec<Job>>, reason: Reason) {
        let discard = |job| self.context.discard(job, reason);
        match kept {
            // A thread that waits behind a message learns the reason. A job has ended in another way, and is counted.
            Ok(rest) => rest.into_iter().filter(|job| !job.is_job()).for_each(discard),
            Err(jobs) => jobs.into_iter().for_each(discard),
        }
    }

    /// Gives up what is queued. What lies in mailboxes stays there.
    pub(super) fn give_up_queued(&self, reason: Reason) {
        let mut jobs = Vec::new();
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).drain(&mut jobs);
        // Dropping a ticket tells the waiters of its scope.
        jobs.extend(self.side_queue.take_all(&self.lifecycle.signals));
        self.set_aside(jobs, reason);
    }
}
