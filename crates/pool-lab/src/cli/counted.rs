//! `pool-lab counted`: what `benches/instructions.sh` counts, for this script to read.

use std::io::{self, Write};
use std::process::ExitCode;

use super::error::CliError;
use crate::{engines, workloads};

/// Prints a line `path|<name>|<workload>:<parameter>|<small>|<large>` for each workload, and `engine|<name>` for each engine.
pub(super) fn run() -> Result<ExitCode, CliError> {
    let mut out = io::stdout();
    for about in workloads::rows().iter().map(|row| row.about) {
        if let Some(counted) = about.counted {
            let (small, large) = counted.sizes;
            writeln!(out, "path|{}|{}:{}|{small}|{large}", counted.path, about.name, counted.parameter)?;
        }
    }
    for row in engines::rows().iter().filter(|row| row.engine.is_counted) {
        writeln!(out, "engine|{}", row.engine.name)?;
    }
    Ok(ExitCode::SUCCESS)
}
