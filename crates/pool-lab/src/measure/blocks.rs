//! The blocks of one group: pools built, warmed, measured in rounds, and stopped.

use std::time::Instant;

use super::comparison::{self, Comparison};
use super::decide::{self, Step};
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
    twin: Option<Twin>,
    /// How many blocks there were.
    pub(super) count: usize,
}

/// A second pool of an engine, which takes part when the first one does.
struct Twin {
    of: usize,
    lane: Lane,
}

/// The observer has stopped the measurement.
#[derive(Clone, Copy)]
pub(super) struct Stopped;

impl<'g> Blocks<'g> {
    /// Nothing is measured yet.
    pub(super) fn new(group: &'g Group) -> Self {
        let named = group.engines.iter().zip(group.labels());
        let lanes = named.map(|(spec, label)| Lane::new(group, spec, &label)).collect();
        Blocks { group, lanes, twin: None, count: 0 }
    }

    /// The first blocks, with all engines.
    pub(super) fn begin(&mut self, pace: &Pace, is_stopped: &dyn Fn() -> bool) -> Result<(), Stopped> {
        for block in 0..pace.first_blocks() {
            let wanted: Vec<usize> =
                (0..self.lanes.len()).filter(|i| block == 0 || !self.lanes[*i].is_slow).collect();
            self.block(&wanted, pace, is_stopped)?;
            if block == 0 {
                self.twin = self.twin_of_fastest(pace);
            }
        }
        Ok(())
    }

    /// Further blocks with some engines, until `deadline`.
    pub(super) fn go_on(
        &mut self,
        step: &Step,
        pace: &Pace,
        deadline: Instant,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), Stopped> {
        for _ in 0..step.blocks {
            if Instant::now() >= deadline {
                break;
            }
            self.block(&step.lanes, pace, is_stopped)?;
        }
        Ok(())
    }

    /// What to measure next, if a verdict is open.
    pub(super) fn next(&self, pace: &Pace) -> Option<Step> {
        let twin = self.twin.as_ref().filter(|twin| twin.lane.failure.is_none());
        let twin = twin.map(|twin| (twin.of, comparison::common(&self.lanes[twin.of], &twin.lane)));
        decide::next(&self.comparison(pace), twin)
    }

    fn comparison(&self, pace: &Pace) -> Comparison<'_> {
        Comparison::new(&self.lanes, pace.looks())
    }

    pub(super) fn records(&self, pace: &Pace) -> Vec<Record> {
        let twin = self.twin.as_ref().map(|twin| &twin.lane);
        summary::records(&self.comparison(pace), twin, self.count, pace.looks())
    }

    /// The fastest so far of those that others are compared with, once more.
    fn twin_of_fastest(&self, pace: &Pace) -> Option<Twin> {
        let able = |i: &usize| !self.lanes[*i].is_slow;
        let comparison = self.comparison(pace);
        let of = comparison.reference().filter(able).or_else(|| comparison.measured().find(able))?;
        let fastest = &self.lanes[of];
        Some(Twin { of, lane: Lane::new(self.group, &fastest.spec, &fastest.subject.engine) })
    }

    /// One block: the pools of these lanes are built in an order of its own, measured in rounds, and stopped.
    pub(super) fn block(
        &mut self,
        wanted: &[usize],
        pace: &Pace,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), Stopped> {
        let watchdog = Watchdog::new();
        let mut order = wanted.to_vec();
        order.retain(|i| self.lanes[*i].failure.is_none());
        // For the length of the block the twin is a lane like the others.
        let (many, mut twin_of) = (self.lanes.len(), None);
        if let Some(twin) = self.twin.take_if(|twin| twin.lane.failure.is_none() && order.contains(&twin.of))
        {
            order.push(many);
            twin_of = Some(twin.of);
            self.lanes.push(twin.lane);
        }
        fastrand::Rng::with_seed(SEED + self.count as u64).shuffle(&mut order);
        let outcome = self.rounds(&order, pace, &watchdog, is_stopped);
        if let Some(of) = twin_of {
            self.twin = self.lanes.pop().map(|lane| Twin { of, lane });
        }
        match outcome {
            Ok(()) => self.count += 1,
            Err(Stopped) => self.forget_block(),
        }
        outcome
    }

    /// A block that was stopped counts for nobody.
    fn forget_block(&mut self) {
        let count = self.count;
        let twin = self.twin.iter_mut().map(|twin| &mut twin.lane);
        self.lanes.iter_mut().chain(twin).for_each(|lane| lane.blocks.truncate(count));
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
            let start = Instant::now();
            watchdog.now_runs(format!("{} on {}", self.group.task, lane.spec));
            match Runner::new(i, lane, &self.group.task, pace) {
                Ok(runner) if runner.is_slower_than(pace.slow) => runner.finish_early(self.count, lane),
                Ok(runner) => runners.push(runner),
                Err(record) => lane.failure = Some(*record),
            }
            lane.cost = start.elapsed();
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
                let start = Instant::now();
                let outcome = runner.take_sample(self.count, lane);
                lane.cost += start.elapsed();
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
