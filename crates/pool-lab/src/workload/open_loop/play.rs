//! Plays drawn arrivals to an engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::draw::{Arrivals, Lengths};
use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::metrics::lag::LAGS;
use crate::metrics::open_loop::{CAPACITIES, GENERATOR, LAGGED, OFFERED};
use crate::metrics::overload::{DROPS, GOODPUTS, GROWTHS};
use crate::numbers::stats;
use crate::system::os::{self, ExactTimers};
use crate::workload::{Failure, Lease, Tally, Watch, check, effort};

/// For so long the generator polls the clock before a job is due: about what it takes to wake from a sleep. Longer polling
/// would take the core from a worker.
const POLL: Duration = Duration::from_micros(5);

/// The closed loop: jobs in the queue for each thread, how many are run, how often, and how long its thread sleeps at a time.
const DEPTH: u64 = 8;
const CLOSED_JOBS: usize = 400;
const CLOSED_RUNS: u64 = 5;
const CLOSED_PAUSE: Duration = Duration::from_micros(100);

/// An iteration has at most so many jobs, whatever the rate.
const MOST_JOBS: f64 = 1e6;

/// What a job's time of ending says until it has ended, and when it was dropped unrun.
const OPEN: u64 = u64::MAX;
const DROPPED: u64 = u64::MAX - 1;

/// An open loop with its parameters.
pub(crate) struct OpenLoop {
    arrivals: Arrivals,
    lengths: Lengths,
    /// Jobs arrive at this share of the capacity.
    at: f64,
    of_common: bool,
    window: Duration,
    deadline: Duration,
    job: Duration,
    seed: u64,
    /// The share of urgent jobs, whose latencies are then the ones that count.
    urgent: f64,
    threads: usize,
    /// Jobs a second.
    capacity: f64,
    jobs: usize,
    block: u64,
    iterations: u64,
    lease: Lease,
}

impl OpenLoop {
    /// Its parameters.
    pub(crate) const PARAMETERS: &[Rule] = &[
        Rule::new("at", Allowed::Number { min: 1, max: 400 }, "80", "arrivals, in percent of the capacity"),
        Rule::new(
            "of",
            Allowed::Choice(&["own", "common"]),
            "own",
            "which capacity: the engine's own, found closed-loop, or that of the cores if a pool cost nothing",
        ),
        Rule::new(
            "window",
            Allowed::WAIT,
            "100ms",
            "how long jobs arrive at a pool with the capacity of the cores; as many arrive at any other",
        )
        .quick("2ms"),
        Rule::new("job", Allowed::EFFORT, "100us", "the mean length of a job").quick("10us"),
        Rule::new("deadline", Allowed::WAIT, "5ms", "above capacity: what ends later is not counted"),
        Rule::new(
            "urgent",
            Allowed::Number { min: 0, max: 100 },
            "0",
            "percent of urgent jobs; if any, theirs are the latencies",
        ),
        Rule::new("seed", Allowed::SEED, "1", "draws arrivals and lengths"),
    ];

    /// What these parameters ask for.
    pub(crate) fn new(arrivals: Arrivals, lengths: Lengths, parameters: &Settings) -> Self {
        OpenLoop {
            arrivals,
            lengths,
            at: parameters.number("at") as f64 / 100.0,
            of_common: parameters.text("of") == "common",
            window: parameters.duration("window"),
            deadline: parameters.duration("deadline"),
            job: parameters.duration("job").max(Duration::from_nanos(100)),
            seed: parameters.number("seed") as u64,
            urgent: parameters.number("urgent") as f64 / 100.0,
            threads: 1,
            capacity: 0.0,
            jobs: 1,
            block: 0,
            iterations: 0,
            lease: Lease::take(),
        }
    }

    pub(crate) fn on_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    pub(crate) fn in_block(&mut self, block: usize) {
        self.block = block as u64;
    }

    /// Jobs in an iteration.
    pub(crate) fn jobs(&self) -> u64 {
        self.jobs as u64
    }

    /// Jobs a second that arrive.
    fn rate(&self) -> f64 {
        self.at * if self.of_common { self.common_capacity() } else { self.capacity }
    }

