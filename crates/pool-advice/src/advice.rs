//! What follows from what a pool has measured.

use std::time::Duration;

use pool_core::stats::Distribution;

use crate::blocking::{Blocking, Division};
use crate::doubt::Doubt;
use crate::model::{Jobs, Model, Outcome};
use crate::observation::Observation;
use crate::random::{Sampler, seconds};

/// How many threads a pool should have. [`Display`](std::fmt::Display) says it in a few sentences.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Advice {
    /// Today's size: how many workers are wanted.
    pub threads: usize,
    /// The CPUs that the process may use.
    pub cpus: usize,
    /// For so long the pool was observed.
    pub elapsed: Duration,
    /// So many jobs came.
    pub jobs: u64,
    /// How many workers were of use on average: busy, in jobs and between them.
    pub busy_on_average: f64,
    /// The most jobs that were seen running at once since the pool was built; of one that runs another in its place, both.
    pub busy_at_peak: u64,
    /// How much of their time jobs were blocked, and the size that follows. `None` if it is not known.
    pub blocking: Option<Blocking>,
    /// What is to be expected of 1, 2, 3 and 4 times today's size. Empty if jobs were not timed.
    pub forecasts: Vec<Forecast>,
    /// The p99 of the waits that were measured, to be compared with the first forecast.
    pub measured_wait: Option<Duration>,
    /// The smallest size with which the p99 of the [response](Expected::response) is at most a tenth longer than with any other. Where
    /// more jobs come than the CPUs can compute, the size that keeps them busy. `None` if jobs were not timed.
    pub recommended: Option<Forecast>,
    /// What makes it less than sure. None, if nothing is known to.
    pub doubts: Vec<Doubt>,
}

/// What is to be expected of a size.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Forecast {
    /// The size.
    pub threads: usize,
    /// Jobs a second that such a pool can run at most.
    pub capacity: f64,
    /// The times. `None` if more jobs come than it can run, or nearly as many: then the queue grows for as long as they do.
    pub expected: Option<Expected>,
}

/// Times that are to be expected.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Expected {
    /// From the submission of a job to its start.
    pub wait: Quantiles,
    /// From the submission of a job to its end. With more workers it has a longer part in which the job shares its CPU.
    pub response: Quantiles,
}

/// A median, and what 99 of 100 are not longer than.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Quantiles {
    /// The median.
    pub p50: Duration,
    /// What 99 of 100 are not longer than.
    pub p99: Duration,
}

/// Jobs that are played for each size, and for its capacity.
const JOBS: usize = 50_000;
const CAPACITY_JOBS: usize = 10_000;

/// Those that are played to see what others take of the CPUs, and how often.
const FITTED_JOBS: usize = 20_000;
const FITS: u32 = 7;

/// The least that others leave of the CPUs, as a share. Workers that wait for longer than that explains are not spread evenly over the
/// CPUs by the system: they get [stuck](Model::stuck), which makes jobs longer and takes little of what can be computed.
const LEAST_LEFT: f64 = 0.95;

/// Draws the jobs.
const SEED: u64 = 17;

/// A queue that is used to this share of its capacity is as good as overloaded: waits depend on how long that lasts.
const FULL: f64 = 0.97;

/// A size is as good as the best if its p99 is so many times as long.
const AS_GOOD: f64 = 1.1;

/// Of so many jobs, ten are above the p99.
const ENOUGH: u64 = 1_000;

/// A measured p99 that differs by this factor from the expected one speaks against the model, if the difference is a larger share
/// of the response than that.
const UNLIKE: f64 = 1.5;
const OF_NOTE: f64 = 0.1;

