//! One long job and many short ones. The worker with the long job must not keep short ones that others could run.

use std::sync::Arc;

use crate::engine::Jobs;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Lease, Prepare, Tally, Watch, Workload, check, effort};

/// `skew/one-long`.
pub(crate) struct OneLong {
    steps: Steps,
    jobs: u32,
    from_inside: bool,
    expected: u64,
    lease: Lease,
}

/// How long a job computes.
#[derive(Clone, Copy)]
struct Steps {
    long: u32,
    short: u32,
}

impl Steps {
    /// What job number `i` computes. The first is the long one.
    fn run(self, i: u32) -> u64 {
        effort::chain(i, if i == 0 { self.long } else { self.short })
    }
}

impl Prepare for OneLong {
    const ABOUT: &'static About = &About {
        name: "skew/one-long",
        models: "one long job, and as much work in short ones: two threads need as long as the long one takes",
        operation: "batch",
        parameters: &[
            Rule::new("jobs", Allowed::COUNT, "2000", "short jobs").quick("50"),
            Rule::new("short", Allowed::EFFORT, "5us", "how long each short job computes"),
            Rule::new("long", Allowed::EFFORT, "10ms", "how long the long job computes").quick("100us"),
            Rule::new(
                "from",
                Allowed::Choice(&["outside", "inside"]),
                "outside",
                "outside: the long job comes first, from outside; inside: it submits the short ones, then computes",
            ),
        ],
        variants: &["from=outside", "from=inside"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let steps = |name| effort::steps_in(parameters.duration(name));
        let steps = Steps { long: steps("long"), short: steps("short") };
        let jobs = parameters.number("jobs") as u32;
        let expected = (0..=jobs).fold(0, |sum: u64, i| sum.wrapping_add(steps.run(i)));
        let from_inside = parameters.text("from") == "inside";
        Ok(OneLong { steps, jobs, from_inside, expected, lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        1
    }

    fn jobs_in_flight(&self) -> usize {
        self.jobs as usize + 1
    }
}

impl<E: Jobs> Workload<E> for OneLong {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (steps, jobs, from_inside, tally) = (self.steps, self.jobs, self.from_inside, self.lease.tally());
        tally.begin(u64::from(jobs) + 1);
        let inside = Arc::clone(engine);
        let sum = watch.run(move || {
            if from_inside {
                engine.execute(move || {
                    submit_short(&*inside, steps, jobs, tally);
                    // It lets go of the engine before it counts as done.
                    drop(inside);
                    tally.add(steps.run(0));
                });
            } else {
                drop(inside);
                engine.execute(move || tally.add(steps.run(0)));
                submit_short(&**engine, steps, jobs, tally);
            }
            tally.wait()
        });
        check(sum?, self.expected)
    }
}

fn submit_short<E: Jobs>(engine: &E, steps: Steps, jobs: u32, tally: &'static Tally) {
    for i in 1..=jobs {
        engine.execute(move || tally.add(steps.run(i)));
    }
}
