//! A join on a worker while strangers queue: jobs that have nothing to do with it.
//!
//! A pool whose waiting workers run strangers gets everything done sooner and answers the join later; one whose
//! waiting workers run nothing but what they wait for does the opposite. Hence two variants, one for each of the two
//! times: that of the join, and that of everything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::settings::{Allowed, Rule, Settings};
use crate::engine::{Jobs, Joins};
use crate::workload::{About, Failure, Lease, Prepare, Tally, Watch, Workload, check, effort};

/// `skew/join-under-load`.
pub(crate) struct JoinUnderLoad {
    strangers: u32,
    depth: u32,
    steps: u32,
    /// Whether the time of the join is what counts.
    join_alone: bool,
    /// What the strangers add up to, and what the leaves do.
    expected: (u64, u64),
    lease: Lease,
}

impl Prepare for JoinUnderLoad {
    const ABOUT: &'static About = &About {
        name: "skew/join-under-load",
        models: "a worker submits jobs to its own pool, then joins: how late is the join, how late are all",
        operation: "join tree",
        parameters: &[
            Rule::new("strangers", Allowed::COUNT, "100", "jobs that queue when the join begins").quick("10"),
            Rule::new("depth", Allowed::Number { min: 1, max: 16 }, "5", "levels of joins"),
            Rule::new("job", Allowed::EFFORT, "50us", "how long a stranger and a leaf compute").quick("5us"),
            Rule::new(
                "time",
                Allowed::Choice(&["join", "all"]),
                "join",
                "until the join, or until all is done",
            ),
        ],
        variants: &["time=join", "time=all"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let (strangers, depth) = (parameters.number("strangers") as u32, parameters.number("depth") as u32);
        let steps = effort::steps_in(parameters.duration("job"));
        let jobs = (0..strangers).fold(0, |sum: u64, i| sum.wrapping_add(effort::chain(i, steps)));
        let leaves = (1 << depth..2 << depth).map(|leaf| effort::chain(leaf, steps));
        let leaves = leaves.fold(0, u64::wrapping_add);
        let join_alone = parameters.text("time") == "join";
        Ok(JoinUnderLoad {
            strangers,
            depth,
            steps,
            join_alone,
            expected: (jobs, leaves),
            lease: Lease::take(),
        })
    }

    fn operations(&self) -> u64 {
        1
    }

    /// The join may wait in the queue as well, until it begins.
    fn jobs_in_flight(&self) -> usize {
        self.strangers as usize + 1
    }
}

impl<E: Jobs + Joins> Workload<E> for JoinUnderLoad {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (depth, steps, tally) = (self.depth, self.steps, self.lease.tally());
        tally.begin(u64::from(self.strangers));
        let (leaves, took, jobs) = watch.run(|| {
            let (leaves, took) = engine.enter(|context| {
                submit_strangers(&**engine, self.strangers, steps, tally);
                let start = Instant::now();
                (tree::<E>(depth, 1, steps, context), start.elapsed())
            });
            (leaves, took, tally.wait())
        });
        if self.join_alone {
            watch.latency(took.max(Duration::from_nanos(1)));
        }
        check(jobs?, self.expected.0)?;
        check(leaves, self.expected.1)
    }
}

fn submit_strangers<E: Jobs>(engine: &E, strangers: u32, steps: u32, tally: &'static Tally) {
    for i in 0..strangers {
        engine.execute(move || tally.add(effort::chain(i, steps)));
    }
}

/// A balanced tree of joins, whose nodes are numbered as in a heap.
fn tree<E: Joins>(depth: u32, node: u32, steps: u32, context: &mut E::Context<'_>) -> u64 {
    if depth == 0 {
        return effort::chain(node, steps);
    }
    let (a, b) = E::join(
        context,
        |c| tree::<E>(depth - 1, 2 * node, steps, c),
        |c| tree::<E>(depth - 1, 2 * node + 1, steps, c),
    );
    a.wrapping_add(b)
}