    /// What the cores could do if a pool cost nothing.
    fn common_capacity(&self) -> f64 {
        self.threads.min(num_cpus::get()) as f64 / self.job.as_secs_f64()
    }

    /// Finds the capacity. That keeps the engine busy for long enough to be warm.
    pub(crate) fn find_capacity<E: Jobs>(&mut self, engine: &Arc<E>) -> Result<(), Failure> {
        let rates: Result<Vec<f64>, Failure> =
            (0..CLOSED_RUNS).map(|_| self.closed_loop(&**engine)).collect();
        self.know(stats::median(&rates?).unwrap_or(1.0));
        Ok(())
    }

    /// The number of jobs does not depend on the capacity that was found: another number is another draw, and two draws differ
    /// by more than two engines do.
    fn know(&mut self, capacity: f64) {
        self.capacity = capacity;
        let jobs = self.window.as_secs_f64() * self.at * self.common_capacity();
        self.jobs = jobs.clamp(1.0, MOST_JOBS) as usize;
    }

    /// Jobs a second when some are always queued. What a pool drops does not count. All have the mean length: a long one at the
    /// end would leave the other threads idle, for as long as the order in which a pool runs them happens to make it.
    fn closed_loop<E: Jobs>(&self, engine: &E) -> Result<f64, Failure> {
        let jobs = alike(CLOSED_JOBS, effort::steps_in(self.job));
        let run = Arc::new(Run::new(jobs.len(), self.lease.tally()));
        let _exact = ExactTimers::start();
        let depth = DEPTH * self.threads as u64;
        for (i, job) in (0_u32..).zip(&jobs) {
            while u64::from(i) >= run.tally.done() + depth {
                thread::sleep(CLOSED_PAUSE);
            }
            let (ticket, steps) = (Ticket::new(&run, i), job.steps);
            engine.offer(move || ticket.work(steps));
        }
        let sum = run.tally.wait()?;
        let took = run.start.elapsed();
        let outcome = run.check(&jobs, sum)?;
        Ok(outcome.done().max(1.0) / took.as_secs_f64())
    }

    fn draw(&self, jobs: usize, mut random: Rng) -> Vec<Arrival> {
        let due = self.arrivals.draw(jobs, &mut random);
        let lengths = self.lengths.draw(jobs, &mut random);
        let mean_steps = f64::from(effort::steps_in(self.job));
        let steps: Vec<u32> = lengths.iter().map(|length| (length * mean_steps) as u32).collect();
        let results = effort::chains(0, &steps);
        let parts = due.into_iter().zip(steps).zip(results).zip(0..);
        parts
            .map(|(((due, steps), result), i): (_, u64)| Arrival {
                due,
                steps,
                answer: result.wrapping_add(i),
                is_urgent: random.f64() < self.urgent,
            })
            .collect()
    }

    /// Those of the next iteration.
    fn next_jobs(&mut self) -> Vec<Arrival> {
        self.iterations += 1;
        let number = (self.block << 16) + self.iterations;
        self.draw(self.jobs, Rng::with_seed(self.seed.wrapping_add(number << 32)))
    }

    /// One iteration.
    pub(crate) fn play<E: Jobs>(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (rate, jobs) = (self.rate(), self.next_jobs());
        let run = Arc::new(Run::new(jobs.len(), self.lease.tally()));
        let before = watch.elapsed();
        let (generated, sum) = watch.run(|| (generate(&**engine, &run, &jobs, rate), run.tally.wait()));
        let outcome = run.check(&jobs, sum?)?;
        watch.add(CAPACITIES, self.capacity);
        watch.add(OFFERED, rate);
        generated.note(self.job, watch);
        if self.at < 1.0 {
            self.note_latencies(&jobs, &outcome, rate, watch);
        } else {
            let (good, took) = self.note_overload(&jobs, &outcome, rate, &generated, watch);
            // Of an iteration in which none was in time, as if one had been.
            watch.set_time(before + took.mul_f64(jobs.len() as f64 / good.max(1.0)));
        }
        Ok(())
    }

