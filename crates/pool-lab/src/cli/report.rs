//! `pool-lab report`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use super::bench;
use super::error::CliError;

/// Rebuilds the reports, and prints the files.
pub(super) fn run(root: &Path) -> Result<ExitCode, CliError> {
    for file in bench::rebuild(root)? {
        writeln!(io::stdout(), "{}", file.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
