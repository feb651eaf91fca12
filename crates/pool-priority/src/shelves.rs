//! One queue for each level, a bitmap of the levels that have jobs, and the rule by which they take turns.

use std::collections::VecDeque;

use pool_core::Job;

/// How many levels there can be: as many as a `u64` has bits, and as `Priority` has steps.
pub(crate) const MOST_LEVELS: usize = 64;

/// Jobs by level, 0 being the most urgent.
pub(crate) struct Shelves {
    levels: Box<[Level]>,
    /// Bit n is set if level n has a job.
    waiting: u64,
    /// How many pops there have been.
    pops: u64,
    /// A level that so many pops have passed is overdue.
    overdue_after: Option<u64>,
}

struct Level {
    jobs: VecDeque<Job>,
    /// The number of pops when the level last gave a job or got its first.
    since: u64,
}

impl Shelves {
    /// `patience` is the most pops that may pass a waiting level; at least the number of levels.
    pub(crate) fn new(levels: usize, patience: Option<u64>) -> Self {
        let levels = (0..levels).map(|_| Level { jobs: VecDeque::new(), since: 0 }).collect::<Box<[_]>>();
        // When a level becomes overdue, each of the others may be so for longer, once. So this much earlier keeps the
        // promise for all of them.
        let overdue_after = patience.map(|pops| pops.saturating_sub(levels.len() as u64));
        Shelves { levels, waiting: 0, pops: 0, overdue_after }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(crate) fn push(&mut self, level: usize, job: Job) {
        let shelf = &mut self.levels[level];
        if shelf.jobs.is_empty() {
            shelf.since = self.pops;
            self.waiting |= 1 << level;
        }
        shelf.jobs.push_back(job);
    }

    /// The oldest job of the most urgent level, unless another level is overdue: then of the one that has waited longest.
    pub(crate) fn pop(&mut self) -> Option<Job> {
        if self.waiting == 0 {
            return None;
        }
        let urgent = self.waiting.trailing_zeros() as usize;
        let level = self.overdue(urgent).unwrap_or(urgent);
        self.pops += 1;
        let shelf = &mut self.levels[level];
        let job = shelf.jobs.pop_front();
        shelf.since = self.pops;
        if shelf.jobs.is_empty() {
            self.waiting &= !(1 << level);
        }
        job
    }

    /// The level that has been overdue for longest, if any is. Looks at every level that waits,
    /// unless there is only one.
    fn overdue(&self, urgent: usize) -> Option<usize> {
        let limit = self.overdue_after.filter(|_| self.waiting != 1 << urgent)?;
        let longest = bits(self.waiting).min_by_key(|&level| self.levels[level].since)?;
        (self.pops - self.levels[longest].since >= limit).then_some(longest)
    }

    /// Everything, most urgent first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Job> + '_ {
        self.waiting = 0;
        self.levels.iter_mut().flat_map(|level| level.jobs.drain(..))
    }
}

/// The positions of the bits that are set.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(lowest)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Shelves whose jobs report a number when they run.
    struct Bench {
        shelves: Shelves,
        report: mpsc::Sender<usize>,
        ran: mpsc::Receiver<usize>,
    }

    impl Bench {
        fn new(levels: usize, patience: Option<u64>) -> Self {
            let (report, ran) = mpsc::channel();
            Bench { shelves: Shelves::new(levels, patience), report, ran }
        }

        fn push(&mut self, level: usize, number: usize) {
            let report = self.report.clone();
            self.shelves.push(level, Job::new(move || report.send(number).unwrap()));
        }

        fn pop(&mut self) -> Option<usize> {
            self.shelves.pop().map(|job| {
                job.run();
                self.ran.recv().unwrap()
            })
        }
    }

    #[test]
    fn urgent_first_and_first_in_first_out_within_a_level() {
        let mut bench = Bench::new(64, None);
        for (level, number) in [(63, 0), (0, 1), (5, 2), (0, 3), (63, 4), (5, 5)] {
            bench.push(level, number);
        }
        let order: Vec<_> = std::iter::from_fn(|| bench.pop()).collect();
        assert_eq!(order, [1, 3, 2, 5, 0, 4]);
        assert!(bench.shelves.is_empty());
    }

    #[test]
    fn without_aging_a_low_level_waits_for_ever() {
        let mut bench = Bench::new(2, None);
        bench.push(1, 1000);
        for number in 0..500 {
            bench.push(0, number);
            assert_eq!(bench.pop(), Some(number));
        }
    }

    #[test]
    fn no_waiting_level_is_passed_more_often_than_promised() {
        for levels in [2, 3, 8, 64] {
            for patience in [levels as u64, 100, 1000] {
                let mut bench = Bench::new(levels, Some(patience));
                let mut passed = vec![0_u64; levels];
                for level in 0..levels {
                    bench.push(level, level);
                }
                for _ in 0..20_000 {
                    // The number is the level; each level is filled up again, so all of them wait all the time.
                    let level = bench.pop().unwrap();
                    bench.push(level, level);
                    for (other, count) in passed.iter_mut().enumerate() {
                        *count = if other == level { 0 } else { *count + 1 };
                        assert!(
                            *count <= patience,
                            "{levels} levels, {patience}: level {other} passed {count}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn draining_gives_everything_most_urgent_first() {
        let mut bench = Bench::new(4, Some(10));
        for (level, number) in [(3, 0), (1, 1), (2, 2), (1, 3)] {
            bench.push(level, number);
        }
        for job in bench.shelves.drain() {
            job.run();
        }
        assert_eq!(bench.ran.try_iter().collect::<Vec<_>>(), [1, 3, 2, 0]);
        assert_eq!(bench.pop(), None);
    }
}