    fn note_latencies(&self, jobs: &[Arrival], outcome: &Outcome, rate: f64, watch: &mut Watch) {
        let counts = |job: &Arrival| self.urgent == 0.0 || job.is_urgent;
        for (job, end) in jobs.iter().zip(&outcome.ends).filter(|(job, _)| counts(job)) {
            if let Some(end) = end {
                watch.latency(end.saturating_sub(job.due_at(rate)));
            }
        }
    }

    /// Returns how many jobs ended in time, and how long jobs arrived.
    fn note_overload(
        &self,
        jobs: &[Arrival],
        outcome: &Outcome,
        rate: f64,
        generated: &Generated,
        watch: &mut Watch,
    ) -> (f64, Duration) {
        let is_good = |(job, end): &(&Arrival, &Option<Duration>)| {
            end.is_some_and(|end| end <= job.due_at(rate) + self.deadline)
        };
        let good = jobs.iter().zip(&outcome.ends).filter(is_good).count() as f64;
        let took = generated.took.max(self.window);
        watch.add(GOODPUTS, good / took.as_secs_f64());
        watch.add(DROPS, 1.0 - outcome.done() / jobs.len() as f64);
        watch.add(GROWTHS, generated.backlog as f64 / took.as_secs_f64());
        (good, took)
    }
}

/// A job to come.
struct Arrival {
    /// In mean gaps.
    due: f64,
    steps: u32,
    answer: u64,
    is_urgent: bool,
}

impl Arrival {
    fn due_at(&self, rate: f64) -> Duration {
        Duration::from_secs_f64(self.due / rate)
    }
}

/// So many jobs of the same length.
fn alike(jobs: usize, steps: u32) -> Vec<Arrival> {
    let result = effort::chain(0, steps);
    let job = |i| Arrival { due: 0.0, steps, answer: result.wrapping_add(i), is_urgent: false };
    (0..jobs as u64).map(job).collect()
}

/// What the jobs of one iteration share.
struct Run {
    start: Instant,
    /// Nanoseconds from the start until each job had ended.
    ends: Vec<AtomicU64>,
    tally: &'static Tally,
}

/// What became of the jobs.
struct Outcome {
    /// When each ended; `None` for what was dropped.
    ends: Vec<Option<Duration>>,
}

impl Outcome {
    fn done(&self) -> f64 {
        self.ends.iter().flatten().count() as f64
    }
}

impl Run {
    fn new(jobs: usize, tally: &'static Tally) -> Self {
        tally.begin(jobs as u64);
        Run { ends: (0..jobs).map(|_| AtomicU64::new(OPEN)).collect(), tally, start: Instant::now() }
    }

    /// Whether the sum is that of the jobs that ran, and what became of each.
    fn check(&self, jobs: &[Arrival], sum: u64) -> Result<Outcome, Failure> {
        let end = |end: &AtomicU64| match end.load(Ordering::Relaxed) {
            DROPPED => None,
            nanoseconds => Some(Duration::from_nanos(nanoseconds)),
        };
        let ends: Vec<Option<Duration>> = self.ends.iter().map(end).collect();
        let ran = jobs.iter().zip(&ends).filter(|(_, end)| end.is_some());
        check(sum, ran.fold(0, |sum, (job, _)| sum.wrapping_add(job.answer)))?;
        Ok(Outcome { ends })
    }
}

/// Each job has one, and uses it when it runs; dropped unrun with its job, it says so.
struct Ticket {
    run: Arc<Run>,
    job: u32,
}

impl Ticket {
    fn new(run: &Arc<Run>, job: u32) -> Self {
        Ticket { run: Arc::clone(run), job }
    }

    fn work(self, steps: u32) {
        let result = effort::chain(0, steps).wrapping_add(u64::from(self.job));
        let end = self.run.start.elapsed().as_nanos() as u64;
        self.run.ends[self.job as usize].store(end, Ordering::Relaxed);
        self.run.tally.add(result);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let end = &self.run.ends[self.job as usize];
        if end.load(Ordering::Relaxed) == OPEN {
            end.store(DROPPED, Ordering::Relaxed);
            self.run.tally.add(0);
        }
    }
}

/// How the generator did.
struct Generated {
    lags: Vec<f64>,
    took: Duration,
    cpu: Option<Duration>,
    /// Jobs that had neither ended nor been dropped when the last was submitted.
    backlog: u64,
}

