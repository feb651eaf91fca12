//! What the rounds of a measurement say of an engine's time.

use crate::metric::{Metric, Source, Unit};

/// Wall time for each operation.
pub static TIME_PER_OP: Metric = Metric {
    name: "time_per_op",
    unit: Unit::Nanoseconds,
    about: "wall time divided by operations: the trimmed geometric mean over blocks, with the interval that comes from drawing blocks; \
            `samples` counts blocks",
    source: Source::Rounds,
    column: None,
};

/// How far one round lies from another.
pub static SPREAD: Metric = Metric {
    name: "spread",
    unit: Unit::Nanoseconds,
    about: "the same times, with the 10th and 90th percentile of the samples: how far one sample lies from another, rather than how \
            well the time is known; `samples` counts samples",
    source: Source::Rounds,
    column: None,
};

/// Two values around which an engine's times gather; `note` says which share lies around the lower one.
pub static MODES: Metric = Metric {
    name: "modes",
    unit: Unit::Nanoseconds,
    about: "of times that fall into two groups: the median of the lower group, of all samples, and of the upper group",
    source: Source::Rounds,
    column: None,
};

/// The share of samples that the machine disturbed.
pub static DISTURBED: Metric = Metric {
    name: "disturbed",
    unit: Unit::Ratio,
    about: "the share of the samples taken that the machine disturbed: a core was stolen, or another program ran and a thread was \
            made to wait; they were taken again, at most twice",
    source: Source::Rounds,
    column: None,
};

/// An engine's time against the fastest; `note` names it.
pub static RELATIVE: Metric = Metric {
    name: "relative",
    unit: Unit::Ratio,
    about: "time of this engine divided by the time of the fastest of the same workload, variant and thread count, paired round by \
            round within a block, with the interval that comes from drawing blocks; `samples` counts the blocks that both have",
    source: Source::Rounds,
    column: None,
};

/// The time of the best of our pools against the best peer's; `note` names the peer.
pub static TO_PEER: Metric = Metric {
    name: "to_peer",
    unit: Unit::Ratio,
    about: "time of the best of our pools, whose record it is, divided by the time of the best peer, paired like `relative`",
    source: Source::Rounds,
    column: None,
};

/// An engine's time against its own.
pub static NOISE: Metric = Metric {
    name: "noise",
    unit: Unit::Ratio,
    about: "time of this engine divided by its own time in a second pool in the same blocks: what it differs from 1 is noise",
    source: Source::Rounds,
    column: None,
};
