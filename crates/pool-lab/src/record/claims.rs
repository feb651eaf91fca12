//! The records of claims, which lie in a file of their own beside those of engines.

use std::fs;
use std::path::Path;

use super::error::ResultsError;
use super::folder::{earlier_machine, write_machine};
use super::machine::Machine;
use super::{Record, files};

/// The file.
pub(super) const CLAIMS: &str = "claims.csv";

/// Writes records of claims into a folder, in the place of those of the same claims, and the machine if none is there.
///
/// # Errors
///
/// [`ResultsError`] when the folder is another machine's, a file there is bad, or something cannot be written.
pub fn keep_claims(folder: &Path, machine: &Machine, records: &[Record]) -> Result<(), ResultsError> {
    fs::create_dir_all(folder).map_err(ResultsError::io(folder))?;
    if earlier_machine(folder, machine)?.is_none() {
        write_machine(folder, machine)?;
    }
    let path = folder.join(CLAIMS);
    let mut all = if path.is_file() { files::read_csv(&path)? } else { Vec::new() };
    all.retain(|old| !records.iter().any(|new| new.workload == old.workload));
    all.extend_from_slice(records);
    if all.is_empty() {
        return Ok(());
    }
    Ok(files::write_csv(&path, &all)?)
}
