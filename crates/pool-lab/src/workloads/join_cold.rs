//! The sum over a small binary tree that comes from outside to a pool at rest.

use std::sync::Arc;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::system::os;
use crate::workload::tree::{SEED, Tree};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

/// `join/cold`.
pub(crate) struct Cold(Tree);

impl Prepare for Cold {
    const ABOUT: &'static About = &About {
        name: "join/cold",
        models: "a small tree comes from outside to a pool at rest, all of whose workers sleep",
        operation: "tree",
        parameters: &[Rule::new("nodes", Allowed::COUNT, "1023", "nodes in the tree").quick("500"), SEED],
        ..About::DEFAULT
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
