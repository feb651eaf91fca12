//! One job to an idle pool, again and again: how long from submit to start?

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, LONG, Prepare, WARM_UP, Watch, Workload, check};

/// How long a ping may be on its way.
const PATIENCE: Duration = Duration::from_secs(30);

/// `latency/ping`.
pub(crate) struct Ping {
    pings: u64,
    gap: Duration,
}

impl Prepare for Ping {
    const ABOUT: &'static About = &About {
        name: "latency/ping",
        models: "one job at a time to an idle pool, after a pause: from submit to start",
        operation: "job",
        parameters: &[
            Rule::new("pings", Allowed::COUNT, "50", "jobs in an iteration").quick("5"),
            Rule::new("gap", Allowed::WAIT, "200us", "the pause before each").quick("0"),
        ],
        variants: &["gap=0", "gap=200us", "gap=2ms"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Ping { pings: parameters.number("pings") as u64, gap: parameters.duration("gap") })
    }

    fn operations(&self) -> u64 {
        self.pings
    }

    fn answer(&self) -> Option<u64> {
        Some(self.pings * self.pings.saturating_sub(1) / 2)
    }

    fn jobs_in_flight(&self) -> usize {
        1
    }

    fn is_warm(&self) -> bool {
        self.gap.saturating_mul(u32::try_from(self.pings).unwrap_or(u32::MAX)) >= LONG
    }
}

impl Ping {
    fn run<E: Jobs>(&self, engine: &E, pings: u64) -> Result<Vec<Duration>, Failure> {
        let after_a_pause = |number| {
            thread::sleep(self.gap);
            ping(engine, number)
        };
        (0..pings).map(after_a_pause).collect()
    }
}

impl<E: Jobs> Workload<E> for Ping {
    fn get_to_know(&mut self, engine: &Arc<E>) -> Result<(), Failure> {
        if !self.is_warm() {
            return Ok(());
        }
        self.run(&**engine, self.pings.div_ceil(u64::from(WARM_UP))).map(drop)
    }

    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let latencies = watch.run(|| self.run(&**engine, self.pings))?;
        latencies.into_iter().for_each(|latency| watch.latency(latency));
        Ok(())
    }
}

/// When a job started, and the thread that it wakes.
struct Arrival {
    started: OnceLock<Instant>,
    number: AtomicU64,
    sender: Thread,
}

/// Sends one job and waits for it.
fn ping<E: Jobs>(engine: &E, number: u64) -> Result<Duration, Failure> {
    let arrival = Arc::new(Arrival {
        started: OnceLock::new(),
        number: AtomicU64::new(u64::MAX),
        sender: thread::current(),
    });
    let job = Arc::clone(&arrival);
    let sent = Instant::now();
    engine.execute(move || {
        let now = Instant::now();
        job.number.store(number, Ordering::Relaxed);
        // Setting the cell publishes the number, too.
        let _ = job.started.set(now);
        job.sender.unpark();
    });
    let started = loop {
        if let Some(started) = arrival.started.get() {
            break *started;
        }
        if sent.elapsed() > PATIENCE {
            return Err(Failure::Stalled { missing: 1 });
        }
        thread::park_timeout(PATIENCE);
    };
    check(arrival.number.load(Ordering::Relaxed), number)?;
    Ok(started.saturating_duration_since(sent))
}
