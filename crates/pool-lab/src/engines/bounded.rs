//! Our pool with a bounded queue.

use pool_bounded::{Bounded, CoDel, Overflow};

use super::ours::{self, FromSpec, PIN};
use super::row::Row;
use super::under_rayon;
use crate::engine::Spec;
use crate::engine::settings::{Allowed, Rule, parse_duration};

/// Peers have unbounded queues, so unless chosen otherwise ours holds every job of the largest workload. What a
/// full queue costs is another question.
const CAPACITY: &str = "131072";

const OPTIONS: &[Rule] = &[
    Rule::new("capacity", Allowed::CAPACITY, CAPACITY, "places in the queue"),
    Rule::new(
        "overflow",
        Allowed::Choice(&[
            "block",
            "timeout-",
            "reject",
            "caller-runs",
            "drop-oldest",
            "drop-newest",
            "shed",
        ]),
        "block",
        "what to do with a job that finds no place; shed: also with those that have waited too long",
    ),
    Rule::new("target", Allowed::WAIT, "5ms", "with shed: the wait that is acceptable"),
    Rule::new(
        "interval",
        Allowed::WAIT,
        "100ms",
        "with shed: how long all waits are longer before any job is given up",
    ),
    PIN,
];

pub(super) fn row() -> Row {
    ours::row::<Bounded>("bounded", "pool-bounded", "one bounded crossbeam channel")
        .options(OPTIONS)
        .variants(&["capacity=1", "capacity=3:overflow=caller-runs", "capacity=10000:overflow=reject"])
        .slow_joins()
        .may_lose_jobs()
        .under_rayon::<under_rayon::Ours>()
}

impl FromSpec for Bounded {
    fn from_spec(spec: &Spec) -> Self {
        Bounded::new(spec.options().number("capacity")).overflow(overflow(spec))
    }

    fn loses_beyond(spec: &Spec) -> Option<usize> {
        match overflow(spec) {
            Overflow::Block | Overflow::CallerRuns => None,
            // However short the queue is, a job in it may have waited too long.
            Overflow::Shed(_) => Some(0),
            _ => Some(spec.options().number("capacity")),
        }
    }
}

fn overflow(spec: &Spec) -> Overflow {
    let options = spec.options();
    match options.text("overflow") {
        "reject" => Overflow::Reject,
        "caller-runs" => Overflow::CallerRuns,
        "drop-oldest" => Overflow::DropOldest,
        "drop-newest" => Overflow::DropNewest,
        "shed" => {
            let (target, interval) = (options.duration("target"), options.duration("interval"));
            Overflow::Shed(CoDel::default().target(target).interval(interval))
        }
        other => match other.strip_prefix("timeout-").and_then(parse_duration) {
            Some(limit) => Overflow::Timeout(limit),
            None => Overflow::Block,
        },
    }
}
