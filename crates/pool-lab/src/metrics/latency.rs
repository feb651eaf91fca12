//! Latencies, of the workloads that give them.

use crate::metric::{Column, Metric, Series, Source, Unit};

/// The latencies, in nanoseconds. The time of a workload that gives them is their median.
pub const LATENCIES: Series = Series("latencies");

/// Half of the latencies are at most this.
pub static LATENCY_P50: Metric = Metric {
    name: "latency_p50",
    unit: Unit::Nanoseconds,
    about: "half of the latencies of all rounds are at most this. A workload that has latencies is measured by them, and not by \
            the time that it takes: its time is this, as the median over rounds",
    source: Source::Quantile { of: LATENCIES, q: 0.5, fewest: 1 },
    column: Some(Column { terminal: None, ..Column::time("p50") }),
};

/// 99 in 100 latencies are at most this.
pub static LATENCY_P99: Metric = Metric {
    name: "latency_p99",
    unit: Unit::Nanoseconds,
    about: "99 in 100 latencies are at most this",
    source: Source::Quantile { of: LATENCIES, q: 0.99, fewest: 1 },
    column: Some(Column::time("p99")),
};

/// Of fewer latencies p99.9 would be the slowest of them, which says nothing.
const ENOUGH_FOR_P999: usize = 1_000;

/// 999 in 1,000 latencies are at most this.
pub static LATENCY_P999: Metric = Metric {
    name: "latency_p999",
    unit: Unit::Nanoseconds,
    about: "999 in 1,000 latencies are at most this; absent when there are fewer than 1,000",
    source: Source::Quantile { of: LATENCIES, q: 0.999, fewest: ENOUGH_FOR_P999 },
    column: Some(Column::time("p99.9")),
};
