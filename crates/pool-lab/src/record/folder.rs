//! One folder of records: `machine.json`, and what else is in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::ResultsError;
use super::machine::Machine;
use crate::system::disk;

/// The file that describes the machine.
pub(super) const MACHINE: &str = "machine.json";

pub(super) fn write_machine(folder: &Path, machine: &Machine) -> Result<(), ResultsError> {
    let path = folder.join(MACHINE);
    let json = serde_json::to_string_pretty(machine)
        .map_err(|source| ResultsError::Machine { path: path.clone(), source })?;
    disk::replace(&path, json + "\n").map_err(ResultsError::io(&path))
}

pub(super) fn read_machine(folder: &Path) -> Result<Machine, ResultsError> {
    let path = folder.join(MACHINE);
    let json = fs::read_to_string(&path).map_err(ResultsError::io(&path))?;
    serde_json::from_str(&json).map_err(|source| ResultsError::Machine { path, source })
}

/// The files of a folder that have this extension, by name.
pub(crate) fn files_with_extension(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, ResultsError> {
    let mut files = entries(folder)?;
    files.retain(|path| path.extension().is_some_and(|e| e == extension) && path.is_file());
    Ok(files)
}

/// What a folder holds, by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, ResultsError> {
    let mut paths = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect::<io::Result<Vec<_>>>())
        .map_err(ResultsError::io(folder))?;
    paths.sort();
    Ok(paths)
}
