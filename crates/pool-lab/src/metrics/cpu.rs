//! Processor time: the price that a pool pays for its speed.

use crate::metric::{Column, Counter, Metric, Source, Unit};
use crate::system::os::{self, Usage};

/// Processor time for each operation.
pub static CPU_PER_OP: Metric = Metric {
    name: "cpu_per_op",
    unit: Unit::Nanoseconds,
    about: "processor time of the whole process, for each operation: the price that a pool pays for its speed. A latency of the \
            better half is called bought where it takes more than twice the least of all engines",
    source: Source::Counter(Counter {
        of_process: || os::usage().map(nanoseconds),
        of_others: || os::usage_of_others().map(nanoseconds),
    }),
    column: Some(Column::time("CPU")),
};

fn nanoseconds(usage: Usage) -> u64 {
    usage.cpu.as_nanos() as u64
}
