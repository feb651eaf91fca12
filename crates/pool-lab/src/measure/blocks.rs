//! The blocks of one group: pools built, warmed, measured in rounds, and stopped.

use std::time::{Duration, Instant};

use super::decide::{Decisions, decide};
use super::lane::{Lane, Runner};
use super::summary;
use super::watchdog::Watchdog;
use crate::plan::{Group, Pace};
use crate::record::Record;

/// The order of engines within a block is drawn with this seed and the block's number.
const SEED: u64 = 0x0062_6c6f_636b;

/// A group that is being measured, and what is known of it so far.
pub(super) struct Blocks<'g> {
    pub(super) group: &'g Group,
    pub(super) lanes: Vec<Lane>,
    /// An engine that runs a second time, to show the noise: the fastest of the first block.
    pub(super) second: Option<Lane>,
    /// How many blocks there were.
    pub(super) count: usize,
    /// What all blocks took.
    pub(super) spent: Duration,
}

/// The observer has stopped the measurement.
pub(super) struct Stopped;

impl<'g> Blocks<'g> {
    /// Nothing is measured yet.
    pub(super) fn new(group: &'g Group) -> Self {
        let named = group.engines.iter().zip(group.labels());
        let lanes = named.map(|(spec, label)| Lane::new(group, spec, &label)).collect();
        Blocks { group, lanes, second: None, count: 0, spent: Duration::ZERO }
    }

    /// The first blocks, with all engines. Fewer when they take longer than `limit`, but no less than
    /// [`Pace::FEWEST_BLOCKS`].
    pub(super) fn begin(
        &mut self,
        pace: &Pace,
        limit: Option<Duration>,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), Stopped> {
        for block in 0..pace.first_blocks() {
            if block >= Pace::FEWEST_BLOCKS && limit.is_some_and(|limit| self.spent > limit) {
                break;
            }
            let wanted: Vec<usize> =
                (0..self.lanes.len()).filter(|i| block == 0 || !self.lanes[*i].is_slow).collect();
            self.block(&wanted, pace, is_stopped)?;
            if block == 0 {
                self.second = self.second_of();
            }
        }
        Ok(())
    }

    /// Further blocks up to the next look, with those engines on which an open verdict depends, until `deadline`.
    pub(super) fn go_on(
        &mut self,
        pace: &Pace,
        deadline: Instant,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), Stopped> {
        let Some(next) = Pace::LOOKS.into_iter().find(|look| *look > self.count) else { return Ok(()) };
        let wanted = self.decisions(pace).wanted;
        while self.count < next && Instant::now() < deadline {
            self.block(&wanted, pace, is_stopped)?;
        }
        Ok(())
    }

    /// What is decided, and what is not.
    pub(super) fn decisions(&self, pace: &Pace) -> Decisions {
        decide(&self.lanes, pace.looks())
    }

    /// Whether more blocks are allowed, and of use.
    pub(super) fn is_open(&self, pace: &Pace) -> bool {
        Pace::LOOKS.into_iter().any(|look| look > self.count) && self.decisions(pace).is_open
    }

    pub(super) fn records(&self, pace: &Pace) -> Vec<Record> {
        summary::records(&self.lanes, self.second.as_ref(), self.count, pace.looks())
    }

    /// The fastest so far of those that others are compared with, once more.
    fn second_of(&self) -> Option<Lane> {
        let able = || self.lanes.iter().filter(|lane| lane.block_count() > 0 && !lane.is_slow);
        let references = able().filter(|lane| lane.is_reference);
        let fastest = references.min_by(|a, b| a.typical().total_cmp(&b.typical())).or(able().next())?;
        Some(Lane::new(self.group, &fastest.spec, &fastest.subject.engine))
    }

    /// One block: the pools of these lanes are built in an order of its own, measured in rounds, and stopped.
    pub(super) fn block(
        &mut self,
        wanted: &[usize],
        pace: &Pace,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), Stopped> {
        let start = Instant::now();
        let watchdog = Watchdog::new();
        let mut order = wanted.to_vec();
        order.retain(|i| self.lanes[*i].failure.is_none());
        let with_second = self.second.as_ref().is_some_and(|second| second.failure.is_none());
        order.extend(with_second.then_some(self.lanes.len()));
        fastrand::Rng::with_seed(SEED + self.count as u64).shuffle(&mut order);
        // For the length of the block the second one is a lane like the others.
        let many = self.lanes.len();
        self.lanes.extend(self.second.take());
        let outcome = self.rounds(&order, pace, &watchdog, is_stopped);
        self.second = (self.lanes.len() > many).then(|| self.lanes.pop()).flatten();
        if outcome.is_err() {
            self.forget_block();
            return outcome;
        }
        self.count += 1;
        self.spent += start.elapsed();
        Ok(())
    }

    /// A block that was stopped counts for nobody.
    fn forget_block(&mut self) {
        let count = self.count;
        self.lanes.iter_mut().chain(&mut self.second).for_each(|lane| lane.blocks.truncate(count));
    }

    fn rounds(
        &mut self,
        order: &[usize],
        pace: &Pace,
        watchdog: &Watchdog,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), Stopped> {
        let mut runners = Vec::new();
        for &i in order {
            if is_stopped() {
                return Err(Stopped);
            }
            let lane = &mut self.lanes[i];
            watchdog.now_runs(format!("{} on {}", self.group.task, lane.spec));
            match Runner::new(i, lane, &self.group.task, pace) {
                Ok(runner) if runner.is_slower_than(pace.slow) => runner.finish_early(self.count, lane),
                Ok(runner) => runners.push(runner),
                Err(record) => lane.failure = Some(*record),
            }
        }
        for _ in 0..pace.rounds_a_block() {
            let mut stopped = false;
            runners.retain_mut(|runner| {
                stopped = stopped || is_stopped();
                let lane = &mut self.lanes[runner.lane];
                if stopped {
                    return false;
                }
                watchdog.now_runs(format!("{} on {}", self.group.task, lane.subject.engine));
                let outcome = runner.take_sample(self.count, lane);
                lane.failure = outcome.err().map(|failure| lane.subject.error(failure));
                lane.failure.is_none()
            });
            if stopped {
                return Err(Stopped);
            }
        }
        Ok(())
    }
}
