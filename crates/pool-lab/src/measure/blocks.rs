//! The blocks of one group: pools built, warmed, measured in rounds, and stopped.

use std::time::{Duration, Instant};

use super::apart::{Apart, Gone};
use super::decide::{Decisions, decide};
use super::lane::Lane;
use super::observer::Observer;
use super::summary;
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
        observer: &dyn Observer,
    ) -> Result<(), Stopped> {
        for block in 0..pace.first_blocks() {
            if block >= Pace::FEWEST_BLOCKS && limit.is_some_and(|limit| self.spent > limit) {
                break;
            }
            let wanted: Vec<usize> =
                (0..self.lanes.len()).filter(|i| block == 0 || !self.lanes[*i].is_slow).collect();
            observer.block(block, pace.first_blocks());
            self.block(&wanted, pace, observer)?;
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
        observer: &dyn Observer,
    ) -> Result<(), Stopped> {
        let Some(next) = Pace::LOOKS.into_iter().find(|look| *look > self.count) else { return Ok(()) };
        let wanted = self.decisions(pace).wanted;
        while self.count < next && Instant::now() < deadline {
            self.block(&wanted, pace, observer)?;
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

    /// Engines that are known to fail have their record, and take no part.
    pub(super) fn leave_out(&mut self, observer: &dyn Observer) {
        for lane in &mut self.lanes {
            let why = observer.known_failure(self.group, &lane.subject.engine);
            lane.failure = why.map(|why| lane.subject.error(why));
        }
    }

    /// One block: the pools of these lanes are built in an order of its own, measured in rounds, and stopped. When one of them
    /// hangs the block is begun anew without it.
    pub(super) fn block(
        &mut self,
        wanted: &[usize],
        pace: &Pace,
        observer: &dyn Observer,
    ) -> Result<(), Stopped> {
        let start = Instant::now();
        let with_second = self.second.as_ref().is_some_and(|second| second.failure.is_none());
        let second = with_second.then_some(self.lanes.len());
        // For the length of the block the second one is a lane like the others.
        let many = self.lanes.len();
        self.lanes.extend(self.second.take());
        let outcome = loop {
            let mut order: Vec<usize> = wanted.iter().copied().chain(second).collect();
            order.retain(|i| self.lanes[*i].failure.is_none());
            fastrand::Rng::with_seed(SEED + self.count as u64).shuffle(&mut order);
            match self.rounds(&order, pace, observer) {
                Ok(()) => break Ok(()),
                Err(cut) => {
                    self.forget_block();
                    match cut {
                        Cut::Stopped => break Err(Stopped),
                        Cut::Gone { lane, why } => {
                            self.lanes[lane].failure = Some(self.lanes[lane].subject.error(why));
                        }
                    }
                }
            }
        };
        self.second = (self.lanes.len() > many).then(|| self.lanes.pop()).flatten();
        outcome?;
        self.count += 1;
        self.spent += start.elapsed();
        Ok(())
    }

    /// A block that was stopped counts for nobody.
    fn forget_block(&mut self) {
        let count = self.count;
        self.lanes.iter_mut().chain(&mut self.second).for_each(|lane| lane.blocks.truncate(count));
    }

    fn rounds(&mut self, order: &[usize], pace: &Pace, observer: &dyn Observer) -> Result<(), Cut> {
        let apart = match Apart::start(pace.patience) {
            Ok(apart) => apart,
            Err(error) => {
                let why = format!("the system has no thread to measure on: {error}");
                order.iter().for_each(|i| self.lanes[*i].failure = Some(self.lanes[*i].subject.error(&why)));
                return Ok(());
            }
        };
        let outcome = self.rounds_on(&apart, order, pace, observer);
        match outcome {
            Err(Cut::Gone { .. }) => apart.leave_behind(),
            Ok(()) | Err(Cut::Stopped) => apart.end(),
        }
        outcome
    }

    fn rounds_on(
        &mut self,
        apart: &Apart,
        order: &[usize],
        pace: &Pace,
        observer: &dyn Observer,
    ) -> Result<(), Cut> {
        let (group, block) = (self.group, self.count);
        let left = |lane: usize, when: &'static str| {
            move |gone: Gone| Cut::Gone { lane, why: format!("{gone}, {when}") }
        };
        let mut built = Vec::new();
        for &i in order {
            if observer.is_stopped() {
                return Err(Cut::Stopped);
            }
            let lane = &mut self.lanes[i];
            observer.runs(group, &lane.subject.engine);
            let made = apart.build(i, (lane.spec.clone(), lane.slowdown), group.task.clone(), *pace);
            match made.map_err(left(i, "when it was built or warmed up"))? {
                Ok(None) => built.push(i),
                Ok(Some(sample)) => {
                    lane.is_slow = true;
                    lane.push(block, sample);
                }
                Err(error) => lane.fail(error),
            }
        }
        for _ in 0..pace.rounds_a_block() {
            for &i in &built {
                let lane = &mut self.lanes[i];
                if lane.failure.is_some() {
                    continue;
                }
                if observer.is_stopped() {
                    return Err(Cut::Stopped);
                }
                observer.runs(group, &lane.subject.engine);
                match apart.sample(i).map_err(left(i, "in a sample"))? {
                    Ok(taken) => lane.add(block, taken),
                    Err(failure) => lane.fail(failure.into()),
                }
            }
        }
        for i in built {
            observer.runs(group, &self.lanes[i].subject.engine);
            apart.stop(i).map_err(left(i, "when it was stopped"))?;
        }
        Ok(())
    }
}

/// Why a block has no end.
enum Cut {
    /// The observer has stopped it.
    Stopped,
    /// The engine of this lane has kept the thread.
    Gone { lane: usize, why: String },
}
