//! A queue, some workers, and the CPUs that they share: played event by event.
//!
//! Jobs arrive as a Poisson process, wait in one queue, first in first out, and are each served by one of the workers: M/G/k, but
//! that k workers do not have k CPUs. A job first computes and then is blocked. Of the jobs that compute, as many as there are
//! CPUs go on at full speed; when there are more, all share the CPUs evenly. That is what a fair scheduler comes to once each has had
//! some slices. Blocked jobs disturb nobody.
//!
//! That a job computes first and is blocked afterwards is no restriction: with even sharing of the CPUs and a delay that nobody else
//! lengthens, how many jobs compute at a time depends on the sums of both alone, and not on how a job alternates between them
//! (Baskett, Chandy, Muntz and Palacios, 1975). Exactly so while the workers are all busy; close to it otherwise.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use crate::random::{Random, Sampler};

/// What is played.
pub(crate) struct Model {
    /// Jobs a second.
    pub(crate) rate: f64,
    pub(crate) cpus: usize,
    /// How long a job takes a worker that has a CPU whenever it wants one.
    pub(crate) service: Sampler,
    /// The share of that in which it computes.
    pub(crate) computing: f64,
    /// How long a worker that sleeps takes to begin with a job.
    pub(crate) wake_up: Sampler,
}

/// The same jobs for every number of workers, so that differences between those are not differences between draws.
pub(crate) struct Jobs(Vec<Job>);

#[derive(Clone, Copy)]
struct Job {
    arrival: f64,
    computing: f64,
    blocked: f64,
    wake_up: f64,
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
}

impl Model {
    /// Draws so many jobs.
    pub(crate) fn draw(&self, jobs: usize, seed: u64) -> Jobs {
        let (mut gaps, mut lengths) = (Random::with_seed(seed), Random::with_seed(!seed));
        let mut arrival = 0.0;
        let draw = |_| {
            arrival += gaps.exponential() / self.rate;
            let length = self.service.draw(&mut lengths);
            let computing = length * self.computing;
            let wake_up = self.wake_up.draw(&mut lengths);
            Job { arrival, computing, blocked: length - computing, wake_up }
        };
        Jobs((0..jobs).map(draw).collect())
    }

    /// What becomes of these jobs.
    pub(crate) fn play(&self, jobs: &Jobs, workers: usize) -> Outcome {
        Play::new(&jobs.0, workers, self.cpus).run()
    }

    /// Jobs a second that so many workers can do at most: when there is always another.
    pub(crate) fn capacity(&self, jobs: &Jobs, workers: usize) -> f64 {
        let waiting: Vec<Job> = jobs.0.iter().map(|job| Job { arrival: 0.0, wake_up: 0.0, ..*job }).collect();
        waiting.len() as f64 / Play::new(&waiting, workers, self.cpus).run().end
    }
}

impl Jobs {
    /// The first of them.
    pub(crate) fn first(&self, jobs: usize) -> Jobs {
        Jobs(self.0[..jobs.min(self.0.len())].to_vec())
    }
}

/// Something that ends at this time.
#[derive(PartialEq)]
struct End {
    at: f64,
    job: usize,
    /// It is a worker's waking up.
    is_wake_up: bool,
}

impl Eq for End {}

impl Ord for End {
    /// The earliest is the greatest, as a heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.total_cmp(&self.at).then(other.job.cmp(&self.job))
    }
}

impl PartialOrd for End {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Play<'a> {
    jobs: &'a [Job],
    cpus: f64,
    idle_workers: usize,
    now: f64,
    /// What each computing job has been given so far, had it computed from the beginning. It goes on more slowly the more there are.
    given: f64,
    arrived: usize,
    queue: VecDeque<usize>,
    /// When they will have been given what they need.
    computing: BinaryHeap<End>,
    delayed: BinaryHeap<End>,
    outcome: Outcome,
}

impl<'a> Play<'a> {
    fn new(jobs: &'a [Job], workers: usize, cpus: usize) -> Self {
        Play {
            jobs,
            cpus: cpus as f64,
            idle_workers: workers,
            now: 0.0,
            given: 0.0,
            arrived: 0,
            queue: VecDeque::new(),
            computing: BinaryHeap::new(),
            delayed: BinaryHeap::new(),
            outcome: Outcome {
                waits: Vec::with_capacity(jobs.len()),
                responses: Vec::with_capacity(jobs.len()),
                longest_queueing: 0.0,
                end: 0.0,
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
        let speed = (self.cpus / self.computing.len() as f64).min(1.0);
        let computed =
            self.computing.peek().map_or(f64::INFINITY, |end| self.now + (end.at - self.given) / speed);
        let next = arrival.min(delay).min(computed);
        if next == f64::INFINITY {
            return false;
        }
        if !self.computing.is_empty() {
            self.given += (next - self.now) * speed;
        }
        self.now = next;
        if computed == next {
            let job = self.computing.pop().expect("its end is the next event").job;
            self.delay(job, self.jobs[job].blocked, false);
        } else if delay == next {
            let end = self.delayed.pop().expect("its end is the next event");
            if end.is_wake_up { self.start(end.job) } else { self.end(end.job) }
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
            self.delay(job, self.jobs[job].wake_up, true);
        }
    }

    fn delay(&mut self, job: usize, time: f64, is_wake_up: bool) {
        self.delayed.push(End { at: self.now + time, job, is_wake_up });
    }

    fn start(&mut self, job: usize) {
        self.outcome.waits.push(self.now - self.jobs[job].arrival);
        self.computing.push(End { at: self.given + self.jobs[job].computing, job, is_wake_up: false });
    }

    fn end(&mut self, job: usize) {
        self.outcome.responses.push(self.now - self.jobs[job].arrival);
        match self.queue.pop_front() {
            Some(next) => {
                let queueing = self.now - self.jobs[next].arrival;
                self.outcome.longest_queueing = self.outcome.longest_queueing.max(queueing);
                self.start(next);
            }
            None => self.idle_workers += 1,
        }
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

    /// Exponential jobs with so many arriving in the mean time of one.
    fn exponential(load: f64, cpus: usize, computing: f64) -> Model {
        let mut random = Random::with_seed(3);
        let mut lengths = Distribution::default();
        (0..100_000).for_each(|_| lengths.record(Duration::from_secs_f64(random.exponential() * MEAN)));
        let rate = load / lengths.mean().as_secs_f64();
        let wake_up = Sampler::new(&Distribution::default(), 1.0);
        Model { rate, cpus, service: Sampler::new(&lengths, 1.0), computing, wake_up }
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

    /// M/M/c with processor sharing has as many jobs at a time as M/M/c, and none of them waits: Little.
    #[test]
    fn workers_without_end_share_the_cpus() {
        let model = exponential(1.4, 2, 1.0);
        let outcome = model.play(&model.draw(JOBS, 4), 1_000);
        assert_eq!((outcome.longest_queueing, outcome.waits.last()), (0.0, Some(&0.0)));
        assert_near(mean(&outcome.responses), MEAN + erlang_c(2, 1.4) * MEAN / 0.6, 0.05);
    }

    /// The order of both phases is none of the model's: a job that is blocked for half of its time.
    #[test]
    fn sharing_depends_on_sums_alone() {
        // Whatever the service is, a processor that is shared has a mean number of jobs of load / (1 - load).
        let model = exponential(1.2, 1, 0.5);
        let outcome = model.play(&model.draw(JOBS, 5), 1_000);
        assert_near(mean(&outcome.responses), MEAN / 2.0 + MEAN / 2.0 / (1.0 - 0.6), 0.05);
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
