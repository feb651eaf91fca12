//! The metrics, and their table.
//!
//! To add one: a file here with a [`Metric`], and a line in the table, at the place of its column. What a workload has to
//! give for it (a [`Series`](crate::metric::Series)) is defined in the same file.
//!
//! The table declares the files, so `cargo fmt` does not see these: `rustfmt` has to be told their names. A test of the
//! sources checks that they are formatted.

use crate::metric::{Column, Metric};

macro_rules! table {
    ($(mod $file:ident::{$($metric:ident),+};)+) => {
        $(pub mod $file; pub use $file::{$($metric),+};)+

        /// All metrics, in the order of their columns.
        pub static ALL: &[&Metric] = &[$($(&$file::$metric),+),+];
    };
}

table! {
    mod rounds::{TIME_PER_OP, SPREAD, MODES, DISTURBED, RELATIVE, TO_PEER, NOISE};
    mod latency::{LATENCY_P50, LATENCY_P99, LATENCY_P999};
    mod to_ideal::{TO_IDEAL};
    mod lag::{LAG_P99};
    mod open_loop::{CAPACITY, OFFERED_RATE, GENERATOR_CPU, LAGGING};
    mod overload::{GOODPUT, DROPPED, BACKLOG_GROWTH};
    mod fairness::{JAIN_PRODUCERS, JAIN_WORKERS, STARVATION};
    mod cpu::{CPU_PER_OP};
    mod switches::{SWITCHES_PER_OP, INVOLUNTARY_PER_OP};
    mod allocations::{ALLOCS_PER_OP};
    mod footprint::{MEMORY_PEAK, MEMORY_KEPT, THREADS_STARTED};
    mod figures::{BYTES, AMOUNT};
    mod failures::{ERROR, UNSUPPORTED};
}

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static Metric> {
    ALL.iter().copied().find(|metric| metric.name == name)
}

/// The names of all metrics, in a list.
pub fn names() -> String {
    ALL.iter().map(|metric| metric.name).collect::<Vec<_>>().join(", ")
}

/// The metrics that have a column, in its order.
pub fn columns() -> impl Iterator<Item = (&'static Metric, Column)> {
    ALL.iter().filter_map(|metric| Some((*metric, metric.column?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Source, Unit};

    #[test]
    fn every_metric_is_found_by_its_unique_name_and_says_what_it_is() {
        for metric in ALL {
            assert!(std::ptr::eq(find(metric.name).unwrap(), *metric), "{metric}");
            assert!(!metric.about.is_empty(), "{metric}");
        }
        assert_eq!(find("time"), None);
    }

    #[test]
    fn what_is_measured_is_shown() {
        for metric in ALL {
            let is_measured = !matches!(metric.source, Source::Rounds);
            assert_eq!(is_measured, metric.column.is_some(), "{metric}");
            assert!(!is_measured || metric.unit != Unit::None, "{metric}");
        }
    }
}
