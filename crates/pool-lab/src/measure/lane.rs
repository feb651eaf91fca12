//! One engine in the blocks of a group.

use std::time::{Duration, Instant};

use super::sample::Sample;
use crate::engine::Spec;
use crate::engines;
use crate::plan::{Group, Pace};
use crate::record::{Record, Subject};
use crate::system::disturbance::Counters;
use crate::system::os;
use crate::workload::{Case, CaseError, Failure, Task, Watch};

/// Even the fastest workload is not repeated more often in a sample.
const MOST_REPEATS: u32 = 1_000_000;

/// A sample that was disturbed is taken again so often at most: where a machine is never quiet, the last one counts.
const RETAKES: u32 = 2;

/// One engine, and what was measured of it so far.
pub(super) struct Lane {
    pub(super) spec: Spec,
    pub(super) subject: Subject,
    /// Whether others may be compared with it.
    pub(super) is_reference: bool,
    pub(super) remark: &'static str,
    /// The share by which everything measured is made longer: 0 but where the statistics are put to the test.
    pub(super) slowdown: f64,
    /// By the block's number; a block in which it took no part is empty.
    pub(super) blocks: Vec<Vec<Sample>>,
    /// Whether one repeat takes so long that it has one sample a block.
    pub(super) is_slow: bool,
    /// What its last block took.
    pub(super) cost: Duration,
    /// Why there is no number, once something went wrong.
    pub(super) failure: Option<Record>,
    /// How many samples were taken, and how many of these were disturbed.
    pub(super) taken: u32,
    pub(super) disturbed: u32,
}

impl Lane {
    pub(super) fn new(group: &Group, spec: &Spec, label: &str) -> Self {
        let (task, engine) = (&group.task, spec.engine());
        Lane {
            spec: spec.clone(),
            subject: Subject::new(task.about.name, &task.variant(), label, engine.version(), group.threads),
            is_reference: engine.is_reference(),
            remark: engine.remark(task.about.name),
            slowdown: 0.0,
            blocks: Vec::new(),
            is_slow: false,
            cost: Duration::ZERO,
            failure: None,
            taken: 0,
            disturbed: 0,
        }
    }

    /// How many blocks it took part in.
    pub(super) fn block_count(&self) -> usize {
        self.blocks.iter().filter(|block| !block.is_empty()).count()
    }

    /// The times of each block.
    pub(super) fn times(&self) -> Vec<Vec<f64>> {
        self.blocks.iter().map(|block| block.iter().map(|sample| sample.time).collect()).collect()
    }

    /// Why there is no number.
    pub(super) fn fail(&mut self, error: CaseError) {
        self.failure = Some(match error {
            CaseError::Unsupported(why) => self.subject.unsupported(why),
            other => self.subject.error(other),
        });
    }

    /// Adds what was taken to the block with this number.
    pub(super) fn add(&mut self, block: usize, taken: Taken) {
        self.taken += taken.taken;
        self.disturbed += taken.disturbed;
        self.push(block, taken.sample);
    }

    /// Adds a sample to the block with this number.
    pub(super) fn push(&mut self, block: usize, sample: Sample) {
        self.blocks.resize_with(self.blocks.len().max(block + 1), Vec::new);
        self.blocks[block].push(sample);
    }
}

/// A sample, how often it was taken, and how often of these the machine disturbed it.
pub(super) struct Taken {
    pub(super) sample: Sample,
    pub(super) taken: u32,
    pub(super) disturbed: u32,
}

/// An engine of a block, built and warm.
pub(super) struct Runner {
    case: Box<dyn Case>,
    slowdown: f64,
    /// How long the last repeat took when it warmed up, and what it came to.
    repeat: Duration,
    warm: Watch,
    repeats: u32,
}

impl Runner {
    /// Builds the pool for the block with this number, warms it up, and finds out how often a sample repeats the workload.
    pub(super) fn new(
        (spec, slowdown): (&Spec, f64),
        task: &Task,
        block: usize,
        pace: &Pace,
    ) -> Result<Self, CaseError> {
        let (mut case, repeat, warm) = (engines::case(spec, task)?, Duration::ZERO, Watch::new());
        case.in_block(block);
        let is_warm = case.is_warm();
        let mut runner = Runner { case, slowdown, repeat, warm, repeats: 1 };
        if !is_warm {
            runner.warm_up(pace.sample)?;
        }
        Ok(runner)
    }

    /// Whether one repeat takes longer than this; of an engine that needed no warm-up that is not known.
    pub(super) fn is_slower_than(&self, slow: Option<Duration>) -> bool {
        slow.is_some_and(|slow| self.repeat > slow)
    }

    /// Runs the workload for the length of a sample, and finds out how many repeats fill one.
    fn warm_up(&mut self, sample: Duration) -> Result<(), Failure> {
        let start = Instant::now();
        // The last repeat says most; the first ones run on cold caches and a cold pool.
        while start.elapsed() < sample || self.repeat.is_zero() {
            let repeat = Instant::now();
            let mut watch = Watch::new();
            self.iterate(&mut watch)?;
            (self.warm, self.repeat) = (watch, repeat.elapsed().max(Duration::from_nanos(1)));
        }
        let repeats = sample.as_secs_f64() / self.repeat.as_secs_f64();
        self.repeats = (repeats.ceil() as u32).clamp(1, MOST_REPEATS);
        Ok(())
    }

    fn iterate(&mut self, watch: &mut Watch) -> Result<(), Failure> {
        let before = (self.slowdown > 0.0).then(|| (watch.elapsed(), watch.latencies()));
        self.case.iterate(watch)?;
        if let Some((elapsed, latencies)) = before {
            watch.slow_down(elapsed, latencies, self.slowdown);
        }
        Ok(())
    }

    /// Takes a sample, again if it was disturbed.
    pub(super) fn take_sample(&mut self) -> Result<Taken, Failure> {
        let (mut taken, mut disturbed) = (0, 0);
        loop {
            let (sample, is_disturbed) = self.sample()?;
            taken += 1;
            disturbed += u32::from(is_disturbed);
            if !is_disturbed || taken > RETAKES {
                return Ok(Taken { sample, taken, disturbed });
            }
        }
    }

    fn sample(&mut self) -> Result<(Sample, bool), Failure> {
        os::rest();
        let counters = Counters::read();
        let mut watch = Watch::new();
        for _ in 0..self.repeats {
            self.iterate(&mut watch)?;
        }
        let is_disturbed = counters.is_disturbed();
        Ok((Sample::new(watch, f64::from(self.repeats) * self.case.operations() as f64), is_disturbed))
    }

    /// Takes the last repeat of the warm-up for the only sample of the block: it was so long that it did not matter what came
    /// before.
    pub(super) fn finish_early(self) -> Sample {
        Sample::new(self.warm, self.case.operations() as f64)
    }
}
