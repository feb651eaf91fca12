//! What is exported: one table for both exporters.

use pool_core::stats::{Distribution, WorkerStats};
use pool_core::{Stats, Timings};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only grows.
    Counter,
    Gauge,
}

/// Metrics of one name.
pub(crate) struct Family {
    /// Without the prefix `pool_`, the unit, and the suffix of a counter.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
    pub(crate) read: Read,
}

/// How it is read, and what it is.
#[derive(Clone, Copy)]
pub(crate) enum Read {
    /// A number.
    Pool(fn(&Stats) -> u64),
    /// A number for each outcome.
    Outcomes(fn(&Stats) -> [(&'static str, u64); 6]),
    /// A number for each worker.
    Workers(fn(&WorkerStats) -> u64),
    /// Seconds for each worker.
    WorkerSeconds(fn(&WorkerStats) -> f64),
}

/// One number of a family.
pub(crate) struct Sample {
    /// Beside the pool.
    pub(crate) label: Option<(&'static str, String)>,
    pub(crate) value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Number(u64),
    Seconds(f64),
}

impl Family {
    pub(crate) fn is_in_seconds(&self) -> bool {
        matches!(self.read, Read::WorkerSeconds(_))
    }

    /// Its numbers for one pool.
    pub(crate) fn samples(&self, stats: &Stats) -> Vec<Sample> {
        match self.read {
            Read::Pool(read) => vec![Sample { label: None, value: Value::Number(read(stats)) }],
            Read::Outcomes(read) => {
                let sample = |(outcome, jobs): (&str, u64)| Sample {
                    label: Some(("outcome", outcome.to_owned())),
                    value: Value::Number(jobs),
                };
                read(stats).map(sample).into()
            }
            Read::Workers(read) => of_workers(stats, |worker| Value::Number(read(worker))),
            Read::WorkerSeconds(read) => of_workers(stats, |worker| Value::Seconds(read(worker))),
        }
    }
}

fn of_workers(stats: &Stats, read: impl Fn(&WorkerStats) -> Value) -> Vec<Sample> {
    let sample = |(index, worker): (usize, &WorkerStats)| Sample {
        label: Some(("worker", index.to_string())),
        value: read(worker),
    };
    stats.workers.iter().enumerate().map(sample).collect()
}

/// A histogram.
pub(crate) struct Spread {
    /// Without the prefix `pool_` and the unit, which is seconds.
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) read: fn(&Timings) -> &Distribution,
}

const fn family(name: &'static str, kind: Kind, help: &'static str, read: Read) -> Family {
    Family { name, kind, help, read }
}

use self::Kind::{Counter, Gauge};

pub(crate) const FAMILIES: &[Family] = &[
    family(
        "jobs_submitted",
        Counter,
        "Jobs that were submitted, accepted or not",
        Read::Pool(|stats| stats.counts.submitted),
    ),
    family("jobs_ended", Counter, "Jobs that have ended, by what became of them", Read::Outcomes(outcomes)),
    family("jobs_queued", Gauge, "Jobs that wait", Read::Pool(|stats| stats.counts.queued)),
    family(
        "jobs_queued_max",
        Gauge,
        "The longest queue that was seen",
        Read::Pool(|stats| stats.longest_queue),
    ),
    family(
        "jobs_running",
        Gauge,
        "Jobs that have started and not ended",
        Read::Pool(|stats| stats.counts.running),
    ),
    family("workers", Gauge, "Workers that there are", Read::Pool(|stats| stats.worker_counts.now as u64)),
    family(
        "workers_wanted",
        Gauge,
        "Workers that there should be",
        Read::Pool(|stats| stats.worker_counts.wanted as u64),
    ),
    family(
        "workers_blocked",
        Gauge,
        "Workers that are blocked, for whom others may stand in",
        Read::Pool(|stats| stats.worker_counts.blocked as u64),
    ),
    family(
        "worker_failed_starts",
        Counter,
        "Threads that could not be started",
        Read::Pool(|stats| stats.worker_counts.failed_starts),
    ),
    family(
        "handler_panics",
        Counter,
        "Panics of handlers and hooks",
        Read::Pool(|stats| stats.handler_panics),
    ),
    family("worker_jobs", Counter, "Jobs that a worker ran", Read::Workers(WorkerStats::jobs)),
    family(
        "worker_busy",
        Counter,
        "Time that a worker did not wait for work",
        Read::WorkerSeconds(|worker| worker.busy.as_secs_f64()),
    ),
    family(
        "worker_parks",
        Counter,
        "How often a worker waited for work",
        Read::Workers(|worker| worker.parks),
    ),
    family(
        "worker_steals",
        Counter,
        "How often a worker took work from another",
        Read::Workers(|worker| worker.steals),
    ),
    family(
        "worker_stolen_jobs",
        Counter,
        "Jobs that a worker took from others",
        Read::Workers(|worker| worker.stolen_jobs),
    ),
    family(
        "worker_replaced",
        Counter,
        "How often a worker died and was replaced",
        Read::Workers(|worker| worker.replaced),
    ),
];

pub(crate) const SPREADS: &[Spread] = &[
    Spread {
        name: "job_wait",
        help: "How long jobs waited, from their submission to their start",
        read: |timings| &timings.queue_wait,
    },
    Spread {
        name: "job_run",
        help: "How long jobs ran, from their start to their end",
        read: |timings| &timings.run_time,
    },
    Spread {
        name: "worker_wake_up",
        help: "How long those jobs waited for which a worker had to be woken",
        read: |timings| &timings.wake_up,
    },
];

fn outcomes(stats: &Stats) -> [(&'static str, u64); 6] {
    let counts = &stats.counts;
    [
        ("completed", counts.completed),
        ("panicked", counts.panicked),
        ("cancelled", counts.cancelled),
        ("expired", counts.expired),
        ("rejected", counts.rejected),
        ("discarded", counts.discarded),
    ]
}
