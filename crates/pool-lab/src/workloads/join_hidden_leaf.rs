//! Two long leaves below a chain of joins that wait for them. Does an idle worker find the second leaf?
//!
//! The frames above the leaves hold nothing that is worth taking, but they were forked first, and they are all that a
//! worker sees that looks only at what is oldest; and a worker that runs a long leaf forks nothing, so it offers nothing.

use std::sync::Arc;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check, effort};

/// `join/hidden-leaf`.
pub(crate) struct HiddenLeaf {
    frames: u32,
    steps: u32,
    expected: u64,
}

impl Prepare for HiddenLeaf {
    const ABOUT: &'static About = &About {
        name: "join/hidden-leaf",
        models: "two long leaves in a join below joins that wait, each of which has an empty second half",
        operation: "tree",
        parameters: &[
            Rule::new(
                "frames",
                Allowed::Number { min: 0, max: 1_000 },
                "10",
                "joins that wait above the leaves",
            ),
            Rule::new("leaf", Allowed::EFFORT, "5ms", "how long each leaf computes").quick("50us"),
        ],
        variants: &["frames=2", "frames=10", "frames=40"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let frames = parameters.number("frames") as u32;
        let steps = effort::steps_in(parameters.duration("leaf"));
        let leaves = effort::chain(LEAVES.0, steps).wrapping_add(effort::chain(LEAVES.1, steps));
        Ok(HiddenLeaf { frames, steps, expected: leaves.wrapping_add(u64::from(frames)) })
    }

    fn operations(&self) -> u64 {
        1
    }
}

/// What tells the two leaves apart.
const LEAVES: (u32, u32) = (1, 2);

impl<E: Joins> Workload<E> for HiddenLeaf {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let sum = watch.run(|| engine.enter(|context| below::<E>(self.frames, self.steps, context)));
        check(sum, self.expected)
    }
}

/// The leaves below so many joins, each of which adds one.
fn below<E: Joins>(frames: u32, steps: u32, context: &mut E::Context<'_>) -> u64 {
    let (a, b) = match frames {
        0 => E::join(context, |_| effort::chain(LEAVES.0, steps), |_| effort::chain(LEAVES.1, steps)),
        _ => E::join(context, |c| below::<E>(frames - 1, steps, c), |_| 1),
    };
    a.wrapping_add(b)
}
