//! What the rounds of a measurement say of an engine's time.

use crate::metric::{Metric, Source, Unit};

/// Wall time for each operation.
pub static TIME_PER_OP: Metric = Metric {
    name: "time_per_op",
    unit: Unit::Nanoseconds,
    about: "wall time divided by operations: the median over rounds, with the bootstrap interval of that median",
    source: Source::Rounds,
    column: None,
};

/// How far one round lies from another.
pub static SPREAD: Metric = Metric {
    name: "spread",
    unit: Unit::Nanoseconds,
    about: "the same times, with the 10th and 90th percentile of the rounds: how far one round lies from another, rather than how \
            well the median is known",
    source: Source::Rounds,
    column: None,
};

/// An engine's time against the fastest; `note` names it.
pub static RELATIVE: Metric = Metric {
    name: "relative",
    unit: Unit::Ratio,
    about: "time of this engine divided by the time of the fastest of the same workload, variant and thread count, paired round by \
            round",
    source: Source::Rounds,
    column: None,
};

/// An engine's time against its own.
pub static NOISE: Metric = Metric {
    name: "noise",
    unit: Unit::Ratio,
    about: "time of this engine divided by its own time in a second pool in the same rounds: what it differs from 1 is noise",
    source: Source::Rounds,
    column: None,
};
