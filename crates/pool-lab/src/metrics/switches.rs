//! Context switches: how often threads went to sleep, and how often they lost their core.

use crate::metric::{Column, Counter, Metric, Source, Unit};
use crate::system::os;

/// Voluntary context switches for each operation.
pub static SWITCHES_PER_OP: Metric = Metric {
    name: "switches_per_op",
    unit: Unit::Count,
    about: "voluntary context switches of the whole process, for each operation: each is a thread that went to sleep",
    source: Source::Counter(Counter {
        of_process: || os::usage().map(|usage| usage.voluntary_switches),
        of_others: || os::usage_of_others().map(|usage| usage.voluntary_switches),
    }),
    column: Some(Column::count("switches", "switches/1000")),
};

/// Involuntary context switches for each operation.
pub static INVOLUNTARY_PER_OP: Metric = Metric {
    name: "involuntary_per_op",
    unit: Unit::Count,
    about: "involuntary context switches of the whole process, for each operation: each is a thread that had more to do and lost \
            its core to another",
    source: Source::Counter(Counter {
        of_process: || os::usage().map(|usage| usage.involuntary_switches),
        of_others: || os::usage_of_others().map(|usage| usage.involuntary_switches),
    }),
    column: Some(Column { terminal: None, ..Column::count("involuntary", "") }),
};
