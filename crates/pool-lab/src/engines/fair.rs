//! Our pool with a queue for each tenant, which share the workers by weight. Jobs go to the first queue unless a workload has tenants.

use std::time::Duration;

use pool_fair::{Fair, Queue};

use super::ours::{self, FromSpec, PIN};
use super::row::Row;
use crate::engine::Spec;
use crate::engine::settings::{Allowed, Rule};

const OPTIONS: &[Rule] = &[
    Rule::new("queues", Allowed::Number { min: 1, max: 64 }, "2", "queues, each of weight 1"),
    Rule::new(
        "quantum",
        Allowed::Number { min: 1, max: 1_000_000 },
        "1000",
        "run time that a queue gets at its turn, in microseconds",
    ),
    PIN,
];

pub(super) fn row() -> Row {
    ours::row::<Fair>(
        "fair",
        "pool-fair",
        "a queue a tenant behind a mutex, deficit round robin over run time",
    )
    .options(OPTIONS)
    .slow_joins()
}

impl FromSpec for Fair {
    fn from_spec(spec: &Spec) -> Self {
        let options = spec.options();
        let quantum = Duration::from_micros(options.number("quantum") as u64);
        let names = (0..options.number("queues")).map(|queue| format!("tenant {queue}"));
        Fair::new(names.map(Queue::new)).quantum(quantum)
    }
}
