//! Why there is no number.

use crate::metric::{Metric, Source, Unit};

/// The engine failed; `note` says how.
pub static ERROR: Metric = Metric {
    name: "error",
    unit: Unit::None,
    about: "the engine failed or gave a wrong answer",
    source: Source::Rounds,
    column: None,
};

/// The engine cannot do the workload; `note` may say why.
pub static UNSUPPORTED: Metric = Metric {
    name: "unsupported",
    unit: Unit::None,
    about: "the engine cannot do this workload",
    source: Source::Rounds,
    column: None,
};
