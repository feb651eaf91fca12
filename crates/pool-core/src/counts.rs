//! What a pool has counted, as plain data.

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
    /// Jobs that the pool had accepted and gave up: displaced by others, or handed out by `shutdown_now`.
    pub discarded: u64,
    /// Jobs that wait.
    pub queued: u64,
    /// Jobs that have started and not ended. A job that waits for another, and runs it in place, makes two.
    pub running: u64,
}

impl Counts {
    /// The sum of everything that can have become of a job.
    pub fn accounted(&self) -> u64 {
        self.completed
            + self.panicked
            + self.cancelled
            + self.expired
            + self.rejected
            + self.discarded
            + self.queued
            + self.running
    }
}

/// [`Counts`], and what each worker did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The jobs of the whole pool.
    pub counts: Counts,
    /// The longest queue that anyone saw. Workers look at each of their first 64 jobs and at every 64th
    /// later; a snapshot looks too.
    pub longest_queue: u64,
    /// How many workers there are and were.
    pub staff: Staff,
    /// Each seat for a worker, by its number.
    pub workers: Vec<WorkerStats>,
}

/// How many workers a pool has and had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Staff {
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
    /// How often a worker could not be started since then: the system refused a thread, or the start hook panicked.
    pub failed_starts: u64,
}

impl Staff {
    /// Always the same number.
    pub(crate) fn constant(workers: usize) -> Self {
        Staff { now: workers, wanted: workers, lowest: workers, highest: workers, ..Staff::default() }
    }
}

/// What one worker did, or the successive workers in one seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStats {
    /// Jobs that it ran to their end.
    pub completed: u64,
    /// Jobs that panicked under it.
    pub panicked: u64,
    /// Time that it did not wait for work.
    pub busy: Duration,
    /// How often it waited for work.
    pub parks: u64,
    /// How often it died and was replaced.
    pub replaced: u64,
}

impl WorkerStats {
    /// Jobs that it ran, whatever came of them.
    pub fn jobs(&self) -> u64 {
        self.completed + self.panicked
    }

    /// The time that an average job took: busy time divided by jobs. It includes taking the job from the queue; no
    /// clock is read for it while jobs follow each other. Zero before the first job.
    pub fn average_job(&self) -> Duration {
        match self.jobs() {
            0 => Duration::ZERO,
            jobs => Duration::from_nanos((self.busy.as_nanos() / u128::from(jobs)) as u64),
        }
    }
}
