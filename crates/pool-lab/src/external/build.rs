//! Building a program from the source that is part of this crate.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use crate::engine::Program;
use crate::system::disk;

/// Why there is no program to run.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The toolchain is not there, or lacks a library.
    #[error("{0}")]
    Missing(String),
    /// A file could not be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Builds the program unless it is built already, and returns the command that runs it.
///
/// It is built in a folder of its own below Cargo's target folder, whose name depends on source and toolchain.
///
/// # Errors
///
/// [`BuildError`] where the toolchain is missing or cannot build it, or the folder cannot be written.
pub fn ready(program: &'static Program) -> Result<Command, BuildError> {
    if !program.is_installed() {
        return Err(BuildError::Missing(program.missing()));
    }
    let mut hasher = DefaultHasher::new();
    (program.source, program.version(), program.build).hash(&mut hasher);
    let name = format!("{}-{:016x}", program.language.to_lowercase().replace(' ', "-"), hasher.finish());
    let folder = disk::in_target("external").join(name);
    // Threads of this process build one after the other.
    static BUILDS: Mutex<()> = Mutex::new(());
    let _alone = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
    if !folder.is_dir() {
        build(program, &folder)?;
    }
    Ok(command(program.run, &folder))
}

/// Builds in a folder apart, which gets its name when it is complete: several processes may build at once.
fn build(program: &Program, folder: &Path) -> Result<(), BuildError> {
    let apart = folder.with_extension(process::id().to_string());
    let io = |source| BuildError::Io { path: apart.clone(), source };
    fs::create_dir_all(&apart).map_err(io)?;
    fs::write(apart.join(program.source_name), program.source).map_err(io)?;
    if !program.build.is_empty() {
        let mut compiler = command(program.build, &apart);
        // Go keeps what it has compiled in the user's folder otherwise.
        compiler.env("GOCACHE", apart.join("cache")).stdin(Stdio::null());
        let output = compiler.output().map_err(io)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let first = said.lines().find(|line| line.contains("error")).or(said.lines().next());
            let why = first.unwrap_or("it does not say why").to_owned();
            let _ = fs::remove_dir_all(&apart);
            return Err(BuildError::Missing(format!(
                "{} does not build ({why}); Debian has what it needs as {}",
                program.language, program.packages
            )));
        }
        let _ = fs::remove_dir_all(apart.join("cache"));
    }
    match fs::rename(&apart, folder) {
        // Another process was first.
        Err(_) if folder.is_dir() => fs::remove_dir_all(&apart).map_err(io),
        renamed => renamed.map_err(io),
    }
}

fn command(words: &[&str], folder: &Path) -> Command {
    let folder = folder.to_string_lossy();
    let mut words = words.iter().map(|word| word.replace("{dir}", &folder));
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::OnceLock;
    use std::time::Duration;

    fn program(version: &'static [&'static str], build: &'static [&'static str]) -> &'static Program {
        Box::leak(Box::new(Program {
            language: "Example",
            source_name: "engine.txt",
            source: "source",
            version_command: version,
            build,
            run: &["cat", "{dir}/engine.txt"],
            packages: "example-dev",
            warm_up: Duration::ZERO,
            version: OnceLock::new(),
        }))
    }

    #[test]
    fn what_is_missing_is_said_in_one_line() {
        let error = ready(program(&["/no/such/compiler", "-v"], &[])).unwrap_err().to_string();
        let expected =
            "Example is not installed (`/no/such/compiler -v` does not run); Debian has it as example-dev";
        assert_eq!(error, expected);
        let unbuilt = ready(program(&["echo", "1.0"], &["cat", "/no/such/file"])).unwrap_err().to_string();
        assert!(unbuilt.starts_with("Example does not build (cat: /no/such/file"), "{unbuilt}");
        assert_eq!(unbuilt.lines().count(), 1);
    }

    #[test]
    fn a_program_is_built_once_and_runs() {
        let built = program(&["echo", "1.0"], &["cp", "{dir}/engine.txt", "{dir}/built"]);
        for _ in 0..2 {
            let output = ready(built).unwrap().output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), "source");
        }
    }
}
