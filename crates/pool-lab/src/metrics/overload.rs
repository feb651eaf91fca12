//! What a pool does with more jobs than it can do.

use super::open_loop::{count, share};
use crate::metric::{Metric, Series, Source, Unit};

/// Jobs a second that ended within the deadline.
pub const GOODPUTS: Series = Series("goodputs");

/// The share of jobs that were refused or given up.
pub const DROPS: Series = Series("drops");

/// Jobs a second by which the backlog grew.
pub const GROWTHS: Series = Series("growths");

/// What a user has of it.
pub static GOODPUT: Metric = Metric {
    name: "goodput",
    unit: Unit::Count,
    about: "jobs a second that ended within the deadline (a parameter of the workload), counted from the intended arrival",
    source: Source::Range { of: GOODPUTS },
    column: Some(count("goodput /s")),
};

/// What a user does not get.
pub static DROPPED: Metric = Metric {
    name: "dropped",
    unit: Unit::Ratio,
    about: "the share of jobs that were refused or given up",
    source: Source::Range { of: DROPS },
    column: Some(share("dropped")),
};

/// What piles up.
pub static BACKLOG_GROWTH: Metric = Metric {
    name: "backlog_growth",
    unit: Unit::Count,
    about: "jobs a second by which those grew that had been submitted and had neither ended nor been given up",
    source: Source::Range { of: GROWTHS },
    column: Some(count("backlog growth /s")),
};
