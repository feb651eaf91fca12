//! Our pool with a deque for each worker, and fork-join.

use pool_stealing::Stealing;

use super::ours::{self, FromSpec, PIN};
use crate::engine::Engine;
use crate::spec::Spec;

pub(crate) fn entry() -> Engine {
    ours::entry::<Stealing>(
        "stealing",
        env!("VERSION_POOL_STEALING"),
        "work stealing, fork-join on a split stack",
    )
    .options(&[PIN])
}

impl FromSpec for Stealing {
    fn from_spec(_: &Spec) -> Self {
        Stealing::default()
    }
}
