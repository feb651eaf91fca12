//! How late a workload that has to submit jobs at given moments did so.

use crate::metric::{Column, Metric, Series, Source, Unit};

/// How late each of these jobs was submitted, in nanoseconds.
pub const LAGS: Series = Series("lags");

/// 99 in 100 jobs were submitted at most this late.
pub static LAG_P99: Metric = Metric {
    name: "lag_p99",
    unit: Unit::Nanoseconds,
    about: "99 in 100 jobs were submitted at most this late by the workload itself; a latency counts from the moment that was \
            intended",
    source: Source::Quantile { of: LAGS, q: 0.99, fewest: 1 },
    column: Some(Column::time("lag p99")),
};
