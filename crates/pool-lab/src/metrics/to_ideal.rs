//! What parts of a workload took against the least that they can take.

use crate::metric::{Column, Metric, Series, Shows, Source, Unit};
use crate::numbers::units;

/// The ratio of each part; 1 is ideal.
pub const RATIOS: Series = Series("to ideal");

/// What a part took, divided by the least that it can take.
pub static TO_IDEAL: Metric = Metric {
    name: "to_ideal",
    unit: Unit::Ratio,
    about: "the slowest part of a workload, such as a burst, against the least that it can take on this many threads and cores",
    source: Source::Range { of: RATIOS },
    column: Some(Column {
        title: "slowest to ideal",
        shows: Shows::High,
        write: units::ratio,
        terminal: Some(("slowest/ideal", 1.0)),
    }),
};
