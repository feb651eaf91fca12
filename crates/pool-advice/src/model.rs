//! A queue, some workers, and the CPUs that they share: played event by event.
//!
//! Jobs arrive as a Poisson process, wait in one queue, first in first out, and are each served by one of the workers: M/G/k, but
//! that k workers do not have k CPUs. A job computes, is blocked, and computes again, for equal parts. Blocked jobs disturb nobody.
//!
//! A worker that wants to compute takes a CPU, or waits for one behind those that wait already, and has it for a [slice](SLICE) before it
//! makes way for the next. So short jobs do not share the CPUs but wait for them, also before they start, as under the schedulers of today's
//! systems; long ones share them evenly. When a job ends, its worker goes on with the next in what is left of its slice.
//!
//! A worker that wakes up to compute takes an idle CPU, most often. A part of them [wait](Model::stuck) for the CPU that they had last, though
//! another is idle, for as long as the worker there has its slice.
//!
//! What other programs and threads take of the CPUs makes those that are there for the jobs fewer, by a fraction: where as many as there are
//! CPUs compute, all become slower.

use std::collections::{BinaryHeap, VecDeque};

use crate::cpus::{Cpus, End, OnCpu};
use crate::random::{Random, Sampler};

/// How long a worker has a CPU for itself while others wait: some milliseconds on Linux, and more elsewhere.
const SLICE: f64 = 3e-3;

/// Much longer jobs share the CPUs as evenly in fewer slices.
const MOST_SLICES: f64 = 16.0;

/// What is played.
#[derive(Clone)]
pub(crate) struct Model {
    /// Jobs a second.
    pub(crate) rate: f64,
    pub(crate) cpus: usize,
    /// What others leave of them.
    pub(crate) available: f64,
    /// How long a job takes a worker that has a CPU whenever it wants one.
    pub(crate) service: Sampler,
    /// The share of that in which it computes.
    pub(crate) computing: f64,
    /// How long a worker that sleeps takes to begin with a job.
    pub(crate) wake_up: Sampler,
    /// The share of the wake-ups after which a worker waits for one given CPU, though another may be idle. Systems leave a thread where it
    /// was rather than look for long, and on virtual machines take an idle CPU for one that is not.
    pub(crate) stuck: f64,
}

/// The same jobs for every number of workers, so that differences between those are not differences between draws.
pub(crate) struct Jobs(Vec<Job>);

#[derive(Clone, Copy)]
struct Job {
    arrival: f64,
    computing: f64,
    blocked: f64,
    wake_up: f64,
    /// From 0 to 1, for the wake-ups before each part: whether the worker gets [stuck](Model::stuck), and where.
    luck: [f64; 2],
}

/// What became of the jobs: seconds, ascending.
pub(crate) struct Outcome {
    /// From the arrival to the start.
    pub(crate) waits: Vec<f64>,
    /// From the arrival to the end.
    pub(crate) responses: Vec<f64>,
    /// The longest of those waits that were for a worker to become free.
    pub(crate) longest_queueing: f64,
    /// When the last has ended.
    pub(crate) end: f64,
    /// How long workers have waited for a CPU, all together.
    pub(crate) starved: f64,
}

impl Model {
    /// Draws so many jobs.
    pub(crate) fn draw(&self, jobs: usize, seed: u64) -> Jobs {
        let (mut gaps, mut lengths) = (Random::with_seed(seed), Random::with_seed(!seed));
        let mut lucks = Random::with_seed(seed ^ (u64::MAX / 3));
        let mut arrival = 0.0;
        let draw = |_| {
            arrival += gaps.exponential() / self.rate;
            let length = self.service.draw(&mut lengths);
            let computing = length * self.computing;
            let wake_up = self.wake_up.draw(&mut lengths);
            let luck = [lucks.unit(), lucks.unit()];
            Job { arrival, computing, blocked: length - computing, wake_up, luck }
        };
        Jobs((0..jobs).map(draw).collect())
    }

    /// What becomes of these jobs.
    pub(crate) fn play(&self, jobs: &Jobs, workers: usize) -> Outcome {
        Play::new(self, &jobs.0, workers).run()
    }

    /// Jobs a second that so many workers can do at most: when there is always another.
    pub(crate) fn capacity(&self, jobs: &Jobs, workers: usize) -> f64 {
        let waiting: Vec<Job> = jobs.0.iter().map(|job| Job { arrival: 0.0, wake_up: 0.0, ..*job }).collect();
        waiting.len() as f64 / Play::new(self, &waiting, workers).run().end
    }
}

impl Jobs {
    /// The first of them.
    pub(crate) fn first(&self, jobs: usize) -> Jobs {
        Jobs(self.0[..jobs.min(self.0.len())].to_vec())
    }
}

