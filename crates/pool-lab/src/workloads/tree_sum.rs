//! The sum over a binary tree, with a join at every node.
//!
//! The nodes lie in one arena in an order shuffled by a seed, so that neither the allocator nor the order of
//! building decides how well an engine's order of visits fits the caches.
//!
//! In `join/tree-sum` the caller is a worker already, and a small tree is summed up again and again; in `join/cold` a
//! small tree comes to a pool at rest, from outside.

use std::sync::Arc;

use crate::engine::Joins;
use crate::settings::{Kind, Rule, Settings};
use crate::system::os;
use crate::watch::Watch;
use crate::workload::{About, Failure, Prepare, Workload, check};

/// No child.
const NONE: u32 = u32::MAX;

struct Node {
    value: u64,
    left: u32,
    right: u32,
}

/// So many nodes are visited between two looks at the clock, at least.
const VISITS: usize = 100_000;

struct Tree {
    nodes: Vec<Node>,
    root: u32,
    expected: u64,
}

const SEED: Rule = Rule::new("seed", Kind::SEED, "1", "shuffles the nodes");

impl Tree {
    fn prepare(parameters: &Settings) -> Self {
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
        Tree { root: place[0], nodes, expected }
    }

    fn sum<E: Joins>(&self, context: &mut E::Context<'_>) -> u64 {
        sum::<E>(&self.nodes, self.root, context)
    }
}

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
        needs: "fork-join",
        parameters: &[Rule::new("nodes", Kind::COUNT, "200000", "nodes in the tree").quick("500"), SEED],
        variants: &["nodes=1000", "nodes=1000000"],
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let tree = Tree::prepare(parameters);
        let visits = if parameters.is_quick() { 0 } else { VISITS };
        Ok(TreeSum { times: (visits / tree.nodes.len()).max(1), tree })
    }

    fn operations(&self) -> u64 {
        (self.times * self.tree.nodes.len()) as u64
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

/// `join/cold`.
pub(crate) struct Cold(Tree);

impl Prepare for Cold {
    const ABOUT: &'static About = &About {
        name: "join/cold",
        models: "a small tree comes from outside to a pool at rest, all of whose workers sleep",
        operation: "tree",
        needs: "fork-join",
        parameters: &[Rule::new("nodes", Kind::COUNT, "1023", "nodes in the tree").quick("500"), SEED],
        variants: &[],
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Cold(Tree::prepare(parameters)))
    }

    fn operations(&self) -> u64 {
        1
    }
}

impl<E: Joins> Workload<E> for Cold {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        os::rest();
        let sum = watch.run(|| engine.enter(|context| self.0.sum::<E>(context)));
        check(sum, self.0.expected)
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
