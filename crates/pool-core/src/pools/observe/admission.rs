//! Admission by predicted wait: a job that would have to wait too long is turned away at once.
//!
//! The wait is predicted from the length of the queue and the time that jobs have taken of late (Little's law, for a queue
//! that is emptied by so many workers). That time comes from the workers' busy time, which they keep anyway, so no job
//! costs a reading of the clock; each submission costs one, and a look at every worker's counters.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many jobs have to end before the average is taken anew.
const WINDOW: u64 = 32;

pub(crate) struct Admission {
    limit: Duration,
    average_run_time: Mutex<AverageRunTime>,
}

/// What the workers have done in all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Work {
    pub(crate) jobs: u64,
    /// In nanoseconds, which 584 years of work are too many of for 64 bits.
    pub(crate) busy: u128,
}

impl Work {
    /// `None` before the first job has ended.
    fn average(self) -> Option<u128> {
        self.busy.checked_div(u128::from(self.jobs))
    }
}

#[derive(Default)]
struct AverageRunTime {
    /// What had been done when the average was last taken.
    before: Work,
    /// In nanoseconds a job; half of it is of the last window, a quarter of the one before that, and so on.
    average: Option<u128>,
}

impl AverageRunTime {
    fn average(&mut self, now: Work) -> Option<u128> {
        let jobs = now.jobs.saturating_sub(self.before.jobs);
        if jobs >= WINDOW {
            let recent = now.busy.saturating_sub(self.before.busy) / u128::from(jobs);
            self.average = Some(self.average.map_or(recent, |before| u128::midpoint(before, recent)));
            self.before = now;
        }
        self.average.or_else(|| now.average())
    }
}

impl Admission {
    pub(crate) fn within(limit: Duration) -> Self {
        Admission { limit, average_run_time: Mutex::default() }
    }

    /// Whether a job that finds so many others queued is likely to start in time. While no job has ended, any is.
    pub(crate) fn admits(&self, queued: u64, workers: usize, work: Work) -> bool {
        let average = self.average_run_time.lock().unwrap_or_else(PoisonError::into_inner).average(work);
        let wait = u128::from(queued).saturating_mul(average.unwrap_or(0)) / workers.max(1) as u128;
        wait <= self.limit.as_nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(jobs: u64, busy_ms: u64) -> Work {
        Work { jobs, busy: u128::from(busy_ms) * 1_000_000 }
    }

    #[test]
    fn it_admits_as_many_as_can_start_in_time() {
        let admission = Admission::within(Duration::from_millis(100));
        // Ten milliseconds a job, two workers: twenty jobs in a hundred milliseconds.
        assert!(admission.admits(20, 2, work(10, 100)));
        assert!(!admission.admits(21, 2, work(10, 100)));
        assert!(admission.admits(21, 3, work(10, 100)));
    }

    #[test]
    fn without_experience_it_admits_everything() {
        let admission = Admission::within(Duration::ZERO);
        assert!(admission.admits(u64::MAX, 1, Work::default()));
        assert!(admission.admits(0, 1, work(1, 1000)), "an empty queue is no wait");
        assert!(!admission.admits(1, 1, work(1, 1000)));
    }

    #[test]
    fn it_follows_what_jobs_take_of_late() {
        let admission = Admission::within(Duration::from_millis(100));
        let mut work = work(1000, 1000);
        assert!(admission.admits(100, 1, work), "a millisecond a job");
        assert!(!admission.admits(101, 1, work));
        for _ in 0..20 {
            work.jobs += WINDOW;
            work.busy += u128::from(WINDOW) * 10_000_000;
            admission.admits(0, 1, work);
        }
        assert!(admission.admits(10, 1, work), "ten milliseconds a job");
        assert!(!admission.admits(11, 1, work));
    }

    /// A hundred workers that have been busy for 146 years each, which is as much as one of them counts.
    #[test]
    fn the_sum_of_busy_times_has_no_end() {
        let admission = Admission::within(Duration::from_millis(100));
        let mut work = Work { jobs: 1 << 40, busy: 100 << 62 };
        assert!(!admission.admits(1, 1, work), "seven minutes a job");
        for _ in 0..64 {
            work = Work { jobs: work.jobs + WINDOW, busy: work.busy + u128::from(WINDOW) * 10_000_000 };
            admission.admits(0, 1, work);
        }
        assert!(admission.admits(10, 1, work), "ten milliseconds a job");
        assert!(!admission.admits(11, 1, work));
        assert!(!admission.admits(u64::MAX, 1, Work { jobs: 1, busy: u128::MAX }));
    }
}