/// What a worker computes, or waits to compute.
#[derive(Clone, Copy)]
struct Turn {
    job: usize,
    /// What is left of this part of the job.
    left: f64,
    is_first_part: bool,
    has_started: bool,
    slice: f64,
}

struct Play<'a> {
    model: &'a Model,
    jobs: &'a [Job],
    slice: f64,
    idle_workers: usize,
    now: f64,
    arrived: usize,
    queue: VecDeque<usize>,
    cpus: Cpus<Turn>,
    /// Jobs that are blocked, or whose worker wakes up.
    delayed: BinaryHeap<End<Turn>>,
    outcome: Outcome,
}

impl<'a> Play<'a> {
    fn new(model: &'a Model, jobs: &'a [Job], workers: usize) -> Self {
        let computing = jobs.iter().map(|job| job.computing).sum::<f64>() / jobs.len().max(1) as f64;
        Play {
            model,
            jobs,
            slice: SLICE.max(computing / MOST_SLICES),
            idle_workers: workers,
            now: 0.0,
            arrived: 0,
            queue: VecDeque::new(),
            cpus: Cpus::new(model.cpus, model.available),
            delayed: BinaryHeap::new(),
            outcome: Outcome {
                waits: Vec::with_capacity(jobs.len()),
                responses: Vec::with_capacity(jobs.len()),
                longest_queueing: 0.0,
                end: 0.0,
                starved: 0.0,
            },
        }
    }

    fn run(mut self) -> Outcome {
        while self.step() {}
        self.outcome.end = self.now;
        self.outcome.waits.sort_unstable_by(f64::total_cmp);
        self.outcome.responses.sort_unstable_by(f64::total_cmp);
        self.outcome
    }

    /// Goes on to the next event. Returns whether there was one.
    fn step(&mut self) -> bool {
        let arrival = self.jobs.get(self.arrived).map_or(f64::INFINITY, |job| job.arrival);
        let delay = self.delayed.peek().map_or(f64::INFINITY, |end| end.at);
        let computed = self.now + self.cpus.next_end();
        let next = arrival.min(delay).min(computed);
        if next == f64::INFINITY {
            return false;
        }
        self.outcome.starved += self.cpus.pass(next - self.now);
        self.now = next;
        if computed == next {
            let on = self.cpus.stop().expect("its end is the next event");
            self.go_on(on);
        } else if delay == next {
            let turn = self.delayed.pop().expect("its end is the next event").what;
            self.wake(turn);
        } else {
            self.arrive();
        }
        true
    }

    fn arrive(&mut self) {
        let job = self.arrived;
        self.arrived += 1;
        if self.idle_workers == 0 {
            self.queue.push_back(job);
        } else {
            self.idle_workers -= 1;
            let turn = self.begin(job, self.slice);
            self.delay(turn, self.jobs[job].wake_up);
        }
    }

    /// A worker is to run a job.
    fn begin(&self, job: usize, slice: f64) -> Turn {
        let Job { computing, blocked, .. } = self.jobs[job];
        let is_first_part = blocked > 0.0;
        let left = if is_first_part { computing / 2.0 } else { computing };
        Turn { job, left, is_first_part, has_started: false, slice }
    }

    fn delay(&mut self, turn: Turn, time: f64) {
        self.delayed.push(End { at: self.now + time, what: turn });
    }

    /// A worker that was asleep wants a CPU.
    fn wake(&mut self, turn: Turn) {
        let luck = self.jobs[turn.job].luck[usize::from(!turn.is_first_part)];
        let Model { stuck, cpus, .. } = *self.model;
        let cpu = (luck < stuck).then(|| ((luck / stuck * cpus as f64) as usize).min(cpus - 1));
        let on = self.cpus.claim(cpu, turn);
        self.start(on);
    }

    /// There is a CPU for it.
    fn start(&mut self, on: Option<OnCpu<Turn>>) {
        let Some(OnCpu { cpu, worker: mut turn }) = on else { return };
        if !turn.has_started {
            turn.has_started = true;
            self.outcome.waits.push(self.now - self.jobs[turn.job].arrival);
        }
        let time = turn.left.min(turn.slice);
        let worker = Turn { left: turn.left - time, slice: turn.slice - time, ..turn };
        self.cpus.run(OnCpu { cpu, worker }, time);
    }

