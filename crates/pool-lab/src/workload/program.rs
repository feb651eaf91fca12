//! Programs that use rayon, as their authors publish them. `crates/rayon-core/tests/real.sh` builds each with rayon-core and with the
//! crate in this repository that takes its place; here they are run, and their output is compared.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use sha2::{Digest, Sha256};

use super::about::About;
use super::failure::{Failure, check};
use super::watch::Watch;
use crate::engine::UnderRayon;
use crate::system::{disk, os};

/// The build with rayon-core, which says what is right.
const REFERENCE: &str = "rayon-core";

/// How long a program may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

/// One program with its arguments.
pub(crate) struct RayonProgram {
    name: &'static str,
    arguments: Vec<OsString>,
    /// Where the builds are.
    folder: PathBuf,
}

/// Why a workload of a program cannot run, where the program is not built.
pub(crate) fn missing(about: &About) -> Option<String> {
    let program = about.name.split_once('/').map_or(about.name, |(_, program)| program);
    match RayonProgram::new(program) {
        Err(Failure::Missing(what)) => Some(what),
        _ => None,
    }
}

/// What a program that has ended said, and what it took.
pub(crate) struct Ran {
    pub(crate) output: Vec<u8>,
    elapsed: Duration,
    cpu: Option<Duration>,
}

impl RayonProgram {
    /// The program of this name.
    ///
    /// # Errors
    ///
    /// [`Failure::Missing`] when it is not built with rayon-core.
    pub(crate) fn new(name: &'static str) -> Result<Self, Failure> {
        Self::in_folder(&folder(), name)
    }

    fn in_folder(folder: &Path, name: &'static str) -> Result<Self, Failure> {
        let program = RayonProgram { name, arguments: Vec::new(), folder: folder.to_owned() };
        program.binary(REFERENCE).map(|_| program)
    }

    /// The same with these arguments.
    pub(crate) fn arguments<A: Into<OsString>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        RayonProgram { arguments: arguments.into_iter().map(A::into).collect(), ..self }
    }

    /// Whether it is there with rayon-core and with our pools.
    pub(crate) fn is_built(name: &'static str) -> bool {
        Self::new(name).is_ok_and(|program| program.binary("ours").is_ok())
    }

    /// Whether it is built with this engine.
    ///
    /// # Errors
    ///
    /// [`Failure::Missing`] when it is not.
    pub(crate) fn find<E: UnderRayon>(&self) -> Result<(), Failure> {
        self.binary(E::BUILD).map(drop)
    }

    fn binary(&self, build: &str) -> Result<PathBuf, Failure> {
        let path =
            self.folder.join(build).join("bin").join(format!("{}{}", self.name, env::consts::EXE_SUFFIX));
        if path.is_file() {
            return Ok(path);
        }
        Err(Failure::Missing(format!(
            "no {} at {}; crates/rayon-core/tests/real.sh builds it",
            self.name,
            path.display()
        )))
    }

    /// What the program says on one thread of rayon-core, as [`digest`] shortens it.
    pub(crate) fn expected(&self) -> Result<String, Failure> {
        let command = self.command(REFERENCE, ("RAYON_NUM_THREADS", "1".to_owned()))?;
        self.ended(command).map(|ran| digest(&ran.output))
    }

    /// Runs it on the engine.
    ///
    /// # Errors
    ///
    /// [`Failure::Program`] when it cannot be started, does not end, or says that it failed.
    pub(crate) fn run<E: UnderRayon>(&self, engine: &E) -> Result<Ran, Failure> {
        self.command(E::BUILD, engine.variable()).and_then(|command| self.ended(command))
    }

    /// As [`run`](RayonProgram::run); the watch shows what it took, and its output has to be the right one.
    pub(crate) fn run_and_check<E: UnderRayon>(
        &self,
        engine: &E,
        expected: &str,
        watch: &mut Watch,
    ) -> Result<(), Failure> {
        let ran = self.run(engine)?;
        match ran.cpu {
            Some(cpu) => watch.told(ran.elapsed, cpu),
            None => watch.computed(ran.elapsed),
        }
        check(digest(&ran.output).as_str(), expected)
    }

    fn command(&self, build: &str, (name, value): (&str, String)) -> Result<Command, Failure> {
        let mut command = Command::new(self.binary(build)?);
        // What the user has set would decide otherwise.
        command.env_remove("RAYON_POOL").env_remove("RAYON_NUM_THREADS").env_remove("RAYON_RS_NUM_CPUS");
        command.env(name, value).args(&self.arguments);
        Ok(command)
    }

    fn ended(&self, mut command: Command) -> Result<Ran, Failure> {
        let failed = |what: String| Failure::Program(format!("{} {what}", self.name));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let before = os::usage_of_children();
        let start = Instant::now();
        let mut child = command.spawn().map_err(|error| failed(format!("cannot be started: {error}")))?;
        let outcome =
            wait(&mut child, PATIENCE).map_err(|error| failed(format!("cannot be waited for: {error}")))?;
        let elapsed = start.elapsed();
        let Some((status, output, complaint)) = outcome else {
            return Err(failed(format!("has not ended after {} seconds, and was ended", PATIENCE.as_secs())));
        };
        if !status.success() {
            let complaint = String::from_utf8_lossy(&complaint);
            let last =
                complaint.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
            return Err(failed(format!("failed ({status}): {last}")));
        }
        let cpu =
            before.zip(os::usage_of_children()).map(|(before, after)| after.cpu.saturating_sub(before.cpu));
        Ok(Ran { output, elapsed, cpu })
    }
}

