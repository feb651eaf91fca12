//! One queue for each level, a bitmap of the levels that have jobs, and the rule by which they take turns.

use std::collections::VecDeque;

use pool_core::Job;
use pool_core::strategy::KEPT_JOBS;

/// How many levels there can be: as many as a `u64` has bits, and as `Priority` has steps.
pub(crate) const MOST_LEVELS: usize = 64;

/// Jobs by level, 0 being the most urgent.
///
/// Where there are express workers, who serve only the top levels and tickets, the tickets lie apart, and in their
/// level lies a mark for each, so that everybody else finds them in turn. A ticket that an express worker takes leaves its mark
/// behind; these are the oldest marks, since tickets are taken oldest first, and they are counted and skipped.
pub(crate) struct LevelQueue {
    levels: Box<[Level]>,
    /// Bit n is set if level n has a job.
    waiting: u64,
    /// How many pops there have been.
    pops: u64,
    /// A level that so many pops have passed is overdue.
    overdue_after: Option<u64>,
    /// The levels that express workers serve; none if there are no such workers.
    top: u64,
    tickets: VecDeque<Job>,
    ticket_level: usize,
    /// Marks whose tickets are gone.
    stale: usize,
    /// Bit n is set if level n has been empty and had room for more jobs than it keeps.
    roomy: u64,
    /// The number of pops when it was last asked whether the room is needed.
    pops_before: u64,
}

/// Room that was given back: to be dropped without the mutex, since that may take a millisecond.
pub(crate) struct Room {
    _levels: Vec<VecDeque<Option<Job>>>,
    _tickets: VecDeque<Job>,
}

struct Level {
    /// `None` is the mark of a ticket.
    jobs: VecDeque<Option<Job>>,
    /// The number of pops when the level last gave a job or got its first.
    since: u64,
}

impl LevelQueue {
    /// `patience` is the most pops that may pass a waiting level; at least the number of levels.
    pub(crate) fn new(levels: usize, patience: Option<u64>) -> Self {
        let levels = (0..levels).map(|_| Level { jobs: VecDeque::new(), since: 0 }).collect::<Box<[_]>>();
        // When a level becomes overdue, each of the others may be so for longer, once. So this much earlier keeps the
        // promise for all of them.
        let overdue_after = patience.map(|pops| pops.saturating_sub(levels.len() as u64));
        let (tickets, ticket_level, stale) = (VecDeque::new(), 0, 0);
        let (roomy, pops_before) = (0, 0);
        LevelQueue {
            levels,
            waiting: 0,
            pops: 0,
            overdue_after,
            top: 0,
            tickets,
            ticket_level,
            stale,
            roomy,
            pops_before,
        }
    }

