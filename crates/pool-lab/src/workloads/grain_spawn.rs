//! Detached jobs of one length: from which length on does it matter which pool runs them?

use std::sync::Arc;

use crate::engine::Jobs;
use crate::engine::settings::Settings;
use crate::workload::grain::Pieces;
use crate::workload::{About, Failure, Lease, Prepare, Watch, Workload};

/// `grain/spawn`.
pub(crate) struct Spawn {
    pieces: Pieces,
    lease: Lease,
}

impl Prepare for Spawn {
    const ABOUT: &'static About = &About {
        name: "grain/spawn",
        models: "detached jobs that are all as long: from which length on does the choice of a pool matter?",
        operation: "job",
        parameters: &[Pieces::LENGTH],
        variants: &["length=20ns", "length=200ns", "length=2us", "length=20us", "length=200us", "length=1ms"],
        not_in_bench: &["length=200us"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Spawn { pieces: Pieces::new(parameters), lease: Lease::take() })
    }

    fn operations(&self) -> u64 {
        u64::from(self.pieces.count)
    }

    fn jobs_in_flight(&self) -> usize {
        self.pieces.count as usize
    }
}

impl<E: Jobs> Workload<E> for Spawn {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (tally, run) = (self.lease.tally(), self.pieces.run());
        tally.begin(self.operations());
        let sum = watch.run(|| {
            for i in 0..self.pieces.count {
                engine.execute(move || tally.add(run(i)));
            }
            tally.wait()
        });
        self.pieces.check(sum?)
    }
}
