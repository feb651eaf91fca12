//! Tiny detached jobs, submitted from one thread, from four, and from inside a job: what a submit costs.
//!
//! Job number i adds i to the tally, so the answer is n (n - 1) / 2, which a lost or doubled job would change.

use std::sync::{Arc, Barrier};
use std::thread;

use crate::engine::Jobs;
use crate::settings::{Kind, Rule, Settings};
use crate::tally::{Lease, Tally};
use crate::watch::Watch;
use crate::workload::{About, Failure, Prepare, Workload, check};

const PARAMETERS: &[Rule] = &[Rule::new("jobs", Kind::COUNT, "100000", "jobs in a batch").quick("400")];

/// Threads that submit in `spawn/contended`.
const PRODUCERS: u64 = 4;

/// A batch of jobs that do nothing but count.
pub(super) struct Batch {
    pub(super) jobs: u64,
    lease: Lease,
}

impl Batch {
    fn new(parameters: &Settings) -> Self {
        Batch::of(parameters.number("jobs") as u64)
    }

    pub(super) fn of(jobs: u64) -> Self {
        Batch { jobs, lease: Lease::take() }
    }

    /// Submits all from the calling thread, and waits.
    pub(super) fn run<E: Jobs>(&self, engine: &E, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.begin();
        let sum = watch.run(|| {
            for i in 0..self.jobs {
                engine.execute(move || tally.add(i));
            }
            tally.wait()
        });
        self.check(sum)
    }

    pub(super) fn begin(&self) -> &'static Tally {
        self.lease.tally().begin(self.jobs);
        self.lease.tally()
    }

    pub(super) fn check(&self, sum: Result<u64, Failure>) -> Result<(), Failure> {
        check(sum?, self.jobs * (self.jobs - 1) / 2)
    }
}

/// `spawn/external`.
pub(crate) struct External(Batch);

impl Prepare for External {
    const ABOUT: &'static About = &About {
        name: "spawn/external",
        models: "one thread outside the pool submits a burst of tiny jobs",
        operation: "job",
        needs: "detached jobs",
        parameters: PARAMETERS,
        variants: &[],
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(External(Batch::new(parameters)))
    }

    fn operations(&self) -> u64 {
        self.0.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.0.jobs as usize
    }
}

impl<E: Jobs> Workload<E> for External {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.0.run(&**engine, watch)
    }
}

/// `spawn/contended`.
pub(crate) struct Contended(Batch);

impl Prepare for Contended {
    const ABOUT: &'static About = &About {
        name: "spawn/contended",
        models: "four threads outside the pool submit tiny jobs at the same time",
        operation: "job",
        needs: "detached jobs",
        parameters: PARAMETERS,
        variants: &[],
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Contended(Batch::new(parameters)))
    }

    fn operations(&self) -> u64 {
        self.0.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.0.jobs as usize
    }
}

impl<E: Jobs> Workload<E> for Contended {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.0.begin();
        let jobs = self.0.jobs;
        // The producers are started before the watch is, and wait for it.
        let start = Barrier::new(PRODUCERS as usize + 1);
        let sum = thread::scope(|scope| {
            for p in 0..PRODUCERS {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    for i in (p..jobs).step_by(PRODUCERS as usize) {
                        engine.execute(move || tally.add(i));
                    }
                });
            }
            watch.run(|| {
                start.wait();
                tally.wait()
            })
        });
        self.0.check(sum)
    }
}

/// `spawn/nested`.
pub(crate) struct Nested(Batch);

impl Prepare for Nested {
    const ABOUT: &'static About = &About {
        name: "spawn/nested",
        models: "a job on a worker submits a burst of tiny jobs to its own pool",
        operation: "job",
        needs: "detached jobs",
        parameters: PARAMETERS,
        variants: &[],
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Nested(Batch::new(parameters)))
    }

    fn operations(&self) -> u64 {
        self.0.jobs
    }

    fn jobs_in_flight(&self) -> usize {
        self.0.jobs as usize
    }
}

impl<E: Jobs> Workload<E> for Nested {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let tally = self.0.begin();
        let jobs = self.0.jobs;
        let inside = Arc::clone(engine);
        let sum = watch.run(|| {
            engine.execute(move || {
                for i in 1..jobs {
                    inside.execute(move || tally.add(i));
                }
                // This job is job 0. It lets go of the engine before it counts as done.
                drop(inside);
                tally.add(0);
            });
            tally.wait()
        });
        self.0.check(sum)
    }
}
