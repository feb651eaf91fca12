//! What is shown of a pool, from two looks at its statistics.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pool_core::stats::Distribution;
use pool_core::{PoolId, Stats, Timings};

use super::watched::{State, Watched};

/// Rates are those since the look so many looks ago.
const WINDOW: usize = 10;

/// Lengths of the queue that are kept.
const HISTORY: usize = 256;

/// The quantiles that are shown; the maximum comes after them.
pub(super) const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// What is shown at one moment.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// The workload and the pool.
    pub(super) title: String,
    /// Since when.
    pub(super) up: Duration,
    /// Jobs a second: submitted, run, stolen.
    pub(super) rates: [f64; 3],
    pub(super) workers: Vec<WorkerFigures>,
    /// The length of the queue at the last looks, the newest last.
    pub(super) queue: Vec<u64>,
    pub(super) longest_queue: u64,
    /// Empty where jobs are not timed.
    pub(super) latencies: Vec<Latency>,
}

#[derive(Debug)]
pub(super) struct WorkerFigures {
    pub(super) state: State,
    /// The share of the time in which it did not wait for work.
    pub(super) busy: f64,
    /// Jobs a second.
    pub(super) rate: f64,
    /// In all.
    pub(super) jobs: u64,
    pub(super) steals: u64,
}

/// How long something took.
#[derive(Debug)]
pub(super) struct Latency {
    pub(super) what: &'static str,
    pub(super) count: u64,
    /// In nanoseconds.
    pub(super) quantiles: [f64; QUANTILES.len()],
    pub(super) max: f64,
}

/// Looks at a pool now and then.
pub(super) struct Sampler {
    title: String,
    watched: Arc<Watched>,
    start: Instant,
    pool: Option<PoolId>,
    looks: VecDeque<(Instant, Stats)>,
    queue: VecDeque<u64>,
}

impl Sampler {
    pub(super) fn new(title: String, watched: Arc<Watched>) -> Self {
        let (start, looks, queue) = (Instant::now(), VecDeque::new(), VecDeque::new());
        Sampler { title, watched, start, pool: None, looks, queue }
    }

    /// Looks at the pool.
    pub(super) fn sample(&mut self) -> Figures {
        let Some(pool) = self.watched.pool() else { return self.figures(None) };
        if self.pool.replace(pool.id()) != Some(pool.id()) {
            self.looks.clear();
        }
        let stats = pool.stats();
        self.queue.push_back(stats.counts.queued);
        self.looks.push_back((Instant::now(), stats));
        self.queue.drain(..self.queue.len().saturating_sub(HISTORY));
        self.looks.drain(..self.looks.len().saturating_sub(WINDOW + 1));
        self.figures(pool.timings())
    }

    fn figures(&self, timings: Option<Timings>) -> Figures {
        let mut figures =
            Figures { title: self.title.clone(), up: self.start.elapsed(), ..Figures::default() };
        if let (Some(before), Some(now)) = (self.looks.front(), self.looks.back()) {
            figures.set(before, now, &self.watched.states());
        }
        figures.queue = self.queue.iter().copied().collect();
        figures.latencies = timings.as_ref().map(latencies).unwrap_or_default();
        figures
    }
}

impl Figures {
    fn set(&mut self, (then, before): &(Instant, Stats), (now, stats): &(Instant, Stats), states: &[State]) {
        let seconds = (*now - *then).as_secs_f64();
        let rate = |before: u64, now: u64| match seconds {
            0.0 => 0.0,
            seconds => now.saturating_sub(before) as f64 / seconds,
        };
        let run = |stats: &Stats| stats.counts.completed + stats.counts.panicked;
        let stolen = |stats: &Stats| stats.workers.iter().map(|worker| worker.stolen_jobs).sum();
        self.rates = [
            rate(before.counts.submitted, stats.counts.submitted),
            rate(run(before), run(stats)),
            rate(stolen(before), stolen(stats)),
        ];
        let workers = before.workers.iter().zip(&stats.workers).zip(states);
        self.workers = workers
            .map(|((before, now), state)| WorkerFigures {
                state: *state,
                busy: rate(before.busy.as_nanos() as u64, now.busy.as_nanos() as u64) / 1e9,
                rate: rate(before.jobs(), now.jobs()),
                jobs: now.jobs(),
                steals: now.steals,
            })
            .collect();
        self.longest_queue = stats.longest_queue;
    }
}

fn latencies(timings: &Timings) -> Vec<Latency> {
    let of = |what, times: &Distribution| Latency {
        what,
        count: times.count(),
        quantiles: QUANTILES.map(|(_, share)| times.quantile(share).as_nanos() as f64),
        max: times.max().as_nanos() as f64,
    };
    vec![
        of("queue wait", &timings.queue_wait),
        of("run time", &timings.run_time),
        of("wake-up", &timings.wake_up),
    ]
}

#[cfg(test)]
mod tests {
    use pool_core::Timing;

    use super::*;
    use crate::engine::Spec;
    use crate::engines;

    #[test]
    fn rates_are_what_has_come_since_the_look_before() {
        let watched = Arc::new(Watched::new(2));
        let spec: Spec = "stealing:2".parse().unwrap();
        let spec = spec.with_timing(Timing::Every).with_watcher(watched.clone());
        let pool = engines::build_pool(&spec).unwrap();
        let mut sampler = Sampler::new("title".to_owned(), watched);
        assert_eq!(sampler.sample().rates, [0.0; 3]);
        for _ in 0..100 {
            pool.submit(pool_core::Job::new(|| ()), Default::default()).unwrap();
        }
        assert!(pool.wait_idle(None));
        let figures = sampler.sample();
        assert_eq!(figures.workers.iter().map(|worker| worker.jobs).sum::<u64>(), 100);
        assert!(figures.rates[0] > 0.0 && figures.rates[0] == figures.rates[1], "{:?}", figures.rates);
        assert_eq!(
            figures.latencies.iter().map(|latency| latency.count).take(2).collect::<Vec<_>>(),
            [100, 100]
        );
        assert_eq!(figures.queue.len(), 2);
        for _ in 0..2 * HISTORY {
            sampler.sample();
        }
        let figures = sampler.sample();
        assert_eq!((figures.rates, figures.queue.len()), ([0.0; 3], HISTORY));
    }
}
