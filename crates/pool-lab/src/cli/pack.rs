//! `pool-lab pack` and `pool-lab merge`: a run in one file, and such a file beside the runs that are there.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::bench;
use super::error::CliError;
use crate::record::{pack, results};

/// Packs the run in a folder, and prints the file.
pub(super) fn pack(folder: &Path, file: Option<PathBuf>) -> Result<ExitCode, CliError> {
    let run = results::load_run(folder).map_err(CliError::Folder)?;
    let file = file.unwrap_or_else(|| PathBuf::from(format!("{}.jsonl", run.machine.name)));
    pack::write(&run, &file)?;
    writeln!(io::stdout(), "{}", file.display())?;
    Ok(ExitCode::SUCCESS)
}

/// Adds the machine to the results of a repository, and rebuilds its reports.
pub(super) fn merge(file: &Path, root: &Path) -> Result<ExitCode, CliError> {
    let (machine, records) = pack::read(file).map_err(CliError::Folder)?;
    let folder = pack::merge(&root.join(bench::RESULTS), &machine, &records)?;
    writeln!(io::stdout(), "{}/{folder}", bench::RESULTS)?;
    for file in bench::rebuild(root)? {
        writeln!(io::stdout(), "{}", file.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
