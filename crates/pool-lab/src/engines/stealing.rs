//! Our pool with a deque for each worker, and fork-join.

use pool_stealing::Stealing;

use super::ours::{self, FromSpec, PIN};
use super::row::Row;
use super::under_rayon;
use crate::engine::Spec;

pub(super) fn row() -> Row {
    ours::row::<Stealing>("stealing", "pool-stealing", "work stealing, fork-join on a split stack")
        .options(&[PIN])
        .under_rayon::<under_rayon::Ours>()
}

impl FromSpec for Stealing {
    fn from_spec(_: &Spec) -> Self {
        Stealing::default()
    }
}
