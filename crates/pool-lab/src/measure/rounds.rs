//! The rounds of one group.

use std::time::{Duration, Instant};

use super::summary::{self, Finished, Sample, Samples};
use super::watchdog::Watchdog;
use crate::engine::Spec;
use crate::engines;
use crate::plan::{Group, Pace};
use crate::record::{Record, Subject};
use crate::system::os;
use crate::workload::{Case, CaseError, Failure, Watch};

/// Even the fastest workload is not repeated more often in a sample.
const MOST_REPEATS: u32 = 1_000_000;

/// One engine in the rounds.
struct Runner {
    spec: Spec,
    subject: Subject,
    is_reference: bool,
    remark: &'static str,
    case: Box<dyn Case>,
    /// How long the last repeat took when it warmed up, and what it came to.
    repeat: Duration,
    warm: Watch,
    repeats: u32,
    samples: Samples,
}

/// Measures a group. `None` when it was stopped before its last sample.
pub(super) fn measure(group: &Group, pace: &Pace, is_stopped: &dyn Fn() -> bool) -> Option<Vec<Record>> {
    let start = Instant::now();
    let watchdog = Watchdog::new();
    let mut records = Vec::new();
    let (mut runners, mut finished) = (Vec::new(), Vec::new());
    for (spec, label) in group.engines.iter().zip(group.labels()) {
        if is_stopped() {
            return None;
        }
        watchdog.now_runs(format!("{} on {spec}", group.task));
        match Runner::new(group, spec, &label, pace.sample) {
            Ok(runner) if pace.slow.is_some_and(|slow| runner.repeat > slow) => {
                finished.push(runner.finish_early())
            }
            Ok(runner) => runners.push(runner),
            Err(record) => records.push(*record),
        }
    }
    let second = second_of(&runners);
    let mut second = second.and_then(|of| Runner::new(group, &of.spec, &of.subject.engine, pace.sample).ok());
    for round in 0..pace.rounds {
        if round >= Pace::FEWEST_ROUNDS && pace.limit.is_some_and(|limit| start.elapsed() > limit) {
            break;
        }
        // A stop leaves samples out, and then nothing is made of the others.
        let mut stopped = false;
        runners.retain_mut(|runner| {
            stopped = stopped || is_stopped();
            if stopped {
                return false;
            }
            watchdog.now_runs(format!("{} on {}", group.task, runner.subject.engine));
            let outcome = runner.take_sample();
            records.extend(outcome.as_ref().err().map(|failure| runner.subject.error(failure)));
            outcome.is_ok()
        });
        if stopped {
            return None;
        }
        second = second.and_then(|mut second| second.take_sample().is_ok().then_some(second));
    }
    // Pools of this group must not disturb the next one.
    finished.extend(runners.into_iter().map(Runner::finish));
    let second = second.map(Runner::finish);
    records.extend(summary::records(&finished, second.as_ref()));
    Some(records)
}

/// The engine that runs twice, to show the noise floor: the fastest so far of those that others are compared with.
fn second_of(runners: &[Runner]) -> Option<&Runner> {
    runners.iter().filter(|runner| runner.is_reference).min_by_key(|runner| runner.repeat).or(runners.first())
}

impl Runner {
    /// Builds the pool, warms it up, and finds out how often a sample repeats the workload.
    fn new(group: &Group, spec: &Spec, label: &str, sample: Duration) -> Result<Self, Box<Record>> {
        let task = &group.task;
        let engine = spec.engine();
        let subject = Subject::new(task.about.name, &task.variant(), label, engine.version(), group.threads);
        let case = engines::case(spec, task);
        let case = case.map_err(|error| match error {
            CaseError::Unsupported(why) => subject.unsupported(why),
            other => subject.error(other),
        })?;
        let mut runner = Runner {
            spec: spec.clone(),
            subject,
            is_reference: engine.is_reference(),
            remark: engine.remark(task.about.name),
            case,
            repeat: Duration::ZERO,
            warm: Watch::new(),
            repeats: 1,
            samples: Samples::default(),
        };
        runner.warm_up(sample).map_err(|failure| runner.subject.error(failure))?;
        Ok(runner)
    }

    /// Runs the workload for the length of a sample, and finds out how many repeats fill one.
    fn warm_up(&mut self, sample: Duration) -> Result<(), Failure> {
        let start = Instant::now();
        // The last repeat says most; the first ones run on cold caches and a cold pool.
        while start.elapsed() < sample || self.repeat.is_zero() {
            let repeat = Instant::now();
            self.warm = Watch::new();
            self.case.iterate(&mut self.warm)?;
            self.repeat = repeat.elapsed().max(Duration::from_nanos(1));
        }
        let repeats = sample.as_secs_f64() / self.repeat.as_secs_f64();
        self.repeats = (repeats.ceil() as u32).clamp(1, MOST_REPEATS);
        Ok(())
    }

    fn take_sample(&mut self) -> Result<(), Failure> {
        os::rest();
        let mut watch = Watch::new();
        for _ in 0..self.repeats {
            self.case.iterate(&mut watch)?;
        }
        let operations = f64::from(self.repeats) * self.case.operations() as f64;
        self.samples.push(Sample::new(watch, operations));
        Ok(())
    }

    /// Takes the last repeat of the warm-up for the only sample: it was so long that it did not matter what came before.
    fn finish_early(mut self) -> Finished {
        let warm = std::mem::take(&mut self.warm);
        self.samples.push(Sample::new(warm, self.case.operations() as f64));
        self.finish()
    }

    /// Stops the pool.
    fn finish(self) -> Finished {
        let Runner { subject, samples, is_reference, remark, .. } = self;
        Finished { subject, samples, is_reference, remark }
    }
}
