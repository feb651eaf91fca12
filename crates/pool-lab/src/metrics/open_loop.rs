//! What an open loop was like: what the engine can do, what was asked of it, and what the thread cost that submitted the jobs.

use crate::metric::{Column, Metric, Series, Shows, Source, Unit};
use crate::numbers::units;

/// Jobs a second that the engine does in a closed loop, found before the open loop.
pub const CAPACITIES: Series = Series("capacities");

/// Jobs a second that were submitted.
pub const OFFERED: Series = Series("offered");

/// The share of one core that the submitting thread took.
pub const GENERATOR: Series = Series("generator");

/// 1 for an iteration whose submitting thread lagged, 0 for any other.
pub const LAGGED: Series = Series("lagged");

/// What the engine can do.
pub static CAPACITY: Metric = Metric {
    name: "capacity",
    unit: Unit::Count,
    about: "jobs a second in a closed loop, which keeps some jobs a thread in the queue: found for each pool before its open loop",
    source: Source::Range { of: CAPACITIES },
    column: Some(count("capacity /s")),
};

/// What was asked of it.
pub static OFFERED_RATE: Metric = Metric {
    name: "offered",
    unit: Unit::Count,
    about: "jobs a second that arrive in the open loop",
    source: Source::Range { of: OFFERED },
    column: Some(count("offered /s")),
};

/// What the generator cost.
pub static GENERATOR_CPU: Metric = Metric {
    name: "generator_cpu",
    unit: Unit::Ratio,
    about: "the share of one core that the thread took which submits the jobs; with as many workers as cores they have to do \
            without it. It sleeps until shortly before a job is due, and polls the clock for the rest",
    source: Source::Range { of: GENERATOR },
    column: Some(share("generator CPU")),
};

/// Whether the generator kept its times.
pub static LAGGING: Metric = Metric {
    name: "lagging",
    unit: Unit::Count,
    about: "marked where in half of the iterations or more the submitting thread was late by more than the mean length of a job \
            for more than one job in 100: then jobs came more in bursts than drawn. Latencies count from the intended arrival, \
            so they do not hide it",
    source: Source::Range { of: LAGGED },
    column: Some(Column {
        title: "generator",
        shows: Shows::Median,
        write: |lagged| if lagged >= 0.5 { "lagged" } else { "on time" }.to_owned(),
        terminal: None,
    }),
};

pub(super) const fn count(title: &'static str) -> Column {
    Column { title, shows: Shows::Median, write: units::three_digits, terminal: Some((title, 1.0)) }
}

pub(super) const fn share(title: &'static str) -> Column {
    Column { title, shows: Shows::Median, write: units::percent, terminal: None }
}
