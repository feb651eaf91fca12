//! A binary tree whose sum is taken with a join at every node.
//!
//! The nodes lie in one arena in an order shuffled by a seed, so that neither the allocator nor the order of
//! building decides how well an engine's order of visits fits the caches.

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};

/// No child.
const NONE: u32 = u32::MAX;

/// One node.
struct Node {
    value: u64,
    left: u32,
    right: u32,
}

/// A balanced binary tree.
pub(crate) struct Tree {
    nodes: Vec<Node>,
    root: u32,
    /// The sum.
    pub(crate) expected: u64,
}

/// The parameter from which the order of the nodes comes.
pub(crate) const SEED: Rule = Rule::new("seed", Allowed::SEED, "1", "shuffles the nodes");

impl Tree {
    /// The tree that the parameters `nodes` and `seed` ask for.
    pub(crate) fn prepare(parameters: &Settings) -> Self {
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

    /// The number of its nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Adds up all nodes.
    pub(crate) fn sum<E: Joins>(&self, context: &mut E::Context<'_>) -> u64 {
        sum::<E>(&self.nodes, self.root, context)
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
