//! What a pool has counted, as plain data.

use std::fmt;
use std::time::Duration;

/// How many jobs a pool has seen, and what became of them.
///
/// Jobs are counted, not the messages that carry them: a job that its waiter ran in place counts once, where it ran.
/// Every job has one outcome, so at rest
///
/// ```text
/// submitted = completed + panicked + cancelled + expired + rejected + discarded + queued + running
/// ```
///
/// and while jobs move, `submitted` is never less than the sum of the outcomes. The halves of a
/// [`join`](crate::PoolExt::join) are not jobs and are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Counts {
    /// Jobs that were submitted, accepted or not.
    pub submitted: u64,
    /// Jobs that ran to their end.
    pub completed: u64,
    /// Jobs that panicked.
    pub panicked: u64,
    /// Jobs that were cancelled before they started.
    pub cancelled: u64,
    /// Jobs whose time to start had passed.
    pub expired: u64,
    /// Jobs that were handed back to their submitter.
    pub rejected: u64,
    /// Jobs that the pool had accepted and gave up: displaced by others, handed out by `shutdown_now`, or come up after it.
    pub discarded: u64,
    /// Jobs that wait.
    pub queued: u64,
    /// Jobs that have started and not ended. A job that waits for another, and runs it in place, makes two.
    pub running: u64,
}

impl Counts {
    /// The sum of everything that can have become of a job.
    pub fn accounted(&self) -> u64 {
        let ended =
            [self.completed, self.panicked, self.cancelled, self.expired, self.rejected, self.discarded];
        ended.into_iter().fold(self.queued.saturating_add(self.running), u64::saturating_add)
    }
}

/// [`Counts`], and what each worker did.
///
/// With the feature `serde` it can be stored, as can all that is in it and [`Timings`](crate::Timings):
///
/// ```
/// # #[cfg(feature = "serde")] {
/// # fn check(pool: &dyn pool_core::Pool) -> Result<(), Box<dyn std::error::Error>> {
/// use pool_core::Stats;
/// let stats = pool.stats();
/// let stored = serde_json::to_string(&stats)?;
/// assert_eq!(serde_json::from_str::<Stats>(&stored)?, stats);
/// # Ok(()) }
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Stats {
    /// The jobs of the whole pool.
    pub counts: Counts,
    /// The longest queue that anyone saw. Workers look at each of their first 64 jobs and at every 64th
    /// later; a snapshot looks too.
    pub longest_queue: u64,
    /// The most jobs that anyone saw running at once; the same looks. A job that waits for another, and runs it in place, makes two.
    pub most_running: u64,
    /// Panics of the panic handler, of hooks (around jobs, for overdue ones, at a worker's end), of the observer, and of payloads that were
    /// dropped because they were not handled. One in the start hook is a [failed start](WorkerCounts::failed_starts).
    pub handler_panics: u64,
    /// How many workers there are and were.
    pub worker_counts: WorkerCounts,
    /// Each slot for a worker, by its number.
    pub workers: Vec<WorkerStats>,
}

impl Stats {
    /// How many workers have died and were replaced.
    pub fn replaced(&self) -> u64 {
        self.workers.iter().map(|worker| worker.replaced).sum()
    }

    /// How often a worker took work from another.
    pub fn steals(&self) -> u64 {
        self.workers.iter().map(|worker| worker.steals).sum()
    }
}

/// How many workers a pool has and had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct WorkerCounts {
    /// Workers now, those that are about to start included.
    pub now: usize,
    /// Workers wanted: as built, resized or scaled.
    pub wanted: usize,
    /// Workers that are blocked, for which others may stand in.
    pub blocked: usize,
    /// The fewest that there ever were since the pool was built.
    pub lowest: usize,
    /// The most.
    pub highest: usize,
    /// How often a thread could not be started since then: the system refused it (a worker's, or the one that watches run
    /// limits), or the start hook panicked.
    pub failed_starts: u64,
}

impl WorkerCounts {
    /// Always the same number.
    pub(crate) fn constant(workers: usize) -> Self {
        WorkerCounts {
            now: workers,
            wanted: workers,
            lowest: workers,
            highest: workers,
            ..WorkerCounts::default()
        }
    }
}

