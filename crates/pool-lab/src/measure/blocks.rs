//! The blocks of one group: pools built, warmed, measured in rounds, and stopped.

use std::time::Instant;

use super::apart::Apart;
use super::comparison::Comparison;
use super::decide::{self, Step};
use super::lane::Lane;
use super::observer::Observer;
use super::summary;
use crate::engine::Kind;
use crate::plan::{Group, Pace};
use crate::record::Record;
use crate::system::apart::Gone;

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
    pub(super) fn begin(&mut self, pace: &Pace, observer: &dyn Observer) -> Result<(), Stopped> {
        for block in 0..pace.first_blocks() {
            let wanted: Vec<usize> =
                (0..self.lanes.len()).filter(|i| block == 0 || !self.lanes[*i].is_slow).collect();
            observer.block(block, pace.first_blocks());
            self.block(&wanted, pace, observer)?;
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
        observer: &dyn Observer,
    ) -> Result<(), Stopped> {
        let resting = self.twin.take_if(|_| !step.has_twin);
        let outcome = (0..step.blocks).try_for_each(|_| match Instant::now() < deadline {
            true => self.block(&step.lanes, pace, observer),
            false => Ok(()),
        });
        self.twin = self.twin.take().or(resting);
        outcome
    }

    /// What to measure next, if a verdict is open. `has_most`: the workload is measured with no more threads elsewhere.
    pub(super) fn next(&self, pace: &Pace, has_most: bool) -> Option<Step> {
        let twin = self.twin.as_ref().filter(|twin| twin.lane.failure.is_none());
        let twin = twin.map(|twin| (twin.of, &twin.lane));
        decide::next(&self.comparison(pace), twin, has_most)
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
        Some(self.twin_of(of))
    }

    fn twin_of(&self, of: usize) -> Twin {
        let first = &self.lanes[of];
        Twin { of, lane: Lane::new(self.group, &first.spec, &first.subject.engine) }
    }

    /// Before it is gone on with: our best and the best peer will have most blocks, and the one that runs twice is to be one of
    /// them. If it is neither, another takes its place and begins anew.
    pub(super) fn settle_twin(&mut self, pace: &Pace) {
        let comparison = self.comparison(pace);
        let (Some(ours), Some(peer)) = (comparison.best(Kind::Ours), comparison.best(Kind::Peer)) else {
            return;
        };
        let pair = [ours, peer];
        let faster = comparison.fastest(pair.into_iter().filter(|i| !self.lanes[*i].is_slow));
        let is_one = |twin: &Twin| twin.lane.failure.is_some() || pair.contains(&twin.of);
        if let Some(of) = faster.filter(|_| !self.twin.as_ref().is_some_and(is_one)) {
            self.twin = Some(self.twin_of(of));
        }
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
        // For the length of the block the twin is a lane like the others.
        let (many, mut twin_of) = (self.lanes.len(), None);
        if let Some(twin) = self.twin.take_if(|twin| twin.lane.failure.is_none() && wanted.contains(&twin.of))
        {
            twin_of = Some(twin.of);
            self.lanes.push(twin.lane);
        }
        let outcome = loop {
            let mut order: Vec<usize> = wanted.iter().copied().chain(twin_of.map(|_| many)).collect();
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
        if let Some(of) = twin_of {
            self.twin = self.lanes.pop().map(|lane| Twin { of, lane });
        }
        outcome?;
        self.count += 1;
        Ok(())
    }

    /// A block that was stopped counts for nobody.
    fn forget_block(&mut self) {
        let count = self.count;
        let twin = self.twin.iter_mut().map(|twin| &mut twin.lane);
        self.lanes.iter_mut().chain(twin).for_each(|lane| lane.blocks.truncate(count));
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
            let start = Instant::now();
            observer.runs(group, &lane.subject.engine);
            let made = apart.build(i, (lane.spec.clone(), lane.slowdown), (group.task.clone(), block), *pace);
            match made.map_err(left(i, "when it was built or warmed up"))? {
                Ok(None) => built.push(i),
                Ok(Some(sample)) => {
                    lane.is_slow = true;
                    lane.push(block, sample);
                }
                Err(error) => lane.fail(error),
            }
            lane.cost = start.elapsed();
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
                let start = Instant::now();
                observer.runs(group, &lane.subject.engine);
                match apart.sample(i).map_err(left(i, "in a sample"))? {
                    Ok(taken) => lane.add(block, taken),
                    Err(failure) => lane.fail(failure.into()),
                }
                lane.cost += start.elapsed();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Spec;
    use crate::measure::sample::Sample;

    fn group(engines: &str) -> Group {
        let task = "spawn/external".parse().unwrap();
        Group { task, threads: 2, engines: Spec::parse_list(engines).unwrap() }
    }

    /// Each engine has three blocks of its time, and the engine `twin` runs twice.
    fn blocks<'g>(group: &'g Group, times: &[f64], twin: usize) -> Blocks<'g> {
        let mut blocks = Blocks::new(group);
        blocks.twin = Some(blocks.twin_of(twin));
        for (lane, time) in blocks.lanes.iter_mut().zip(times) {
            (0..3).for_each(|block| lane.push(block, Sample::of_time(*time)));
        }
        blocks
    }

    #[test]
    fn what_runs_twice_is_our_best_or_the_best_peer_before_it_is_gone_on_with() {
        let (all, ours) = (group("channel-naive,stealing,mpsc,rayon,tokio"), group("stealing,mpsc"));
        let twin = |mut blocks: Blocks| {
            blocks.settle_twin(&Pace::default());
            blocks.twin.map(|twin| twin.of)
        };
        let times = [5.0, 20.0, 30.0, 10.0, 40.0];
        assert_eq!(twin(blocks(&all, &times, 0)), Some(3), "the faster of the two");
        assert_eq!(twin(blocks(&all, &times, 1)), Some(1), "it is one of them");
        let mut slow = blocks(&all, &times, 4);
        slow.lanes[3].is_slow = true;
        assert_eq!(twin(slow), Some(1));
        assert_eq!(twin(blocks(&ours, &times, 1)), Some(1), "there is no peer");
    }
}
