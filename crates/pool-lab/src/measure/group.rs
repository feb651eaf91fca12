//! The rounds of one group.

use std::time::{Duration, Instant};

use super::summary::{self, Finished, Sample, Samples};
use super::watchdog::Watchdog;
use super::{Group, Pace};
use crate::contender::{self, Contender, NoContender};
use crate::os;
use crate::record::{Record, Subject};
use crate::spec::Spec;
use crate::watch::Watch;
use crate::workload::Failure;

/// Even the fastest workload is not repeated more often in a sample.
const MOST_REPEATS: u32 = 1_000_000;

/// One engine in the rounds.
struct Runner {
    subject: Subject,
    is_reference: bool,
    remark: &'static str,
    contender: Box<dyn Contender>,
    repeats: u32,
    samples: Samples,
}

/// Measures a group.
pub(super) fn measure(group: &Group, pace: &Pace) -> Vec<Record> {
    let start = Instant::now();
    let watchdog = Watchdog::new();
    let mut records = Vec::new();
    let mut runners = Vec::new();
    for spec in &group.engines {
        watchdog.now_runs(format!("{} on {spec}", group.task));
        match Runner::new(group, spec, pace.sample) {
            Ok(runner) => runners.push(runner),
            Err(record) => records.push(*record),
        }
    }
    // The second pool of the engine that shows the noise floor: the first that can do the workload.
    let first =
        group.engines.iter().find(|spec| runners.first().is_some_and(|r| r.subject.engine == spec.label()));
    let mut twin = first.and_then(|spec| Runner::new(group, spec, pace.sample).ok());
    for round in 0..pace.rounds {
        if round >= Pace::FEWEST_ROUNDS && pace.limit.is_some_and(|limit| start.elapsed() > limit) {
            break;
        }
        runners.retain_mut(|runner| {
            watchdog.now_runs(format!("{} on {}", group.task, runner.subject.engine));
            let outcome = runner.take_sample();
            records.extend(outcome.as_ref().err().map(|failure| runner.subject.error(failure)));
            outcome.is_ok()
        });
        twin = twin.and_then(|mut twin| twin.take_sample().is_ok().then_some(twin));
    }
    // Pools of this group must not disturb the next one.
    let finished: Vec<Finished> = runners.into_iter().map(Runner::finish).collect();
    let twin = twin.map(Runner::finish);
    records.extend(summary::records(&finished, twin.as_ref()));
    records
}

impl Runner {
    /// Builds the pool, warms it up, and finds out how often a sample repeats the workload.
    fn new(group: &Group, spec: &Spec, sample: Duration) -> Result<Self, Box<Record>> {
        let task = &group.task;
        let engine = spec.engine();
        let subject =
            Subject::new(task.about.name, &task.variant(), &spec.label(), engine.version, group.threads);
        let contender = contender::contender(spec, task.about, &task.parameters);
        let contender = contender.map_err(|error| match error {
            NoContender::Unsupported(why) => subject.unsupported(why),
            other => subject.error(other),
        })?;
        let mut runner = Runner {
            subject,
            is_reference: engine.is_reference,
            remark: engine.remark(task.about),
            contender,
            repeats: 1,
            samples: Samples::default(),
        };
        let repeats = runner.warm_up(sample).map_err(|failure| runner.subject.error(failure))?;
        runner.repeats = repeats;
        Ok(runner)
    }

    /// Runs the workload for the length of a sample, and returns how many repeats fill one.
    fn warm_up(&mut self, sample: Duration) -> Result<u32, Failure> {
        let start = Instant::now();
        loop {
            let repeat = Instant::now();
            self.contender.iterate(&mut Watch::new())?;
            // The last repeat says most; the first ones run on cold caches and a cold pool.
            if start.elapsed() >= sample {
                let repeats = sample.as_secs_f64() / repeat.elapsed().as_secs_f64();
                return Ok((repeats.ceil() as u32).clamp(1, MOST_REPEATS));
            }
        }
    }

    fn take_sample(&mut self) -> Result<(), Failure> {
        os::rest();
        let mut watch = Watch::new();
        for _ in 0..self.repeats {
            self.contender.iterate(&mut watch)?;
        }
        let operations = f64::from(self.repeats) * self.contender.operations() as f64;
        self.samples.push(Sample::new(&watch, operations));
        Ok(())
    }

    /// Stops the pool.
    fn finish(self) -> Finished {
        let Runner { subject, samples, is_reference, remark, .. } = self;
        Finished { subject, samples, is_reference, remark }
    }
}
