//! What a pool takes of the machine besides processor time: memory and threads.

use crate::metric::{Column, Metric, Series, Shows, Source, Unit};
use crate::numbers::units;

/// Bytes by which the resident memory had grown at its peak.
pub const PEAKS: Series = Series("peaks");

/// Bytes by which the resident memory had grown in the end.
pub const KEPT: Series = Series("kept");

/// Threads that have come.
pub const THREADS: Series = Series("threads");

/// At its peak.
pub static MEMORY_PEAK: Metric = Metric {
    name: "memory_peak",
    unit: Unit::Bytes,
    about: "by how much the resident memory of the process was greater at its peak than before the engine was built: over the \
            building of the engine and the first iteration (VmHWM of Linux, reset before). Memory that earlier pools have left to \
            the allocator is used again and not seen, so that it is a lower bound",
    source: Source::Range { of: PEAKS },
    column: Some(memory("peak memory")),
};

/// After the first iteration.
pub static MEMORY_KEPT: Metric = Metric {
    name: "memory_kept",
    unit: Unit::Bytes,
    about: "by how much the resident memory of the process was greater after the first iteration than before the engine was built: \
            a lower bound, too",
    source: Source::Range { of: KEPT },
    column: Some(memory("memory kept")),
};

/// After the first iteration.
pub static THREADS_STARTED: Metric = Metric {
    name: "threads",
    unit: Unit::Count,
    about: "threads alive after the first iteration that were not before the engine was built",
    source: Source::Range { of: THREADS },
    column: Some(Column { terminal: None, ..Column::count("threads", "") }),
};

const fn memory(title: &'static str) -> Column {
    Column { title, shows: Shows::Median, write: units::memory, terminal: None }
}
