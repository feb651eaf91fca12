//! Our pool on `Arc<Mutex<Receiver>>`.

use std::num::NonZeroUsize;

use pool_mpsc::Mpsc;

use super::ours::{self, FromSpec, PIN};
use crate::engine::Engine;
use crate::settings::{Kind, Rule};
use crate::spec::Spec;

const OPTIONS: &[Rule] = &[Rule::new("batch", Kind::COUNT, "1", "jobs taken for each locking"), PIN];

pub(crate) fn entry() -> Engine {
    ours::entry::<Mpsc>("mpsc", env!("VERSION_POOL_MPSC"), "one std channel, its receiver behind a mutex")
        .options(OPTIONS)
}

impl FromSpec for Mpsc {
    fn from_spec(spec: &Spec) -> Self {
        let batch = NonZeroUsize::new(spec.options().number("batch"));
        Mpsc::new().batch(batch.expect("the rule admits no zero"))
    }
}
