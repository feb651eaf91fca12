//! b3sum: the BLAKE3 hash of one large file, which joins split down to pieces of 128 KiB.

use std::fs;
use std::sync::Arc;

use crate::engine::UnderRayon;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::program::{RayonProgram, input};
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// `real/b3sum`.
pub(crate) struct B3sum {
    program: RayonProgram,
    expected: String,
}

impl Prepare for B3sum {
    const ABOUT: &'static About = &About {
        name: "real/b3sum",
        models: "the program b3sum: the BLAKE3 hash of a large file, by joins",
        operation: "run of the program",
        parameters: &[Rule::new(
            "megabytes",
            Allowed::Number { min: 1, max: 4096 },
            "512",
            "the length of the file, drawn at random",
        )
        .quick("1")],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let program = RayonProgram::new("b3sum")?;
        let megabytes = parameters.number("megabytes");
        let file = input(&format!("random-{megabytes}"), |path| {
            let mut bytes = vec![0; megabytes << 20];
            fastrand::Rng::with_seed(1).fill(&mut bytes);
            fs::write(path, bytes)
        })?;
        let program = program.arguments([file]);
        Ok(B3sum { expected: program.expected()?, program })
    }

    fn operations(&self) -> u64 {
        1
    }
}

impl<E: UnderRayon> Workload<E> for B3sum {
    fn get_to_know(&mut self, _: &Arc<E>) -> Result<(), Failure> {
        self.program.find::<E>()
    }

    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.program.run_and_check(&**engine, &self.expected, watch)
    }
}
