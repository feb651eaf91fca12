//! The tick: a frame of a game, or one turn of an event loop, has a few jobs, and all of them must have ended before the
//! next. How long from the moment at which a frame was to begin until they have?
//!
//! A pool may answer soon by keeping its threads awake between two frames, so the processor time stands beside the latency. And it may
//! be as large as the machine, or larger: then more threads are woken than can run.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::metrics::lag::LAGS;
use crate::system::os::ExactTimers;
use crate::workload::{About, Failure, LONG, Lease, Prepare, WARM_UP, Watch, Workload, check, effort};

/// `tick/frame`.
pub(crate) struct Frame {
    jobs: u32,
    every: Duration,
    frames: u32,
    steps: u32,
    expected: u64,
    lease: Lease,
}

impl Prepare for Frame {
    const ABOUT: &'static About = &About {
        name: "tick/frame",
        models: "a few jobs at regular moments, all of which must have ended before the next: from each moment to the last end",
        operation: "frame",
        parameters: &[
            Rule::new("jobs", Allowed::Number { min: 1, max: 10_000 }, "8", "jobs in a frame"),
            Rule::new("every", Allowed::WAIT, "4ms", "from one frame to the next").quick("200us"),
            Rule::new("length", Allowed::EFFORT, "50us", "how long each job computes").quick("5us"),
            Rule::new("frames", Allowed::COUNT, "25", "frames in an iteration").quick("3"),
        ],
        variants: &["every=1ms:frames=100:jobs=1", "every=4ms:jobs=8", "every=16ms:frames=8:jobs=30"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let (jobs, steps) =
            (parameters.number("jobs") as u32, effort::steps_in(parameters.duration("length")));
        Ok(Frame {
            jobs,
            every: parameters.duration("every"),
            frames: parameters.number("frames") as u32,
            steps,
            expected: (0..jobs).map(|i| effort::chain(i, steps)).fold(0, u64::wrapping_add),
            lease: Lease::take(),
        })
    }

    fn operations(&self) -> u64 {
        u64::from(self.frames)
    }

    fn jobs_in_flight(&self) -> usize {
        self.jobs as usize
    }

    fn is_warm(&self) -> bool {
        self.every.saturating_mul(self.frames) >= LONG
    }
}

impl Frame {
    /// How late each frame began, and when it ended, both from the moment at which it was due.
    fn run<E: Jobs>(&self, engine: &E, frames: u32) -> Result<Vec<(Duration, Duration)>, Failure> {
        let _exact = ExactTimers::start();
        let (start, tally, steps) = (Instant::now(), self.lease.tally(), self.steps);
        let frame = |number: u32| {
            let due = start + self.every * number;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let lag = due.elapsed();
            tally.begin(u64::from(self.jobs));
            for i in 0..self.jobs {
                engine.execute(move || tally.add(effort::chain(i, steps)));
            }
            check(tally.wait()?, self.expected)?;
            Ok((lag, due.elapsed()))
        };
        (0..frames).map(frame).collect()
    }
}

impl<E: Jobs> Workload<E> for Frame {
    fn get_to_know(&mut self, engine: &Arc<E>) -> Result<(), Failure> {
        if !self.is_warm() {
            return Ok(());
        }
        self.run(&**engine, self.frames.div_ceil(WARM_UP)).map(drop)
    }

    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        for (lag, latency) in watch.run(|| self.run(&**engine, self.frames))? {
            watch.add(LAGS, lag.as_nanos() as f64);
            watch.latency(latency);
        }
        Ok(())
    }
}
