//! A degenerate recursion: at every level one half of the join is empty. Nothing can run in parallel, and every join
//! waits for the one below, so the stack grows with the depth.
//!
//! The caller is a worker already, as in `join/tree-sum`: to get there takes longer than a whole chain, and is what
//! `join/cold` measures.

use std::sync::Arc;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

/// `join/chain`.
pub(crate) struct Chain {
    depth: u64,
    first_is_empty: bool,
    times: u64,
}

/// So many joins are made between two looks at the clock, at least.
const JOINS: u64 = 100_000;

impl Prepare for Chain {
    const ABOUT: &'static About = &About {
        name: "join/chain",
        models: "a recursion that joins itself with nothing, again and again: depth without parallelism",
        operation: "join",
        parameters: &[
            Rule::new("depth", Allowed::Number { min: 1, max: DEEPEST }, DEPTH, "joins below each other"),
            Rule::new("empty", Allowed::Choice(&["first", "second"]), "second", "which half is empty"),
        ],
        variants: &["empty=second", "empty=first"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let first_is_empty = parameters.text("empty") == "first";
        let depth = parameters.number("depth") as u64;
        let joins = if parameters.is_quick() { 0 } else { JOINS };
        Ok(Chain { depth, first_is_empty, times: (joins / depth).max(1) })
    }

    fn operations(&self) -> u64 {
        self.times * self.depth
    }
}

/// As deep as the stack of a default worker (2 MiB) takes on every engine, with room to spare.
///
/// Optimised, the claimable joins (mpsc, bounded, priority) overflow it between 5,000 and 10,000 joins, stealing and
/// rayon between 10,000 and 20,000; without optimisation all of them between 1,000 and 2,000.
const DEPTH: &str = if cfg!(debug_assertions) { "500" } else { "5000" };
const DEEPEST: u64 = if cfg!(debug_assertions) { 500 } else { 5_000 };

impl<E: Joins> Workload<E> for Chain {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let depth = self.depth;
        let chain = if self.first_is_empty { second::<E> } else { first::<E> };
        let joins =
            engine.enter(|context| watch.run(|| (0..self.times).map(|_| chain(depth, context)).sum()));
        check(joins, self.operations())
    }
}

/// The number of joins in a chain that goes down through first halves.
fn first<E: Joins>(depth: u64, context: &mut E::Context<'_>) -> u64 {
    if depth == 0 {
        return 0;
    }
    let (below, one) = E::join(context, |c| first::<E>(depth - 1, c), |_| 1);
    below + one
}

/// The number of joins in a chain that goes down through second halves.
fn second<E: Joins>(depth: u64, context: &mut E::Context<'_>) -> u64 {
    if depth == 0 {
        return 0;
    }
    let (one, below) = E::join(context, |_| 1, |c| second::<E>(depth - 1, c));
    one + below
}
