//! How many jobs a worker takes from the injector at once.
//!
//! What lies in a run queue behind a long job is taken by a thief only when the injector is empty, so that under load
//! later jobs overtake it. So a worker takes from the injector what it has lately run in about [`AHEAD`]: jobs of 100 microseconds
//! one at a time, which is the order of a queue that all share, and jobs of one microsecond or less [`BATCH`] at a time. The
//! clock is read once in [`TURNS`] times that a worker takes jobs from there.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The most jobs that a worker takes into its run queue at once.
///
/// Enough to make the cost of sharing small; few enough that one worker does not hoard.
pub(crate) const BATCH: usize = 32;

/// As many jobs as a worker runs in about this time it takes from the injector at once.
const AHEAD: Duration = Duration::from_micros(50);

/// How often a worker takes jobs from the injector between two looks at the clock.
const TURNS: u32 = 16;

/// How many jobs the worker takes from the injector at once.
pub(crate) struct RefillLimit {
    limit: Cell<usize>,
    /// How often it has taken some, and how many in all, since it last read the clock.
    turns: Cell<u32>,
    jobs: Cell<u32>,
    since: Cell<Option<Instant>>,
}

impl RefillLimit {
    pub(crate) fn new() -> Self {
        let (turns, jobs) = (Cell::new(0), Cell::new(0));
        RefillLimit { limit: Cell::new(BATCH), turns, jobs, since: Cell::new(None) }
    }

    /// So many at most.
    #[inline]
    pub(crate) fn limit(&self) -> usize {
        self.limit.get()
    }

    /// So many were taken.
    #[inline]
    pub(crate) fn note(&self, jobs: usize) {
        self.jobs.set(self.jobs.get() + jobs as u32);
        self.turns.set(self.turns.get() + 1);
        if self.turns.get() == TURNS {
            self.adapt(Instant::now());
        }
    }

    /// What the worker did besides counts as if the jobs had been longer: then it takes fewer, and soon sees that it may
    /// take more.
    #[cold]
    fn adapt(&self, now: Instant) {
        self.turns.set(0);
        let (jobs, since) = (self.jobs.replace(0), self.since.replace(Some(now)));
        let Some(took) = since.map(|since| now.saturating_duration_since(since)) else { return };
        let in_time = AHEAD.as_nanos() * u128::from(jobs) / took.as_nanos().max(1);
        self.limit.set(in_time.clamp(1, BATCH as u128) as usize);
    }
}

#[cfg(test)]
impl RefillLimit {
    /// As after some turns in which as many jobs as allowed were taken, each so long.
    pub(crate) fn have_taken(&self, length: Duration) {
        let mut now = self.since.get().unwrap_or_else(Instant::now);
        for _ in 0..3 {
            let jobs = TURNS * self.limit.get() as u32;
            self.jobs.set(jobs);
            now += length * jobs;
            self.adapt(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_jobs_are_taken_one_at_a_time_and_short_ones_in_batches() {
        let refill = RefillLimit::new();
        assert_eq!(refill.limit(), BATCH);
        for (length, limit) in [
            (Duration::from_micros(100), 1),
            (Duration::from_micros(10), 5),
            (Duration::from_nanos(100), BATCH),
        ] {
            refill.have_taken(length);
            assert_eq!(refill.limit(), limit);
        }
    }
}
