//! One folder of records: `machine.json`, and what else is in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::{MACHINE, ResultsError};
use super::machine::Machine;
use super::{Record, files};
use crate::system::disk;

pub(super) fn write_machine(folder: &Path, machine: &Machine) -> Result<(), ResultsError> {
    let (path, json) = machine_file(folder, machine)?;
    disk::replace(&path, json).map_err(ResultsError::io(&path))
}

/// Writes a run into its folder, which is made if need be: all of its files or none, so that on a full disk an earlier run stays
/// whole. Returns the files.
pub(super) fn write_run(
    folder: &Path,
    machine: &Machine,
    records: &[Record],
) -> Result<Vec<PathBuf>, ResultsError> {
    let mut files = files::by_engine(folder, records)?;
    files.push(machine_file(folder, machine)?);
    write_all(folder, &files)?;
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// Writes these files of a folder, which is made if need be: all of them or none.
pub(super) fn write_all(folder: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<(), ResultsError> {
    fs::create_dir_all(folder).map_err(ResultsError::io(folder))?;
    disk::replace_all(files).map_err(|(path, error)| ResultsError::io(&path)(error))
}

/// The file that describes the machine, and what is to be in it.
pub(super) fn machine_file(folder: &Path, machine: &Machine) -> Result<(PathBuf, Vec<u8>), ResultsError> {
    let path = folder.join(MACHINE);
    let json = serde_json::to_string_pretty(machine).map_err(ResultsError::json(&path))?;
    Ok((path, (json + "\n").into_bytes()))
}

pub(super) fn read_machine(folder: &Path) -> Result<Machine, ResultsError> {
    let path = folder.join(MACHINE);
    let json = fs::read_to_string(&path).map_err(ResultsError::io(&path))?;
    serde_json::from_str(&json).map_err(ResultsError::json(&path))
}

/// The machine that is there already; none where the folder has no records yet.
///
/// # Errors
///
/// [`ResultsError`] when it cannot be read, is another than `this`, or there are records without it.
pub(super) fn earlier_machine(folder: &Path, this: &Machine) -> Result<Option<Machine>, ResultsError> {
    if !folder.join(MACHINE).is_file() {
        let has_records = folder.is_dir() && !files_with_extension(folder, "csv")?.is_empty();
        return if has_records {
            Err(ResultsError::NoMachine { folder: folder.to_owned() })
        } else {
            Ok(None)
        };
    }
    let machine = read_machine(folder)?;
    match machine.is_same_as(this) {
        true => Ok(Some(machine)),
        false => Err(ResultsError::OtherMachine { folder: folder.to_owned(), name: machine.name }),
    }
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
