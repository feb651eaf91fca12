//! A job that carries the time of its submission.

use std::thread;
use std::time::Instant;

use crate::job::Runnable;
use crate::job::context::{JobContext, RunContext};
use crate::observe::sampling::{Submitted, picks};
use crate::observe::timing::Timing;
use crate::{Job, Reason};

/// Stamps a job that is being submitted, if it is picked; messages of pool-core's own are not. One that was handed back and
/// is submitted again keeps its first stamp.
pub(crate) fn stamp(job: Job, timing: Timing) -> Job {
    if !job.is_job() || job.is_timed() || !picks(timing) {
        return job;
    }
    Job::from_task(Timed { job, submitted: Instant::now() })
}

struct Timed {
    job: Job,
    submitted: Instant,
}

impl Runnable for Timed {
    const IS_TIMED: bool = true;

    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        let _submitted = Submitted::show(self.submitted);
        self.job.run_at(cx)
    }

    fn discard(self, reason: Reason, context: Option<&JobContext>) {
        self.job.discard_at(reason, context);
    }

    fn release(&mut self) -> bool {
        self.job.release()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::sampling::take_submitted;

    #[test]
    fn a_job_is_stamped_once() {
        let job =
            stamp(stamp(Job::new(|| assert!(take_submitted().is_some())), Timing::Every), Timing::Every);
        assert!(job.is_timed());
        job.run();
        assert!(take_submitted().is_none());
        assert!(!stamp(Job::new(|| ()), Timing::Off).is_timed());
    }
}