impl Observation {
    /// What follows from it.
    ///
    /// Plays 50,000 jobs for each size of the pool that comes into question: tens of milliseconds for a small one, a second for one
    /// of a hundred workers. The same observation gives the same advice.
    pub fn advice(&self) -> Advice {
        let elapsed = self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let mut advice = Advice {
            threads: self.threads,
            cpus: self.cpus,
            elapsed: self.elapsed,
            jobs: self.jobs,
            busy_on_average: self.busy.as_secs_f64() / elapsed,
            busy_at_peak: self.most_running,
            blocking: Blocking::of(self),
            forecasts: Vec::new(),
            measured_wait: None,
            recommended: None,
            doubts: doubts(self),
        };
        let waits = self.timings.as_ref().map(|timings| &timings.queue_wait);
        advice.measured_wait = waits.filter(|waits| waits.count() > 0).map(Distribution::p99);
        if let Some(forecaster) = Forecaster::of(self) {
            let today = self.threads.max(1);
            advice.forecasts = (1..=4).map(|times| forecaster.forecast(times * today).0).collect();
            advice.recommended = Some(forecaster.best(advice.blocking.map_or(self.cpus, |found| found.size)));
        }
        advice.doubts.extend(advice.other_waits());
        advice
    }
}

impl Observation {
    /// What is to be expected of these sizes, in order. None if jobs were not timed.
    pub fn forecasts(&self, sizes: impl IntoIterator<Item = usize>) -> Vec<Forecast> {
        let Some(forecaster) = Forecaster::of(self) else { return Vec::new() };
        sizes.into_iter().map(|threads| forecaster.forecast(threads.max(1)).0).collect()
    }
}

impl Advice {
    /// Jobs a second that came.
    pub fn rate(&self) -> f64 {
        self.jobs as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn other_waits(&self) -> Option<Doubt> {
        let expected = self.forecasts.first()?.expected?;
        let (measured, of_model) = (self.measured_wait?, expected.wait.p99);
        let (shorter, longer) = (measured.min(of_model), measured.max(of_model));
        let matters = longer - shorter > expected.response.p99.mul_f64(OF_NOTE);
        let differs = longer > shorter.mul_f64(UNLIKE);
        (matters && differs).then_some(Doubt::OtherWaits { measured, expected: of_model })
    }
}

fn doubts(observation: &Observation) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    match &observation.timings {
        None => doubts.push(Doubt::Untimed),
        Some(timings) => {
            let (timed, waited) = (timings.run_time.count(), timings.queue_wait.count());
            if timed < ENOUGH {
                doubts.push(Doubt::FewJobs { timed, enough: ENOUGH });
            }
            let share = timed.saturating_sub(waited) as f64 / timed.max(1) as f64;
            // Those that are timed are picked at random, the waits and the run times independently.
            if share > 0.1 {
                doubts.push(Doubt::InnerJobs { share });
            }
        }
    }
    match observation.processor_time {
        None => doubts.push(Doubt::NoProcessorTime),
        Some(time) if time.waited.is_none() => doubts.push(Doubt::NoProcessorWait),
        Some(_) => {}
    }
    let queue_growth = observation.queue_growth;
    if queue_growth > observation.jobs / 20 && queue_growth as usize > 2 * observation.threads {
        doubts.push(Doubt::Overload { queue_growth });
    }
    doubts
}

/// The model with what makes its workers wait for a CPU for as much of the time as they did, beside each other: what others take of the
/// CPUs, within limits, and then how often a worker gets stuck.
fn fitted(model: Model, jobs: &Jobs, threads: usize, load: f64, starved: f64) -> Model {
    let waits_less = |model: &Model| {
        let is_enough = model.rate <= FULL * model.capacity(jobs, threads);
        is_enough
            .then(|| model.play(jobs, threads))
            .is_some_and(|outcome| outcome.starved / outcome.end < starved)
    };
    if !waits_less(&model) {
        return model;
    }
    let most = model.cpus as f64;
    // The jobs got what they needed.
    let least = (load * model.computing).max(LEAST_LEFT * most).min(most);
    let model =
        raised(|taken| Model { available: most - taken * (most - least), ..model.clone() }, waits_less);
    raised(|stuck| Model { stuck, ..model.clone() }, waits_less)
}

/// The model of the greatest share, from 0 to 1, whose workers still wait less.
fn raised(of: impl Fn(f64) -> Model, waits_less: impl Fn(&Model) -> bool) -> Model {
    let mut between = 0.0..1.0;
    if waits_less(&of(1.0)) {
        return of(1.0);
    }
    for _ in 0..FITS {
        let middle = (between.start + between.end) / 2.0;
        if waits_less(&of(middle)) { between.start = middle } else { between.end = middle }
    }
    of(between.start)
}

