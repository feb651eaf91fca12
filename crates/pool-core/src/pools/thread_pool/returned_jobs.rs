//! What `shutdown_now` gives back. Plain data; `Lifecycle` keeps it behind its mutex.
//!
//! It counts the calls of `shutdown_now` under way. A job that is taken out of the queue unrun is kept while there is one, and
//! each call takes what is kept when it returns. While there is none, the thread that took the job out discards it, since no
//! call may ever ask for it. So no job is kept without a call that is still to return, and every handle ends.

use crate::Job;

#[derive(Default)]
pub(super) struct ReturnedJobs {
    /// Calls of `shutdown_now` that have not returned.
    calls: usize,
    /// Empty while there is no call.
    jobs: Vec<Job>,
}

impl ReturnedJobs {
    pub(super) fn begin_call(&mut self) {
        self.calls += 1;
    }

    /// Keeps those of these jobs that are still `live`, and returns the rest. If no call is under way, all come back as the
    /// error.
    pub(super) fn keep(
        &mut self,
        jobs: Vec<Job>,
        mut live: impl FnMut(&mut Job) -> bool,
    ) -> Result<Vec<Job>, Vec<Job>> {
        if self.calls == 0 {
            return Err(jobs);
        }
        let mut rest = Vec::new();
        for mut job in jobs {
            if live(&mut job) { self.jobs.push(job) } else { rest.push(job) }
        }
        Ok(rest)
    }

    /// A call returns, with what is kept now.
    pub(super) fn end_call(&mut self) -> Vec<Job> {
        self.calls -= 1;
        std::mem::take(&mut self.jobs)
    }
}
