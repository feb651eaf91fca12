//! Our pool with a deque for each worker, and fork-join.

use pool_core::JobOrder;
use pool_stealing::Stealing;

use super::ours::{self, FromSpec, PIN};
use super::row::Row;
use super::under_rayon;
use crate::engine::Spec;
use crate::engine::settings::{Allowed, Rule};

const ORDER: Rule = Rule::new(
    "order",
    Allowed::Choice(&["newest", "oldest"]),
    "newest",
    "which of the jobs that a worker has spawned it runs first",
);

pub(super) fn row() -> Row {
    ours::row::<Stealing>("stealing", "pool-stealing", "work stealing, fork-join on a split stack")
        .options(&[ORDER, PIN])
        .under_rayon::<under_rayon::Ours>()
}

impl FromSpec for Stealing {
    fn from_spec(spec: &Spec) -> Self {
        let is_oldest = spec.options().text("order") == "oldest";
        Stealing::default().order(if is_oldest { JobOrder::OldestFirst } else { JobOrder::NewestFirst })
    }
}
