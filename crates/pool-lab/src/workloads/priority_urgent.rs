//! Urgent jobs while others keep every worker busy: how long from the moment that each was due until it starts?
//!
//! The others form a backlog that never ends: whenever an urgent job is due, the queue is filled up again. So an engine
//! that has no priorities shows the time that the backlog takes, and one that has them the rest of the job that runs.
//!
//! Urgent jobs come as a Poisson process drawn in advance, and each latency counts from the moment at which the job was
//! due (an open loop): a submitter that was held up does not hide what a user would have waited. How late the submitter
//! was is recorded as well; with as many workers as cores it has to win a core first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::metrics::lag::LAGS;
use crate::system::os::ExactTimers;
use crate::workload::{About, Failure, Lease, Prepare, Tally, Watch, Workload, check, effort};

/// Low-priority work in the queue for each thread: what one thread takes this long for, but [`FEWEST`] jobs at least.
const BACKLOG: Duration = Duration::from_millis(5);
const FEWEST: usize = 4;

/// One job in a hundred is urgent, but no fewer than one in this time: with long jobs there would be too few to count.
const LONGEST_GAP: Duration = Duration::from_millis(2);

/// `priority/urgent`.
pub(crate) struct Urgent {
    low: Duration,
    steps: u32,
    /// What each of them computes; all the same.
    result: u64,
    threads: usize,
    /// When each urgent job is due, in mean gaps from the start.
    due: Vec<f64>,
    /// What each urgent job leaves behind: the nanoseconds from the start until it began.
    began: Arc<Vec<AtomicU64>>,
    urgent: Lease,
    others: Lease,
}

impl Prepare for Urgent {
    const ABOUT: &'static About = &About {
        name: "priority/urgent",
        models: "urgent jobs, one in a hundred, while others saturate the pool: from when each was due to its start",
        operation: "urgent job",
        parameters: &[
            Rule::new("urgent", Allowed::COUNT, "100", "urgent jobs in an iteration").quick("5"),
            Rule::new("low", Allowed::EFFORT, "1ms", "how long each other job computes").quick("20us"),
            Rule::new("seed", Allowed::SEED, "1", "draws when they come"),
        ],
        variants: &["low=10us", "low=1ms", "low=50ms"],
        // It takes minutes.
        not_in_bench: &["low=50ms"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let (count, low) = (parameters.number("urgent"), parameters.duration("low"));
        let steps = effort::steps_in(low);
        let mut random = fastrand::Rng::with_seed(parameters.number("seed") as u64);
        let mut now = 0.0;
        let mut arrive = || {
            now -= (1.0 - random.f64()).ln();
            now
        };
        Ok(Urgent {
            low: low.max(Duration::from_micros(1)),
            steps,
            result: effort::chain(0, steps),
            threads: 1,
            due: (0..count).map(|_| arrive()).collect(),
            began: Arc::new((0..count).map(|_| AtomicU64::new(0)).collect()),
            urgent: Lease::take(),
            others: Lease::take(),
        })
    }

    fn on_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    fn operations(&self) -> u64 {
        self.due.len() as u64
    }

    fn jobs_in_flight(&self) -> usize {
        self.due.len() + self.backlog()
    }
}

impl Urgent {
    fn backlog(&self) -> usize {
        self.threads * FEWEST.max(BACKLOG.div_duration_f64(self.low) as usize)
    }

    /// The mean time between two urgent jobs.
    fn gap(&self) -> Duration {
        (100 * self.low / self.threads as u32).min(LONGEST_GAP)
    }

    /// Submits both kinds of jobs until the last urgent one, and returns how late each urgent one was submitted, and how
    /// many others there were.
    fn submit<E: Jobs>(&self, engine: &E, start: Instant) -> (Vec<Duration>, u64) {
        let (gap, backlog, steps) = (self.gap(), self.backlog() as u64, self.steps);
        let (urgent, others) = (self.urgent.tally(), self.others.tally());
        let mut submitted = 0;
        let mut lags = Vec::with_capacity(self.due.len());
        for (i, due) in self.due.iter().enumerate() {
            let due = gap.mul_f64(*due);
            let enough = others.done() + backlog;
            // An urgent job that is due does not wait for the queue to fill up.
            while submitted < enough && start.elapsed() < due {
                engine.execute(move || others.add(effort::chain(0, steps)));
                submitted += 1;
            }
            thread::sleep(due.saturating_sub(start.elapsed()));
            lags.push(start.elapsed().saturating_sub(due));
            let began = Arc::clone(&self.began);
            engine.execute_urgent(move || {
                began[i].store(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
                drop(began);
                urgent.add(i as u64);
            });
        }
        (lags, submitted)
    }

    /// Waits for the backlog.
    fn check_others(&self, others: &Tally, submitted: u64) -> Result<(), Failure> {
        others.expect(submitted);
        check(others.wait()?, self.result.wrapping_mul(submitted))
    }
}

impl<E: Jobs> Workload<E> for Urgent {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (count, urgent, others) = (self.operations(), self.urgent.tally(), self.others.tally());
        urgent.begin(count);
        // How many there will be is not known yet: no number of them is the last.
        others.begin(u64::MAX);
        let start = Instant::now();
        let ((lags, submitted), sum) = watch.run(|| {
            let _exact = ExactTimers::start();
            (self.submit(&**engine, start), urgent.wait())
        });
        check(sum?, count * (count - 1) / 2)?;
        self.check_others(others, submitted)?;
        lags.into_iter().for_each(|lag| watch.add(LAGS, lag.as_nanos() as f64));
        for (due, began) in self.due.iter().zip(&*self.began) {
            let began = Duration::from_nanos(began.load(Ordering::Relaxed));
            watch.latency(began.saturating_sub(self.gap().mul_f64(*due)));
        }
        Ok(())
    }
}
