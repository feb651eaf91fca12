//! An external engine with a workload, ready to run samples.

use std::time::{Duration, Instant};

use super::build;
use super::process::{Process, ProcessError};
use crate::engine::settings::Settings;
use crate::engine::{Program, Spec};
use crate::workload::{About, Case, CaseError, Failure, Outline, Watch, check};

/// How long a process may take for one answer. Jobs that never end are noticed by it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Builds a program if need be, and starts it.
///
/// # Errors
///
/// [`CaseError::Unsupported`] where its toolchain is missing, [`CaseError::Workload`] when it does not start.
pub fn open(program: &'static Program) -> Result<Process, CaseError> {
    let command = build::ready(program).map_err(|error| match error {
        build::BuildError::Missing(why) => CaseError::Unsupported(why),
        error @ build::BuildError::Io { .. } => CaseError::Workload(Failure::Program(error.to_string())),
    })?;
    Process::start(command, PATIENCE).map(|(process, _)| process).map_err(failed)
}

/// The engine that its program calls by this name, with a workload of which this is known.
///
/// # Errors
///
/// [`CaseError::Unsupported`] where the toolchain is missing or the engine cannot do it; other errors when the process fails.
pub fn case(
    program: &'static Program,
    engine: &str,
    spec: &Spec,
    about: &About,
    parameters: &Settings,
    outline: Outline,
) -> Result<Box<dyn Case>, CaseError> {
    let process = open(program)?;
    // Tests with small inputs need no warm compiler.
    let warm_up = if parameters.is_quick() { Duration::ZERO } else { program.warm_up };
    let start = format!("start {engine} {}", spec.threads());
    let values: String = parameters.numbers().map(|(key, value)| format!(" {key}={value}")).collect();
    Ok(Box::new(Remote::new(process, &start, &format!("prepare {}{values}", about.name), outline, warm_up)?))
}

fn failed(error: ProcessError) -> CaseError {
    match error {
        ProcessError::Unable(why) => CaseError::Unsupported(why),
        error => CaseError::Workload(Failure::Program(error.to_string())),
    }
}

struct Remote {
    process: Process,
    outline: Outline,
}

impl Remote {
    fn new(
        mut process: Process,
        start: &str,
        prepare: &str,
        outline: Outline,
        warm_up: Duration,
    ) -> Result<Self, CaseError> {
        process.command(start).and_then(|()| process.command(prepare)).map_err(failed)?;
        let mut remote = Remote { process, outline };
        let begin = Instant::now();
        while begin.elapsed() < warm_up {
            remote.iterate(&mut Watch::new())?;
        }
        Ok(remote)
    }
}

impl Case for Remote {
    fn iterate(&mut self, watch: &mut Watch) -> Result<(), Failure> {
        let done = self.process.measure("run").map_err(|error| Failure::Program(error.to_string()))?;
        watch.told(done.elapsed, done.cpu);
        done.latencies.into_iter().for_each(|latency| watch.latency(latency));
        check(done.answer, self.outline.answer)
    }

    fn operations(&self) -> u64 {
        self.outline.operations
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::metrics;

    const OUTLINE: Outline = Outline { operations: 10, answer: 45 };

    fn remote(body: &str) -> Result<Remote, CaseError> {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("read line; echo hello 1 0.1; {body}")]);
        let (process, _) = Process::start(shell, Duration::from_secs(20)).unwrap();
        Remote::new(process, "start x 2", "prepare spawn/external jobs=10", OUTLINE, Duration::ZERO)
    }

    const READY: &str = "read line; echo ok; read line; echo ok;";

    #[test]
    fn what_a_process_says_is_the_sample() {
        let mut case = remote(&format!("{READY} read line; echo done 45 1000 1500; cat > /dev/null"))
            .unwrap_or_else(|e| panic!("{e}"));
        let mut watch = Watch::new();
        case.iterate(&mut watch).unwrap();
        assert_eq!((watch.elapsed().as_nanos(), case.operations()), (1000, 10));
        assert_eq!(watch.count(&metrics::CPU_PER_OP), Some(1500));
        assert_eq!(watch.count(&metrics::ALLOCS_PER_OP), None);
    }

    #[test]
    fn a_wrong_answer_and_a_crash_are_failures() {
        let mut wrong = remote(&format!("{READY} read line; echo done 44 1000 1500; cat > /dev/null"))
            .unwrap_or_else(|e| panic!("{e}"));
        let failure = wrong.iterate(&mut Watch::new()).unwrap_err().to_string();
        assert_eq!(failure, "wrong answer: 44 instead of 45");
        let mut crash = remote(&format!("{READY} read line; exit 3")).unwrap_or_else(|e| panic!("{e}"));
        let failure = crash.iterate(&mut Watch::new()).unwrap_err().to_string();
        assert!(failure.contains("ended early, after `run`"), "{failure}");
    }

    #[test]
    fn what_it_cannot_do_is_unsupported() {
        let error =
            remote("read line; echo ok; read line; echo no fork-join; cat > /dev/null").err().unwrap();
        assert!(matches!(error, CaseError::Unsupported(why) if why == "fork-join"));
    }
}