/// What one worker did, or the successive workers in one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct WorkerStats {
    /// Jobs that it ran to their end.
    pub completed: u64,
    /// Jobs that panicked under it.
    pub panicked: u64,
    /// Time that it did not wait for work.
    #[cfg_attr(feature = "serde", serde(rename = "busy_ns", with = "crate::observe::serialize::nanos"))]
    pub busy: Duration,
    /// How often it waited for work.
    pub parks: u64,
    /// How often it took work from another worker: some jobs at once, or half of a join.
    pub steals: u64,
    /// Jobs that it took from other workers.
    pub stolen_jobs: u64,
    /// How often it died and was replaced.
    pub replaced: u64,
}

impl WorkerStats {
    /// Jobs that it ran, whatever came of them.
    pub fn jobs(&self) -> u64 {
        self.completed + self.panicked
    }

    /// The time that an average job took: busy time divided by jobs. It includes taking the job from the queue; no
    /// clock is read for it while jobs follow each other. Zero before the first job. The halves of joins are no jobs, but
    /// the time that a worker spends on stolen ones counts; where there are many the average says little.
    pub fn average_job(&self) -> Duration {
        match self.jobs() {
            0 => Duration::ZERO,
            jobs => {
                let average = self.busy.as_nanos() / u128::from(jobs);
                Duration::from_nanos(u64::try_from(average).unwrap_or(u64::MAX))
            }
        }
    }
}

/// A line for the outcomes and one for each worker.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; longest queue {}; {}", self.counts, self.longest_queue, self.worker_counts)?;
        if self.handler_panics != 0 {
            write!(f, "; panics of handlers and hooks: {}", self.handler_panics)?;
        }
        for (index, worker) in self.workers.iter().enumerate() {
            write!(f, "\nworker {index}: {worker}")?;
        }
        Ok(())
    }
}

/// In one line; outcomes that did not occur are left out.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} submitted", self.submitted)?;
        let outcomes = [
            ("completed", self.completed),
            ("panicked", self.panicked),
            ("cancelled", self.cancelled),
            ("expired", self.expired),
            ("rejected", self.rejected),
            ("discarded", self.discarded),
            ("queued", self.queued),
            ("running", self.running),
        ];
        outcomes
            .iter()
            .filter(|(_, jobs)| *jobs != 0)
            .try_for_each(|(what, jobs)| write!(f, ", {jobs} {what}"))
    }
}

/// A few words; what is zero most of the time is left out then.
impl fmt::Display for WorkerCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "workers: {} ({} to {})", self.now, self.lowest, self.highest)?;
        let rare = [("blocked", self.blocked as u64), ("failed to start", self.failed_starts)];
        rare.iter().filter(|(_, workers)| *workers != 0).try_for_each(|(what, n)| write!(f, ", {n} {what}"))
    }
}

/// In one line.
impl fmt::Display for WorkerStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} jobs of {:?} on average, {} panicked; busy for {:?}; {} parks, {} steals ({} jobs), {} replaced",
            self.jobs(),
            self.average_job(),
            self.panicked,
            self.busy,
            self.parks,
            self.steals,
            self.stolen_jobs,
            self.replaced
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_fit_on_a_line_each() {
        let counts = Counts { submitted: 5, completed: 3, panicked: 1, queued: 1, ..Counts::default() };
        let busy = Duration::from_micros(40);
        let worker = WorkerStats { completed: 3, panicked: 1, busy, parks: 2, ..WorkerStats::default() };
        let worker_counts = WorkerCounts { failed_starts: 2, ..WorkerCounts::constant(1) };
        let stats = Stats {
            counts,
            longest_queue: 4,
            handler_panics: 1,
            worker_counts,
            workers: vec![worker],
            ..Stats::default()
        };
        let lines = [
            "5 submitted, 3 completed, 1 panicked, 1 queued; longest queue 4; workers: 1 (1 to 1), \
             2 failed to start; panics of handlers and hooks: 1",
            "worker 0: 4 jobs of 10µs on average, 1 panicked; busy for 40µs; 2 parks, 0 steals (0 jobs), 0 replaced",
        ];
        assert_eq!(stats.to_string(), lines.join("\n"));
    }
}