    /// A worker has had a CPU for as long as it needed or might.
    fn go_on(&mut self, on: OnCpu<Turn>) {
        let OnCpu { cpu, worker: turn } = on;
        if turn.left > 0.0 {
            return self.make_way(on);
        }
        if turn.is_first_part {
            let Job { computing, blocked, .. } = self.jobs[turn.job];
            let second = Turn { left: computing / 2.0, is_first_part: false, slice: self.slice, ..turn };
            self.delay(second, blocked);
        } else if let Some(next) = self.end(turn.job) {
            return self.make_way(OnCpu { cpu, worker: self.begin(next, turn.slice) });
        }
        self.leave(cpu);
    }

    /// The worker goes on, if there is something left of its slice. If not, it has a CPU that is idle, or waits behind the others.
    fn make_way(&mut self, on: OnCpu<Turn>) {
        let OnCpu { cpu, worker: turn } = on;
        if turn.slice > 0.0 {
            return self.start(Some(on));
        }
        let elsewhere = self.cpus.claim(None, Turn { slice: self.slice, ..turn });
        self.start(elsewhere);
        self.leave(cpu);
    }

    fn leave(&mut self, cpu: usize) {
        let next = self.cpus.leave(cpu);
        self.start(next);
    }

    /// Returns the next job of the worker.
    fn end(&mut self, job: usize) -> Option<usize> {
        self.outcome.responses.push(self.now - self.jobs[job].arrival);
        let next = self.queue.pop_front();
        match next {
            Some(next) => {
                let queueing = self.now - self.jobs[next].arrival;
                self.outcome.longest_queueing = self.outcome.longest_queueing.max(queueing);
            }
            None => self.idle_workers += 1,
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pool_core::stats::Distribution;

    use super::*;

    const JOBS: usize = 1_500_000;
    /// The mean length of a job, in seconds.
    const MEAN: f64 = 1e-3;

    fn lengths() -> Distribution {
        let mut random = Random::with_seed(3);
        let mut lengths = Distribution::default();
        (0..100_000).for_each(|_| lengths.record(Duration::from_secs_f64(random.exponential() * MEAN)));
        lengths
    }

    /// Exponential jobs with so many arriving in the mean time of one.
    fn exponential(load: f64, cpus: usize, computing: f64) -> Model {
        let lengths = lengths();
        let rate = load / lengths.mean().as_secs_f64();
        let wake_up = Sampler::new(&Distribution::default(), 1.0);
        let (available, service) = (cpus as f64, Sampler::new(&lengths, 1.0));
        Model { rate, cpus, available, service, computing, wake_up, stuck: 0.0 }
    }

    fn quantile(times: &[f64], share: f64) -> f64 {
        times[(share * times.len() as f64) as usize]
    }

    fn mean(times: &[f64]) -> f64 {
        times.iter().sum::<f64>() / times.len() as f64
    }

    #[track_caller]
    fn assert_near(found: f64, expected: f64, tolerance: f64) {
        assert!((found / expected - 1.0).abs() < tolerance, "{found}, not {expected}");
    }

    /// The probability that a job has to wait in M/M/k (Erlang C).
    fn erlang_c(k: usize, load: f64) -> f64 {
        let b = (1..=k).fold(1.0, |b, i| load * b / (i as f64 + load * b));
        b / (1.0 - load / k as f64 * (1.0 - b))
    }

    /// The time that this share of jobs of M/M/k waits no longer than.
    fn erlang_wait(k: usize, load: f64, share: f64) -> f64 {
        (erlang_c(k, load) / (1.0 - share)).ln() * MEAN / (k as f64 - load)
    }

    #[test]
    fn one_worker_is_as_the_formula_of_m_m_1_says() {
        let model = exponential(0.7, 1, 1.0);
        let outcome = model.play(&model.draw(JOBS, 1), 1);
        assert_near(quantile(&outcome.waits, 0.99), erlang_wait(1, 0.7, 0.99), 0.05);
        assert_near(quantile(&outcome.waits, 0.5), erlang_wait(1, 0.7, 0.5), 0.05);
        assert_near(mean(&outcome.responses), MEAN / 0.3, 0.05);
    }

    #[test]
    fn blocked_jobs_are_as_erlang_says_whatever_the_cpus_are() {
        for (k, load) in [(2, 1.4), (4, 3.0), (16, 12.0)] {
            let model = exponential(load, 1, 0.0);
            let outcome = model.play(&model.draw(JOBS, 2), k);
            assert_near(quantile(&outcome.waits, 0.99), erlang_wait(k, load, 0.99), 0.05);
            let waited = outcome.waits.iter().filter(|wait| **wait > 0.0).count() as f64 / JOBS as f64;
            assert_near(waited, erlang_c(k, load), 0.03);
        }
    }

    #[test]
    fn computing_jobs_with_a_cpu_each_are_as_erlang_says() {
        let model = exponential(3.0, 4, 1.0);
        let outcome = model.play(&model.draw(JOBS, 3), 4);
        assert_near(quantile(&outcome.waits, 0.99), erlang_wait(4, 3.0, 0.99), 0.05);
    }

    /// M/M/c has as many jobs at a time whether those share the CPUs or wait for them.
    #[test]
    fn workers_without_end_share_the_cpus() {
        let model = exponential(1.4, 2, 1.0);
        let outcome = model.play(&model.draw(JOBS, 4), 1_000);
        assert_eq!(outcome.longest_queueing, 0.0);
        let in_excess = erlang_c(2, 1.4) * MEAN / 0.6;
        assert_near(mean(&outcome.responses), MEAN + in_excess, 0.05);
        assert_near(outcome.starved / JOBS as f64, in_excess, 0.1);
    }

    #[test]
    fn short_jobs_wait_for_a_cpu_before_they_start_and_long_ones_share() {
        let p99 = |outcome: &Outcome| quantile(&outcome.waits, 0.99);
        let short = exponential(1.4, 2, 1.0);
        let jobs = short.draw(JOBS / 5, 4);
        let (two, many) = (short.play(&jobs, 2), short.play(&jobs, 1_000));
        assert_near(p99(&many), p99(&two), 0.25);
        let mut long = exponential(1.4, 2, 1.0);
        long.service = Sampler::new(&lengths(), 1_000.0);
        long.rate /= 1_000.0;
        let outcome = long.play(&long.draw(JOBS / 10, 4), 1_000);
        assert!(p99(&outcome) < 0.5 * 1_000.0 * MEAN, "a job starts before those before it have ended");
    }

    #[test]
    fn it_is_as_the_sums_say_when_a_job_is_blocked_for_half_of_its_time() {
        // Whatever the service is, a processor that is shared has a mean number of jobs of load / (1 - load).
        let model = exponential(1.2, 1, 0.5);
        let outcome = model.play(&model.draw(JOBS, 5), 1_000);
        assert_near(mean(&outcome.responses), MEAN / 2.0 + MEAN / 2.0 / (1.0 - 0.6), 0.1);
    }

    #[test]
    fn what_others_take_of_the_cpus_makes_jobs_longer() {
        let mut model = exponential(0.5, 1, 1.0);
        model.available = 0.8;
        let outcome = model.play(&model.draw(JOBS, 8), 1);
        // M/M/1 with jobs of 1.25 times the length.
        assert_near(mean(&outcome.responses), 1.25 * MEAN / (1.0 - 0.625), 0.05);
        assert_near(outcome.starved / JOBS as f64, 0.25 * MEAN, 0.02);
    }

    /// Two CPUs with a queue each are two M/M/1 of half the load, but for what changes over at the end of a slice.
    #[test]
    fn workers_that_are_stuck_wait_beside_an_idle_cpu() {
        let model = Model { stuck: 1.0, ..exponential(1.0, 2, 1.0) };
        let jobs = model.draw(JOBS / 2, 9);
        let (apart, together) =
            (model.play(&jobs, 1_000), Model { stuck: 0.0, ..model.clone() }.play(&jobs, 1_000));
        assert_near(mean(&together.responses), MEAN / (1.0 - 0.25), 0.05);
        let (least, most) = (1.05 * mean(&together.responses), MEAN / (1.0 - 0.5));
        assert!((least..most).contains(&mean(&apart.responses)), "{}", mean(&apart.responses));
        assert!(apart.starved > 1.2 * together.starved);
    }

    #[test]
    fn the_capacity_is_what_workers_or_cpus_allow() {
        let model = exponential(1.0, 2, 0.5);
        let jobs = model.draw(50_000, 6);
        assert_near(model.capacity(&jobs, 1), 1.0 / MEAN, 0.03);
        // Of many workers, the CPUs are always busy.
        assert_near(model.capacity(&jobs, 64), 2.0 / (MEAN / 2.0), 0.03);
        let both = model.capacity(&jobs, 4);
        assert!(2.5 / MEAN < both && both < 3.8 / MEAN, "{both}: sometimes more than two compute");
    }

    #[test]
    fn who_finds_a_sleeping_worker_waits_for_it_to_wake() {
        let mut wake_up = Distribution::default();
        wake_up.record(Duration::from_micros(50));
        let model = Model { wake_up: Sampler::new(&wake_up, 1.0), ..exponential(0.01, 1, 1.0) };
        let outcome = model.play(&model.draw(1_000, 7), 1);
        assert_near(quantile(&outcome.waits, 0.5), 50e-6, 0.01);
        assert!(outcome.longest_queueing > 0.0, "some come while another runs");
    }
}