/// The model of one observation, with the jobs that are played.
struct Forecaster {
    model: Model,
    jobs: Jobs,
    capacity_jobs: Jobs,
    /// The workers that are of use on average.
    load: f64,
    today: usize,
}

impl Forecaster {
    /// `None` if nothing was timed.
    fn of(observation: &Observation) -> Option<Self> {
        let timings = observation.timings.as_ref().filter(|timings| timings.run_time.count() > 0)?;
        let rate = observation.jobs as f64 / observation.elapsed.as_secs_f64();
        if !rate.is_finite() || rate <= 0.0 {
            return None;
        }
        let division = Division::of(observation).unwrap_or(Division { blocked: 0.0, starved: 0.0 });
        // The model has the jobs share the CPUs, so what they lost by that is not to be counted twice.
        let own = 1.0 - division.starved.min(0.99);
        let (cpus, today) = (observation.cpus.max(1), observation.threads.max(1));
        let mut model = Model {
            rate,
            cpus,
            available: cpus as f64,
            service: Sampler::new(&timings.run_time, own),
            computing: 1.0 - division.coefficient(),
            wake_up: Sampler::new(&timings.wake_up, 1.0),
            stuck: 0.0,
        };
        let jobs = model.draw(JOBS, SEED);
        let capacity_jobs = jobs.first(CAPACITY_JOBS);
        let load = rate * timings.run_time.mean().as_secs_f64() * own;
        if let Some(starved) = observation.processor_time.and_then(|time| time.waited) {
            let starved = starved.as_secs_f64() / observation.elapsed.as_secs_f64();
            model = fitted(model, &jobs.first(FITTED_JOBS), today, load, starved);
        }
        Some(Forecaster { model, jobs, capacity_jobs, load, today })
    }

    /// And whether no job would have waited for a worker to become free, so that more of them change nothing.
    fn forecast(&self, threads: usize) -> (Forecast, bool) {
        let capacity = self.model.capacity(&self.capacity_jobs, threads);
        if self.model.rate > FULL * capacity {
            return (Forecast { threads, capacity, expected: None }, false);
        }
        let outcome = self.model.play(&self.jobs, threads);
        let is_ample = outcome.longest_queueing == 0.0;
        (Forecast { threads, capacity, expected: Some(Expected::of(&outcome)) }, is_ample)
    }

    /// The smallest of the sizes that are as good as the best. `otherwise` when all are too small.
    fn best(&self, otherwise: usize) -> Forecast {
        if self.is_short_of_cpus() {
            return self.forecast(otherwise).0;
        }
        let fewest = (self.load.floor() as usize).max(1);
        let most = 4 * self.today.max(fewest);
        let mut found = Vec::new();
        let mut threads = fewest;
        while threads <= most {
            let (forecast, is_ample) = self.forecast(threads);
            found.extend(forecast.expected.map(|expected| (expected.response.p99, forecast)));
            if is_ample {
                break;
            }
            threads += 1 + threads / 32;
        }
        let best = found.iter().map(|(p99, _)| *p99).min();
        let is_good = |p99: Duration| best.is_some_and(|best| p99 <= best.mul_f64(AS_GOOD));
        let chosen = found.into_iter().find(|(p99, _)| is_good(*p99));
        chosen.map_or_else(|| self.forecast(otherwise).0, |(_, forecast)| forecast)
    }

    /// Whether more jobs come than the CPUs can compute.
    fn is_short_of_cpus(&self) -> bool {
        self.load * self.model.computing > FULL * self.model.cpus as f64
    }
}

impl Expected {
    fn of(outcome: &Outcome) -> Self {
        Expected { wait: Quantiles::of(&outcome.waits), response: Quantiles::of(&outcome.responses) }
    }
}

impl Quantiles {
    fn of(ascending: &[f64]) -> Self {
        let at = |share: f64| {
            let rank = (share * ascending.len() as f64) as usize;
            ascending.get(rank).map_or(Duration::ZERO, |time| seconds(*time))
        };
        Quantiles { p50: at(0.5), p99: at(0.99) }
    }
}
