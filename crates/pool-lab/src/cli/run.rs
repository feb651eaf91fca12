//! `pool-lab run`.

use std::io::{self, Write};
use std::process::ExitCode;

use super::error::CliError;
use crate::engine::Spec;
use crate::engines;
use crate::workload::{Task, Watch};

/// Runs one workload once on one engine, and prints how many operations it has.
pub(super) fn run(workload: &str, pool: &str) -> Result<ExitCode, CliError> {
    let (task, spec): (Task, Spec) = (workload.parse()?, pool.parse()?);
    let run = || {
        let mut case = engines::case(&spec, &task)?;
        case.iterate(&mut Watch::new())?;
        Ok(case.operations())
    };
    let what = format!("{task} on {spec}");
    let operations = run().map_err(|source| CliError::Run { what, source: Box::new(source) })?;
    writeln!(io::stdout(), "{operations}")?;
    Ok(ExitCode::SUCCESS)
}
