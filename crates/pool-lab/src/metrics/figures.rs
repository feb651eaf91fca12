//! Numbers of claims that are neither times nor ratios.

use crate::metric::{Metric, Source, Unit};

/// A size in memory.
pub static BYTES: Metric = Metric {
    name: "bytes",
    unit: Unit::Bytes,
    about: "a size in memory",
    source: Source::Rounds,
    column: None,
};

/// A number of things.
pub static AMOUNT: Metric = Metric {
    name: "amount",
    unit: Unit::Count,
    about: "a number of things",
    source: Source::Rounds,
    column: None,
};
