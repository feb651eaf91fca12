//! Joins whose leaves block. A worker that waits for one leaf could begin another.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

/// `join/sleep`.
pub(crate) struct NestedSleep {
    depth: u32,
    length: Duration,
}

impl Prepare for NestedSleep {
    const ABOUT: &'static About = &About {
        name: "join/sleep",
        models: "nested joins whose leaves block; the best that N threads can do is length * 2^depth / N",
        operation: "tree",
        parameters: &[
            Rule::new("depth", Allowed::Number { min: 1, max: 10 }, "2", "levels of joins"),
            Rule::new("length", Allowed::WAIT, "5ms", "how long each leaf blocks").quick("50us"),
        ],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(NestedSleep { depth: parameters.number("depth") as u32, length: parameters.duration("length") })
    }

    fn operations(&self) -> u64 {
        1
    }
}

impl<E: Joins> Workload<E> for NestedSleep {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let leaves = watch.run(|| engine.enter(|context| sleep::<E>(self.depth, self.length, context)));
        check(leaves, 1 << self.depth)
    }
}

/// The number of leaves, each of which has slept.
fn sleep<E: Joins>(depth: u32, length: Duration, context: &mut E::Context<'_>) -> u64 {
    if depth == 0 {
        thread::sleep(length);
        return 1;
    }
    let (a, b) = E::join(context, |c| sleep::<E>(depth - 1, length, c), |c| sleep::<E>(depth - 1, length, c));
    a + b
}
