//! Our pool that takes urgent jobs first. No workload has urgent jobs, so what it shows is the price of being able to.

use pool_priority::Levels;

use super::ours::{self, FromSpec, PIN};
use super::row::Row;
use super::under_rayon;
use crate::engine::Spec;
use crate::engine::settings::{Allowed, Rule};

const OPTIONS: &[Rule] = &[
    Rule::new("levels", Allowed::Number { min: 1, max: 64 }, "64", "levels of urgency"),
    Rule::new(
        "aging",
        Allowed::Number { min: 0, max: u32::MAX as u64 },
        "256",
        "how many jobs may pass a level that waits, at least as many as there are levels; 0: any number",
    ),
    Rule::new(
        "express",
        Allowed::Number { min: 0, max: 1 << 16 },
        "0",
        "workers kept free for the top levels",
    ),
    Rule::new("top", Allowed::Number { min: 1, max: 63 }, "1", "how many levels the express workers serve"),
    PIN,
];

pub(super) fn row() -> Row {
    ours::row::<Levels>("priority", "pool-priority", "a queue a level behind a mutex, with aging")
        .options(OPTIONS)
        .variants(&["levels=1", "levels=8:aging=0", "express=1:top=32"])
        .slow_joins()
        .priorities()
        .under_rayon::<under_rayon::Ours>()
}

impl FromSpec for Levels {
    fn from_spec(spec: &Spec) -> Self {
        let options = spec.options();
        let levels = Levels::new(options.number("levels"));
        let levels = match options.number("aging") {
            0 => levels.strict(),
            pops => levels.aging(pops as u64),
        };
        match options.number("express") {
            0 => levels,
            workers => levels.express(workers, options.number("top")),
        }
    }
}
