//! Our pool on `Arc<Mutex<Receiver>>`.

use std::num::NonZeroUsize;

use pool_mpsc::Mpsc;

use super::ours::{self, FromSpec, PIN};
use super::row::Row;
use super::under_rayon;
use crate::engine::Spec;
use crate::engine::settings::{Allowed, Rule};

const OPTIONS: &[Rule] = &[Rule::new("batch", Allowed::COUNT, "1", "jobs taken for each locking"), PIN];

pub(super) fn row() -> Row {
    ours::row::<Mpsc>("mpsc", "pool-mpsc", "one std channel, its receiver behind a mutex")
        .options(OPTIONS)
        .variants(&["batch=32"])
        .slow_joins()
        .under_rayon::<under_rayon::Ours>()
}

impl FromSpec for Mpsc {
    fn from_spec(spec: &Spec) -> Self {
        let batch = NonZeroUsize::new(spec.options().number("batch"));
        Mpsc::new().batch(batch.expect("the rule admits no zero"))
    }
}
