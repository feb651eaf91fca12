//! The `results/` folder: whose records lie where.
//!
//! ```text
//! results/
//!   reference          the name of the committed machine's folder
//!   <machine>/
//!     machine.json     the machine
//!     <engine>.csv     the records, one file an engine
//!     plots/           generated
//!   README.md          generated, as is report.html
//! ```
//!
//! A user's own run never overwrites the reference: where both would have the same folder, the user's gets a
//! number ([`folder_for`]).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::machine::Machine;
use crate::record::{self, Record, RecordError};

const REFERENCE: &str = "reference";
const MACHINE: &str = "machine.json";

/// What a run is measured for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A user's own run, which lies beside the reference.
    Own,
    /// The run that the repository commits, and that its README quotes.
    Reference,
}

/// One machine's records.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The folder's name within `results/`.
    pub folder: String,
    /// Whether this is the reference machine.
    pub is_reference: bool,
    /// The machine.
    pub machine: Machine,
    /// The records, in the order of file names and lines.
    pub records: Vec<Record>,
}

/// What can be wrong with a results folder.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// A file of records.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Another file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `machine.json` does not describe a machine.
    #[error("{}: {source}", path.display())]
    Machine {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// `reference` names something that is no folder of records.
    #[error("{} names `{name}`, which is not a folder of records beside it", path.display())]
    NoReference {
        /// The file.
        path: PathBuf,
        /// What it says.
        name: String,
    },
}

impl ResultsError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> ResultsError {
        let path = path.to_owned();
        move |source| ResultsError::Io { path, source }
    }
}

/// The folder (its name within `results`) that a run of this machine goes to.
///
/// It is the machine's name, unless that is the reference's folder and this is a user's own run: then the name
/// has `-2` at its end. A user's later run replaces the user's earlier one.
///
/// # Errors
///
/// [`ResultsError::Io`] when the `reference` file exists and cannot be read.
pub fn folder_for(results: &Path, machine: &Machine, role: Role) -> Result<String, ResultsError> {
    let reference = reference(results)?;
    match role {
        Role::Own if reference.as_deref() == Some(&machine.name) => Ok(format!("{}-2", machine.name)),
        _ => Ok(machine.name.clone()),
    }
}

/// The name of the reference machine's folder, if one was ever chosen.
///
/// # Errors
///
/// [`ResultsError::Io`] when the `reference` file exists and cannot be read.
pub fn reference(results: &Path) -> Result<Option<String>, ResultsError> {
    let path = results.join(REFERENCE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|name| !name.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ResultsError::io(&path)(error)),
    }
}

/// Writes a run's records and machine into its folder, whose name it returns. Records of an earlier run there
/// are replaced, all of them: numbers of two runs cannot be compared engine by engine.
///
/// # Errors
///
/// [`ResultsError`] when something cannot be written.
pub fn save(
    results: &Path,
    machine: &Machine,
    records: &[Record],
    role: Role,
) -> Result<String, ResultsError> {
    let name = folder_for(results, machine, role)?;
    let folder = results.join(&name);
    fs::create_dir_all(&folder).map_err(ResultsError::io(&folder))?;
    for stale in files_with_extension(&folder, "csv")? {
        fs::remove_file(&stale).map_err(ResultsError::io(&stale))?;
    }
    record::write_by_engine(&folder, records)?;
    let path = folder.join(MACHINE);
    let json = serde_json::to_string_pretty(machine)
        .map_err(|source| ResultsError::Machine { path: path.clone(), source })?;
    fs::write(&path, json + "\n").map_err(ResultsError::io(&path))?;
    if role == Role::Reference {
        let path = results.join(REFERENCE);
        fs::write(&path, format!("{name}\n")).map_err(ResultsError::io(&path))?;
    }
    Ok(name)
}

/// Reads every machine's run: the reference first, the others by name. A folder without `machine.json` is not a
/// run and is left alone.
///
/// # Errors
///
/// [`ResultsError`] when a file cannot be read, is not what it should be, or when `reference` names no run.
pub fn load(results: &Path) -> Result<Vec<Run>, ResultsError> {
    let reference = reference(results)?;
    let mut runs = Vec::new();
    for folder in entries(results)? {
        if folder.join(MACHINE).is_file() {
            runs.push(load_run(&folder, reference.as_deref())?);
        }
    }
    if let Some(name) = reference.filter(|_| !runs.iter().any(|run| run.is_reference)) {
        return Err(ResultsError::NoReference { path: results.join(REFERENCE), name });
    }
    // The sort is stable, and entries come by name.
    runs.sort_by_key(|run| !run.is_reference);
    Ok(runs)
}

fn load_run(folder: &Path, reference: Option<&str>) -> Result<Run, ResultsError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let path = folder.join(MACHINE);
    let json = fs::read_to_string(&path).map_err(ResultsError::io(&path))?;
    let machine = serde_json::from_str(&json).map_err(|source| ResultsError::Machine { path, source })?;
    let mut records = Vec::new();
    for file in files_with_extension(folder, "csv")? {
        records.extend(record::read_csv(&file)?);
    }
    Ok(Run { is_reference: reference == Some(&name), folder: name, machine, records })
}

/// The files of a folder that have this extension, by name.
pub(crate) fn files_with_extension(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, ResultsError> {
    let mut files = entries(folder)?;
    files.retain(|path| path.extension().is_some_and(|e| e == extension) && path.is_file());
    Ok(files)
}

/// What a folder holds, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ResultsError> {
    let mut paths = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect::<io::Result<Vec<_>>>())
        .map_err(ResultsError::io(folder))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
