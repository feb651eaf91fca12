//! oxipng: a picture is compressed in several ways at once, and the shortest is kept: few long jobs.

mod picture;

use std::fs;
use std::sync::Arc;

use crate::engine::UnderRayon;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::program::{RayonProgram, input};
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// `real/oxipng`.
pub(crate) struct Oxipng {
    program: RayonProgram,
    expected: String,
}

impl Prepare for Oxipng {
    const ABOUT: &'static About = &About {
        name: "real/oxipng",
        models: "the program oxipng: a picture is compressed in several ways, the shortest result is kept",
        operation: "run of the program",
        parameters: &[
            Rule::new(
                "side",
                Allowed::Number { min: 1, max: 8192 },
                "512",
                "width and height of the picture",
            )
            .quick("16"),
            Rule::new("level", Allowed::Number { min: 0, max: 6 }, "3", "oxipng's level of effort"),
        ],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let program = RayonProgram::new("oxipng")?;
        let side = parameters.number("side");
        let file = input(&format!("picture-{side}.png"), |path| fs::write(path, picture::png(side)))?;
        let level = parameters.text("level");
        let program =
            program.arguments(["--stdout".into(), "--opt".into(), level.into(), file.into_os_string()]);
        Ok(Oxipng { expected: program.expected()?, program })
    }

    fn operations(&self) -> u64 {
        1
    }
}

impl<E: UnderRayon> Workload<E> for Oxipng {
    fn get_to_know(&mut self, _: &Arc<E>) -> Result<(), Failure> {
        self.program.find::<E>()
    }

    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.program.run_and_check(&**engine, &self.expected, watch)
    }
}
