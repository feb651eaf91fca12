//! An open loop: jobs of very uneven length (one in 400 is 30 times as long as the mean) that arrive each at a moment of its own.

use std::sync::Arc;

use crate::engine::Jobs;
use crate::engine::settings::Settings;
use crate::workload::open_loop::{Arrivals, Lengths, OpenLoop};
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// `load/pareto`.
pub(crate) struct Pareto(OpenLoop);

impl Prepare for Pareto {
    const ABOUT: &'static About = &About {
        name: "load/pareto",
        models: "jobs of very uneven length (one in 400 is 30 times as long as the mean) that arrive each at a moment of its own; from the intended arrival to the end",
        operation: "job",
        parameters: OpenLoop::PARAMETERS,
        variants: &[
            "at=50",
            "at=80",
            "at=95",
            "at=120",
            "at=50:of=common",
            "at=80:of=common",
            "at=95:of=common",
            "at=80:urgent=10",
        ],
        not_in_bench: &["at=50:of=common", "at=95:of=common"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Pareto(OpenLoop::new(Arrivals::Poisson, Lengths::Pareto, parameters)))
    }

    fn on_threads(&mut self, threads: usize) {
        self.0.on_threads(threads);
    }

    fn in_block(&mut self, block: usize) {
        self.0.in_block(block);
    }

    fn is_warm(&self) -> bool {
        true
    }

    // An engine may lose jobs: it is seen how many.
    fn operations(&self) -> u64 {
        self.0.jobs()
    }
}

impl<E: Jobs> Workload<E> for Pareto {
    fn get_to_know(&mut self, engine: &Arc<E>) -> Result<(), Failure> {
        self.0.find_capacity(engine)
    }

    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.0.play(engine, watch)
    }
}
