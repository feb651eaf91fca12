//! The sum over a binary tree, with a join at every node.
//!
//! The nodes lie in one arena in an order shuffled by a seed, so that neither the allocator nor the order of
//! building decides how well an engine's order of visits fits the caches.

use std::sync::Arc;

use crate::engine::Joins;
use crate::settings::{Kind, Rule, Settings};
use crate::watch::Watch;
use crate::workload::{About, Failure, Prepare, Workload, check};

/// No child.
const NONE: u32 = u32::MAX;

struct Node {
    value: u64,
    left: u32,
    right: u32,
}

/// `join/tree-sum`.
pub(crate) struct TreeSum {
    nodes: Vec<Node>,
    root: u32,
    expected: u64,
}

impl Prepare for TreeSum {
    const ABOUT: &'static About = &About {
        name: "join/tree-sum",
        models: "the sum over a balanced binary tree whose nodes lie scattered in memory",
        operation: "node",
        needs: "fork-join",
        parameters: &[
            Rule::new("nodes", Kind::COUNT, "200000", "nodes in the tree").quick("500"),
            Rule::new("seed", Kind::Number { min: 0, max: u32::MAX as u64 }, "1", "shuffles the nodes"),
        ],
        variants: &[],
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let count = parameters.number("nodes");
        let mut random = fastrand::Rng::with_seed(parameters.number("seed") as u64);
        let mut place: Vec<u32> = (0..count as u32).collect();
        random.shuffle(&mut place);
        // Node i of a heap has the children 2 i + 1 and 2 i + 2; `place` says where in the arena it lies.
        let child = |i: usize| place.get(i).copied().unwrap_or(NONE);
        let mut nodes: Vec<Node> = (0..count).map(|_| Node { value: 0, left: NONE, right: NONE }).collect();
        for i in 0..count {
            let (left, right) = (child(2 * i + 1), child(2 * i + 2));
            nodes[place[i] as usize] = Node { value: random.u64(..), left, right };
        }
        let expected = nodes.iter().fold(0, |sum: u64, node| sum.wrapping_add(node.value));
        Ok(TreeSum { root: place[0], nodes, expected })
    }

    fn operations(&self) -> u64 {
        self.nodes.len() as u64
    }
}

impl<E: Joins> Workload<E> for TreeSum {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let nodes = &self.nodes[..];
        let sum = watch.run(|| engine.enter(|context| sum::<E>(nodes, self.root, context)));
        check(sum, self.expected)
    }
}

fn sum<E: Joins>(nodes: &[Node], at: u32, context: &mut E::Context<'_>) -> u64 {
    let Some(node) = nodes.get(at as usize) else { return 0 };
    if node.left == NONE && node.right == NONE {
        return node.value;
    }
    let (left, right) =
        E::join(context, |c| sum::<E>(nodes, node.left, c), |c| sum::<E>(nodes, node.right, c));
    node.value.wrapping_add(left).wrapping_add(right)
}
