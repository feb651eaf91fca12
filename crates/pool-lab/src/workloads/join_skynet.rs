//! The sum over the leaves of a tree with ten children a node, and nothing but that tree: Skynet of Alexander Temerev, with as
//! many leaves as tzcnt/runtime-benchmarks gives it.
//!
//! Ten ways are joined two by two: halves of a node's children, and so on down to one child.

use std::hint::black_box;
use std::sync::Arc;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

/// Children of a node.
const CHILDREN: u64 = 10;

/// `join/skynet`.
pub(crate) struct Skynet {
    leaves: u64,
}

impl Prepare for Skynet {
    const ABOUT: &'static About = &About {
        name: "join/skynet",
        models: "the sum over the leaves of a tree with ten children a node: many joins of nothing",
        operation: "leaf",
        parameters: &[
            Rule::new("depth", Allowed::Number { min: 1, max: 9 }, "5", "levels below the root").quick("2")
        ],
        // The original has a million leaves.
        variants: &["depth=4", "depth=6"],
        not_in_bench: &["depth=4"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Skynet { leaves: CHILDREN.pow(parameters.number("depth") as u32) })
    }

    fn operations(&self) -> u64 {
        self.leaves
    }

    fn answer(&self) -> Option<u64> {
        Some(self.leaves * (self.leaves - 1) / 2)
    }
}

impl<E: Joins> Workload<E> for Skynet {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let leaves = black_box(self.leaves);
        let sum = watch.run(|| engine.enter(|context| node::<E>(0, leaves, context)));
        check(sum, self.leaves * (self.leaves - 1) / 2)
    }
}

/// The sum of the numbers of this many leaves, from the first on.
fn node<E: Joins>(first: u64, leaves: u64, context: &mut E::Context<'_>) -> u64 {
    if leaves == 1 { first } else { children::<E>(first, leaves / CHILDREN, CHILDREN, context) }
}

/// The same of so many children in a row.
fn children<E: Joins>(first: u64, leaves_each: u64, count: u64, context: &mut E::Context<'_>) -> u64 {
    if count == 1 {
        return node::<E>(first, leaves_each, context);
    }
    let half = count / 2;
    let (a, b) = E::join(
        context,
        move |c| children::<E>(first, leaves_each, half, c),
        move |c| children::<E>(first + half * leaves_each, leaves_each, count - half, c),
    );
    a + b
}
