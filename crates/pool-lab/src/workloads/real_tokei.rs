//! tokei: the lines of code in a tree of source files, by a parallel iterator over what a walk finds.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::engine::UnderRayon;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::program::{RayonProgram, input};
use crate::workload::{About, Failure, Prepare, Watch, Workload};

/// `real/tokei`.
pub(crate) struct Tokei {
    program: RayonProgram,
    expected: String,
}

impl Prepare for Tokei {
    const ABOUT: &'static About = &About {
        name: "real/tokei",
        models: "the program tokei: the lines of code in a tree of files, by a parallel iterator over a walk",
        operation: "run of the program",
        parameters: &[Rule::new(
            "files",
            Allowed::Number { min: 1, max: 100_000 },
            "4000",
            "source files in the tree, which is drawn at random",
        )
        .quick("20")],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let program = RayonProgram::new("tokei")?;
        let files = parameters.number("files");
        let tree = input(&format!("sources-{files}"), |path| write_tree(path, files))?;
        let program = program.arguments([tree]);
        Ok(Tokei { expected: program.expected()?, program })
    }

    fn operations(&self) -> u64 {
        1
    }
}

impl<E: UnderRayon> Workload<E> for Tokei {
    fn get_to_know(&mut self, _: &Arc<E>) -> Result<(), Failure> {
        self.program.find::<E>()
    }

    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.program.run_and_check(&**engine, &self.expected, watch)
    }
}

/// Languages whose comments begin alike.
const ENDINGS: [&str; 4] = ["rs", "c", "go", "js"];

const LINES: [&str; 4] = ["let x = f(x, 1);\n", "// A comment.\n", "\n", "/* Another. */ g(\"// text\");\n"];

/// Files of 10 to 400 lines, fifty a folder.
fn write_tree(root: &Path, files: usize) -> io::Result<()> {
    let mut random = fastrand::Rng::with_seed(1);
    for file in 0..files {
        let folder = root.join(format!("folder{}", file / 50));
        fs::create_dir_all(&folder)?;
        let text: String = (0..random.usize(10..400)).map(|_| LINES[random.usize(..LINES.len())]).collect();
        let ending = ENDINGS[random.usize(..ENDINGS.len())];
        fs::write(folder.join(format!("file{file}.{ending}")), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::scratch::Scratch;

    #[test]
    fn a_tree_has_its_files() {
        let scratch = Scratch::new();
        write_tree(scratch.path(), 70).unwrap();
        let files = |folder: &str| fs::read_dir(scratch.path().join(folder)).unwrap().count();
        assert_eq!((files("folder0"), files("folder1")), (50, 20));
    }
}