/// The folder of the builds and their input.
fn folder() -> PathBuf {
    disk::in_target("real")
}

/// An input of programs: the file or folder of this name, which `write` makes when it is first asked for.
///
/// # Errors
///
/// [`Failure::Io`] when it cannot be written.
pub(crate) fn input(name: &str, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<PathBuf, Failure> {
    input_in(&folder().join("input"), name, write)
}

fn input_in(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    if path.exists() {
        return Ok(path);
    }
    // It gets its name when it is complete: several processes may write it at once.
    let apart = folder.join(format!("{}-{name}", process::id()));
    let written =
        fs::create_dir_all(folder).and_then(|()| write(&apart)).and_then(|()| fs::rename(&apart, &path));
    match written {
        Err(source) if !path.exists() => Err(Failure::Io { path: path.display().to_string(), source }),
        _ => Ok(path),
    }
}

/// A short text that tells one output from another.
fn digest(output: &[u8]) -> String {
    let hash = Sha256::digest(output);
    let begin: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{} bytes with the SHA-256 {begin}...", output.len())
}

type Outcome = (ExitStatus, Vec<u8>, Vec<u8>);

/// Waits until the child has ended; `None` when it did not in time, and was ended.
fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<Outcome>> {
    let deadline = Instant::now() + patience;
    let (send, receive) = channel();
    let (output, complaint) = (child.stdout.take(), child.stderr.take());
    read(output, |bytes| (true, bytes), send.clone());
    read(complaint, |bytes| (false, bytes), send);
    let (mut output, mut complaint) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        match receive.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((true, bytes)) => output = bytes,
            Ok((false, bytes)) => complaint = bytes,
            Err(_) => {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
        }
    }
    Ok(Some((child.wait()?, output, complaint)))
}

/// Reads to the end, on a thread of its own.
fn read<T: Send + 'static>(
    from: Option<impl Read + Send + 'static>,
    label: impl FnOnce(Vec<u8>) -> T + Send + 'static,
    to: Sender<T>,
) {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What ends in the middle is told by the program's exit code.
        let _ = from.map(|mut from| from.read_to_end(&mut bytes));
        let _ = to.send(label(bytes));
    });
}

#[cfg(all(test, unix))]
mod tests;
