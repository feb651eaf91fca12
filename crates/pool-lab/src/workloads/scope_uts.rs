//! A tree whose shape nobody knows beforehand, with a scope at each node: UTS, the unbalanced tree search of Olivier and others
//! (LCPC 2006), with a binomial tree. Most subtrees are a leaf, and some are as large as all others together.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam_utils::CachePadded;

use crate::engine::Scopes;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

/// Children of a node that has some.
const CHILDREN: u64 = 8;

/// The probability of having some: a child has as many descendants as a geometric series of this times the children has in sum, 250.
const PROBABILITY: f64 = 0.1245;

/// `scope/uts`.
pub(crate) struct Uts {
    roots: usize,
    nodes: u64,
}

impl Prepare for Uts {
    const ABOUT: &'static About = &About {
        name: "scope/uts",
        models: "a tree of unknown shape, with a scope for the children of each node (UTS)",
        operation: "node",
        parameters: &[Rule::new("roots", Allowed::COUNT, "200", "children of the root").quick("3")],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let roots = parameters.number("roots");
        Ok(Uts { roots, nodes: (0..roots as u64).map(|i| descendants(child(0, i))).sum() })
    }

    fn operations(&self) -> u64 {
        self.nodes
    }
}

impl<E: Scopes> Workload<E> for Uts {
    fn get_to_know(&mut self, engine: &Arc<E>) -> Result<(), Failure> {
        match engine.can_nest() {
            true => Ok(()),
            false => Err(Failure::Missing("scopes inside jobs of a scope".to_owned())),
        }
    }

    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        // One counter would be what is measured.
        let counters = [const { CachePadded::new(AtomicU64::new(0)) }; 64];
        let roots = black_box(self.roots);
        watch.run(|| engine.scope_each(roots, |i| visit(&**engine, child(0, i as u64), &counters)));
        check(counters.iter().map(|counter| counter.load(Relaxed)).sum(), self.nodes)
    }
}

fn visit<E: Scopes>(engine: &E, node: u64, counters: &[CachePadded<AtomicU64>; 64]) {
    counters[node as usize % 64].fetch_add(1, Relaxed);
    if has_children(node) {
        engine.scope_each(CHILDREN as usize, |i| visit(engine, child(node, i as u64), counters));
    }
}

/// With the node itself.
fn descendants(node: u64) -> u64 {
    let children = if has_children(node) { CHILDREN } else { 0 };
    1 + (0..children).map(|i| descendants(child(node, i))).sum::<u64>()
}

fn has_children(node: u64) -> bool {
    (mix(node) >> 11) as f64 / (1_u64 << 53) as f64 <= PROBABILITY
}

fn child(node: u64, index: u64) -> u64 {
    mix(node ^ (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014), four times: some work at each node.
fn mix(mut bits: u64) -> u64 {
    for _ in 0..4 {
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
    }
    bits
}
