//! `pool-lab run`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;

use super::error::CliError;
use super::patience::Patience;
use crate::engine::Spec;
use crate::engines;
use crate::system::apart::{Apart, Gone};
use crate::workload::{Case, CaseError, Task, Watch};

#[derive(Debug, Args)]
pub(super) struct Run {
    /// The workload with its parameters (join/fib:n=20)
    #[arg(short, long)]
    workload: String,
    /// The engine (stealing:1)
    #[arg(short, long)]
    pool: String,
    #[command(flatten)]
    patience: Patience,
}

/// Runs one workload once on one engine, and prints how many operations it has.
pub(super) fn run(arguments: &Run) -> Result<ExitCode, CliError> {
    let (task, spec): (Task, Spec) = (arguments.workload.parse()?, arguments.pool.parse()?);
    let what = format!("{task} on {spec}");
    let apart = Apart::start("run", arguments.patience.time());
    let apart = apart.map_err(|source| CliError::NoThread { what: what.clone(), source })?;
    match operations(&apart, &task, &spec) {
        Ok(Ok(operations)) => {
            apart.end();
            writeln!(io::stdout(), "{operations}")?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Err(source)) => Err(CliError::Run { what, source: Box::new(source) }),
        // The end of the process is the end of its threads.
        Err(why) => Err(CliError::Gone { what, why }),
    }
}

/// The engine with the workload, while there is one.
type Built = Option<Box<dyn Case>>;

/// Builds the engine, runs the workload and stops the engine, each of which may hang: then it is said in which.
fn operations(apart: &Apart<Built>, task: &Task, spec: &Spec) -> Result<Result<u64, CaseError>, String> {
    let when = |when: &'static str| move |gone: Gone| format!("{gone}, {when}");
    let (task, spec) = (task.clone(), spec.clone());
    let build = move |built: &mut Built| {
        *built = Some(engines::case(&spec, &task)?);
        Ok::<(), CaseError>(())
    };
    let iterate = |built: &mut Built| {
        let case = built.as_mut().expect("it has been built");
        case.iterate(&mut Watch::new())?;
        Ok::<u64, CaseError>(case.operations())
    };
    if let Err(error) = apart.ask(build).map_err(when("when it was built"))? {
        return Ok(Err(error));
    }
    let operations = apart.ask(iterate).map_err(when("when it ran the workload"))?;
    apart.ask(|built| *built = None).map_err(when("when it was stopped"))?;
    Ok(operations)
}
