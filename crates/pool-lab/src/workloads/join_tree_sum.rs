//! The sum over a binary tree, with a join at every node. The caller is a worker already, and a small tree is summed up
//! again and again.

use std::sync::Arc;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::tree::{SEED, Tree};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

/// So many nodes are visited between two looks at the clock, at least.
const VISITS: usize = 100_000;

/// `join/tree-sum`.
pub(crate) struct TreeSum {
    tree: Tree,
    times: usize,
}

impl Prepare for TreeSum {
    const ABOUT: &'static About = &About {
        name: "join/tree-sum",
        models: "a worker adds up a balanced binary tree whose nodes lie scattered in memory",
        operation: "node",
        parameters: &[Rule::new("nodes", Allowed::COUNT, "200000", "nodes in the tree").quick("500"), SEED],
        variants: &["nodes=1000", "nodes=1000000"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let tree = Tree::prepare(parameters);
        let visits = if parameters.is_quick() { 0 } else { VISITS };
        Ok(TreeSum { times: (visits / tree.len()).max(1), tree })
    }

    fn operations(&self) -> u64 {
        (self.times * self.tree.len()) as u64
    }
}

impl<E: Joins> Workload<E> for TreeSum {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (tree, times) = (&self.tree, self.times);
        let expected = tree.expected.wrapping_mul(times as u64);
        let all = engine.enter(|context| {
            watch.run(|| (0..times).fold(0, |all: u64, _| all.wrapping_add(tree.sum::<E>(context))))
        });
        check(all, expected)
    }
}