impl Generated {
    fn note(&self, job: Duration, watch: &mut Watch) {
        let p99 = stats::quantile(&self.lags, 0.99).unwrap_or_default();
        self.lags.iter().for_each(|lag| watch.add(LAGS, *lag));
        watch.add(LAGGED, f64::from(p99 > job.as_nanos() as f64));
        if let Some(cpu) = self.cpu {
            watch.add(GENERATOR, cpu.as_secs_f64() / self.took.as_secs_f64());
        }
    }
}

/// Submits each job when it is due.
fn generate<E: Jobs>(engine: &E, run: &Arc<Run>, jobs: &[Arrival], rate: f64) -> Generated {
    let _exact = ExactTimers::start();
    let cpu = os::thread_cpu();
    let mut lags = Vec::with_capacity(jobs.len());
    for (i, job) in (0_u32..).zip(jobs) {
        let due = job.due_at(rate);
        lags.push(wait_until(run.start, due).as_nanos() as f64);
        let (ticket, steps) = (Ticket::new(run, i), job.steps);
        if job.is_urgent {
            engine.execute_urgent(move || ticket.work(steps));
        } else {
            engine.offer(move || ticket.work(steps));
        }
    }
    Generated {
        lags,
        took: run.start.elapsed(),
        cpu: cpu.and_then(|before| os::thread_cpu()?.checked_sub(before)),
        backlog: (jobs.len() as u64).saturating_sub(run.tally.done()),
    }
}

/// Waits until so long after the start, and returns how much later it is by then.
fn wait_until(start: Instant, due: Duration) -> Duration {
    loop {
        let now = start.elapsed();
        match due.checked_sub(now) {
            None | Some(Duration::ZERO) => return now - due,
            Some(left) if left > POLL => thread::sleep(left - POLL),
            Some(_) => std::hint::spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_when_it_is_due_and_says_how_much_later() {
        let start = Instant::now();
        let late = wait_until(start, Duration::from_millis(1));
        assert!(start.elapsed() >= Duration::from_millis(1) + late);
        assert!(wait_until(start, Duration::ZERO) >= Duration::from_millis(1));
    }

    #[test]
    fn the_same_jobs_arrive_whatever_the_capacity_and_others_in_each_block() {
        let jobs = |block: usize, capacity: f64| {
            let parameters = Settings::new(OpenLoop::PARAMETERS).quick();
            let mut open_loop = OpenLoop::new(Arrivals::Poisson, Lengths::Pareto, &parameters);
            open_loop.in_block(block);
            open_loop.know(capacity);
            (0..2).map(|_| open_loop.next_jobs()).collect::<Vec<_>>()
        };
        let dues = |jobs: &[Arrival]| jobs.iter().map(|job| job.due).collect::<Vec<f64>>();
        let steps = |jobs: &[Arrival]| jobs.iter().map(|job| job.steps).collect::<Vec<u32>>();
        let (slow, fast, next) = (jobs(3, 500.0), jobs(3, 900.0), jobs(4, 900.0));
        assert!(slow[0].len() > 1 && steps(&slow[0]) == steps(&fast[0]) && dues(&slow[0]) == dues(&fast[0]));
        assert_eq!(dues(&slow[1]), dues(&fast[1]));
        assert_ne!(dues(&fast[0]), dues(&fast[1]), "each iteration has its own");
        assert_ne!(dues(&fast[0]), dues(&next[0]), "each block has its own");
    }

    #[test]
    fn what_is_dropped_unrun_counts_as_ended_and_is_told_from_what_ran() {
        let lease = Lease::take();
        let run = Arc::new(Run::new(3, lease.tally()));
        let jobs = alike(3, 4);
        drop(Ticket::new(&run, 1));
        Ticket::new(&run, 0).work(4);
        Ticket::new(&run, 2).work(4);
        let sum = run.tally.wait().unwrap();
        let outcome = run.check(&jobs, sum).unwrap();
        assert_eq!(outcome.ends.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(outcome.done(), 2.0);
        assert!(run.check(&jobs, sum + 1).is_err());
    }
}
