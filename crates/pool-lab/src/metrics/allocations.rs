//! Calls for memory.

use crate::metric::{Column, Counter, Metric, Source, Unit};
use crate::system;

/// Allocations for each operation.
pub static ALLOCS_PER_OP: Metric = Metric {
    name: "allocs_per_op",
    unit: Unit::Count,
    about: "calls for memory of the whole process, for each operation, those of the jobs themselves included",
    source: Source::Counter(Counter { of_process: system::allocations, of_others: system::allocations }),
    column: Some(Column::count("allocations", "allocs/1000")),
};
