//! A job that carries the time of its submission.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::Instant;

use crate::book::Desk;
use crate::job::Task;
use crate::ledger::Ledger;
use crate::timing::Timing;
use crate::{Job, Reason};

thread_local! {
    // Neither has a destructor.
    /// When the job was submitted that this thread is about to start.
    static SUBMITTED: Cell<Option<Instant>> = const { Cell::new(None) };
    static DICE: Cell<u32> = const { Cell::new(0) };
}

/// Stamps a job that is being submitted, if it is picked; messages of pool-core's own are not. One that was handed back and
/// is submitted again keeps its first stamp.
pub(crate) fn stamp(job: Job, timing: Timing) -> Job {
    if !job.is_job() || job.is_timed() || !picks(timing) {
        return job;
    }
    Job::from_task(Timed { job, submitted: Instant::now() })
}

/// When the job was submitted that this thread is about to start, if it is stamped. Asked once for each job.
pub(crate) fn take_submitted() -> Option<Instant> {
    SUBMITTED.take()
}

/// Whether the next job is to be timed.
pub(crate) fn picks(timing: Timing) -> bool {
    match timing {
        Timing::Off => false,
        Timing::Sampled(of) => throw().is_multiple_of(of.get()),
        Timing::Every => true,
    }
}

/// A random number (Marsaglia's xorshift): it need not be a good one.
fn throw() -> u32 {
    let mut dice = DICE.get();
    if dice == 0 {
        dice = RandomState::new().hash_one(0_u8) as u32 | 1;
    }
    dice ^= dice << 13;
    dice ^= dice >> 17;
    dice ^= dice << 5;
    DICE.set(dice);
    dice
}

struct Timed {
    job: Job,
    submitted: Instant,
}

impl Task for Timed {
    const IS_TIMED: bool = true;

    fn run(self, desk: Option<Desk<'_>>) -> thread::Result<Option<Job>> {
        let _stamp = Stamp::show(self.submitted);
        self.job.run_at(desk)
    }

    fn discard(self, reason: Reason, ledger: Option<&Ledger>) {
        self.job.discard_at(reason, ledger);
    }

    fn release(&mut self) -> bool {
        self.job.release()
    }
}

/// Shows the time of submission to the desk at which the job starts. There may be nothing left to start, so what
/// was not taken is taken back.
struct Stamp;

impl Stamp {
    fn show(submitted: Instant) -> Self {
        SUBMITTED.set(Some(submitted));
        Stamp
    }
}

impl Drop for Stamp {
    fn drop(&mut self) {
        SUBMITTED.set(None);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn one_in_n_is_picked() {
        let picked = |timing| (0..100_000).filter(|_| picks(timing)).count();
        assert_eq!((picked(Timing::Off), picked(Timing::Every)), (0, 100_000));
        let tenth = picked(Timing::Sampled(NonZeroU32::new(10).unwrap()));
        // Ten standard deviations.
        assert!((9_000..11_000).contains(&tenth), "{tenth}");
    }

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