    /// With express workers for so many top levels (fewer than there are), if any, and tickets at this level.
    pub(crate) fn with_express(mut self, top: usize, ticket_level: usize) -> Self {
        self.top = (1 << top) - 1;
        self.ticket_level = ticket_level;
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Bit n is set if level n has a job.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Whether there is something for an express worker.
    pub(crate) fn has_express(&self) -> bool {
        self.waiting & self.top != 0 || !self.tickets.is_empty()
    }

    /// Whether express workers serve this level.
    pub(crate) fn is_express_level(&self, level: usize) -> bool {
        self.top & (1 << level) != 0
    }

    pub(crate) fn push(&mut self, level: usize, job: Job) {
        self.put(level, Some(job));
    }

    pub(crate) fn push_ticket(&mut self, ticket: Job) {
        if self.top == 0 {
            return self.push(self.ticket_level, ticket);
        }
        self.tickets.push_back(ticket);
        self.put(self.ticket_level, None);
    }

    fn put(&mut self, level: usize, job: Option<Job>) {
        let level_jobs = &mut self.levels[level];
        if level_jobs.jobs.is_empty() {
            level_jobs.since = self.pops;
            self.waiting |= 1 << level;
        }
        level_jobs.jobs.push_back(job);
    }

    /// The oldest job of the most urgent level, unless another level is overdue: then of the one that has waited longest.
    pub(crate) fn pop(&mut self) -> Option<Job> {
        if self.waiting == 0 {
            return None;
        }
        let urgent = self.waiting.trailing_zeros() as usize;
        let level = self.overdue(urgent).unwrap_or(urgent);
        self.pops += 1;
        self.levels[level].since = self.pops;
        self.take(level)
    }

    /// For an express worker: the oldest job of the most urgent level that it serves, or else a ticket. Aging does not
    /// count it: it is not taken from those below, whom this worker does not serve.
    pub(crate) fn pop_express(&mut self) -> Option<Job> {
        let top = self.waiting & self.top;
        if top != 0 {
            return self.take(top.trailing_zeros() as usize);
        }
        let ticket = self.tickets.pop_front()?;
        self.stale += 1;
        self.note_rest(self.ticket_level);
        Some(ticket)
    }

    /// The oldest of a level that has something.
    #[inline]
    fn take(&mut self, level: usize) -> Option<Job> {
        let jobs = &mut self.levels[level].jobs;
        let Some(job) = jobs.pop_front()? else { return self.take_ticket(level) };
        if jobs.len() <= self.stale {
            self.note_rest(level);
        }
        Some(job)
    }

    /// A mark was taken, at the level that has something.
    #[cold]
    fn take_ticket(&mut self, level: usize) -> Option<Job> {
        if self.stale > 0 {
            self.stale -= 1;
            return self.take(level);
        }
        let ticket = self.tickets.pop_front();
        self.note_rest(level);
        ticket
    }

    /// Looks whether anything but stale marks is left in a level from which something was taken.
    fn note_rest(&mut self, level: usize) {
        let stale = if level == self.ticket_level { self.stale } else { 0 };
        let jobs = &mut self.levels[level].jobs;
        if jobs.len() == stale {
            jobs.clear();
            self.waiting &= !(1 << level);
            self.stale -= stale;
            if jobs.capacity() > KEPT_JOBS {
                self.roomy |= 1 << level;
            }
        }
    }

    /// Whether all levels are empty and there is room to give back; and then, whether that was needed since this was last
    /// asked. A queue of so many jobs takes as many pops, so if there were fewer than a quarter of the room, it was not.
    pub(crate) fn needs_room(&mut self) -> Option<bool> {
        if self.roomy == 0 || self.waiting != 0 {
            return None;
        }
        let pops = self.pops - std::mem::replace(&mut self.pops_before, self.pops);
        let room = bits(self.roomy).map(|level| self.levels[level].jobs.capacity()).max();
        room.map(|room| pops >= room as u64 / 4)
    }

    /// Gives back the room of all levels, which are empty. Where tickets lie apart, there are as many marks.
    pub(crate) fn take_room(&mut self) -> Room {
        let roomy = bits(std::mem::take(&mut self.roomy));
        let levels = roomy.map(|level| std::mem::take(&mut self.levels[level].jobs)).collect();
        Room { _levels: levels, _tickets: std::mem::take(&mut self.tickets) }
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
        std::iter::from_fn(|| match self.waiting {
            0 => None,
            waiting => self.take(waiting.trailing_zeros() as usize),
        })
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
        level_queue: LevelQueue,
        report: mpsc::Sender<usize>,
        ran: mpsc::Receiver<usize>,
    }

    impl Bench {
        fn new(levels: usize, patience: Option<u64>) -> Self {
            let (report, ran) = mpsc::channel();
            Bench { level_queue: LevelQueue::new(levels, patience), report, ran }
        }

        fn push(&mut self, level: usize, number: usize) {
            let report = self.report.clone();
            self.level_queue.push(level, Job::new(move || report.send(number).unwrap()));
        }

        fn push_ticket(&mut self, number: usize) {
            let report = self.report.clone();
            self.level_queue.push_ticket(Job::new(move || report.send(number).unwrap()));
        }

        fn pop(&mut self) -> Option<usize> {
            let job = self.level_queue.pop();
            self.number(job)
        }

        fn pop_express(&mut self) -> Option<usize> {
            let job = self.level_queue.pop_express();
            self.number(job)
        }

        fn number(&self, job: Option<Job>) -> Option<usize> {
            job.map(|job| {
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
        assert!(bench.level_queue.is_empty());
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
    fn express_takes_the_top_levels_and_tickets_and_nothing_else() {
        let mut bench = Bench::new(4, None);
        bench.level_queue = LevelQueue::new(4, None).with_express(2, 2);
        for (level, number) in [(3, 0), (1, 1), (2, 2), (0, 3)] {
            bench.push(level, number);
        }
        bench.push_ticket(4);
        bench.push(2, 5);
        let express: Vec<_> = std::iter::from_fn(|| bench.pop_express()).collect();
        assert_eq!(express, [3, 1, 4]);
        assert!(!bench.level_queue.has_express() && !bench.level_queue.is_empty());
        let rest: Vec<_> = std::iter::from_fn(|| bench.pop()).collect();
        assert_eq!(rest, [2, 5, 0]);
        assert!(bench.level_queue.is_empty());
    }

    #[test]
    fn a_ticket_has_its_turn_among_the_jobs_of_its_level() {
        let mut bench = Bench::new(2, None);
        bench.level_queue = LevelQueue::new(2, None).with_express(1, 1);
        for number in [0, 2, 4] {
            bench.push(1, number);
            bench.push_ticket(number + 1);
        }
        assert_eq!((bench.pop(), bench.pop_express()), (Some(0), Some(1)));
        let rest: Vec<_> = std::iter::from_fn(|| bench.pop()).collect();
        assert_eq!(rest, [2, 3, 4, 5]);
        // A level that holds nothing but old marks is empty, and draining skips them.
        bench.push_ticket(6);
        bench.push_ticket(7);
        assert_eq!(bench.pop_express(), Some(6));
        assert_eq!(bench.level_queue.drain().count(), 1);
        bench.push_ticket(8);
        assert_eq!(bench.pop_express(), Some(8));
        assert!(bench.level_queue.is_empty() && bench.pop().is_none());
    }

    #[test]
    fn draining_gives_everything_most_urgent_first() {
        let mut bench = Bench::new(4, Some(10));
        for (level, number) in [(3, 0), (1, 1), (2, 2), (1, 3)] {
            bench.push(level, number);
        }
        for job in bench.level_queue.drain() {
            job.run();
        }
        assert_eq!(bench.ran.try_iter().collect::<Vec<_>>(), [1, 3, 2, 0]);
        assert_eq!(bench.pop(), None);
    }
}
