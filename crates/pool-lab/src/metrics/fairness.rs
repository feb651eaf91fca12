//! Who was served how much.

use crate::metric::{Column, Metric, Series, Shows, Source, Unit};
use crate::numbers::units;

/// Jain's index over the threads that submit.
pub const PRODUCERS: Series = Series("fairness of producers");

/// Jain's index over the workers.
pub const WORKERS: Series = Series("fairness of workers");

/// The longest time, in nanoseconds, in which a producer that had jobs queued saw none of them end.
pub const STARVED: Series = Series("starved");

/// Over the threads that submit.
pub static JAIN_PRODUCERS: Metric = Metric {
    name: "jain_producers",
    unit: Unit::Ratio,
    about: "Jain's index of the jobs that ended for each producer, while all had some queued: 1 when all had as many, 1 of their \
            number when one had all",
    source: Source::Range { of: PRODUCERS },
    column: Some(index("fair to producers")),
};

/// Over the workers.
pub static JAIN_WORKERS: Metric = Metric {
    name: "jain_workers",
    unit: Unit::Ratio,
    about: "Jain's index of the jobs that each worker ran",
    source: Source::Range { of: WORKERS },
    column: Some(index("fair to workers")),
};

/// The longest wait.
pub static STARVATION: Metric = Metric {
    name: "starvation",
    unit: Unit::Nanoseconds,
    about: "the longest time in which a producer that had jobs queued saw none of them end: the longest of all rounds",
    source: Source::Range { of: STARVED },
    column: Some(Column {
        title: "longest starvation",
        shows: Shows::High,
        write: units::time,
        terminal: Some(("starvation", 1.0)),
    }),
};

const fn index(title: &'static str) -> Column {
    Column { title, shows: Shows::Median, write: units::three_digits, terminal: Some((title, 1.0)) }
}
