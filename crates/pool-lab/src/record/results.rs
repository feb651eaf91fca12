//! The `results/` folder: whose records lie where.
//!
//! ```text
//! results/
//!   reference             the name of the committed machine's folder
//!   own                   the name of the folder of the user's own run, which is not committed
//!   <machine>/
//!     machine.json        the machine
//!     <engine>.csv        the records, one file an engine
//!     plots/              generated
//!   <machine>.unfinished/ a run that goes on, or was cut off ([`Store`](super::Store))
//!   README.md             generated, as is report.html
//! ```
//!
//! A user's own run replaces no run but the user's earlier one: where the folder of its name is another run's, it gets a
//! number ([`folder_for`]). While it goes on its records are in a folder apart.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Record;
use super::claims::CLAIMS;
use super::error::{MACHINE, ResultsError};
use super::files;
use super::folder::{entries, files_with_extension, read_machine, write_run};
use super::machine::{self, Machine};
use super::progress::Progress;
use crate::system::disk;

const REFERENCE: &str = "reference";
const OWN: &str = "own";

/// What the folder of a run that has not ended has at the end of its name.
const UNFINISHED: &str = ".unfinished";

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
    /// Where the folder is, seen from the report.
    pub path: String,
    /// Whether this is the reference machine.
    pub is_reference: bool,
    /// Whether this is the run of the one who reads the report.
    pub is_own: bool,
    /// Of a run that was cut off: how many groups are complete, of how many.
    pub unfinished: Option<(usize, usize)>,
    /// The machine.
    pub machine: Machine,
    /// The records, in the order of file names and lines.
    pub records: Vec<Record>,
}

/// The folder (its name within `results`) that a run of this machine goes to.
///
/// It is the machine's name for the reference. A user's own run goes where the user's earlier run on this machine is,
/// which it replaces; else to the first of `<name>`, `<name>-2`, `<name>-3` ... that is free. A folder of which git tracks
/// anything, also one that was removed or is not finished, is never free, and replaced by the reference only.
///
/// # Errors
///
/// [`ResultsError::Io`] when `reference` or `own` exist and cannot be read.
pub fn folder_for(results: &Path, machine: &Machine, role: Role) -> Result<String, ResultsError> {
    if role == Role::Reference {
        return Ok(machine.name.clone());
    }
    let (reference, own) = (reference(results)?, own(results)?);
    let is_here = |own: &String| read_machine(&results.join(own)).is_ok_and(|own| own.is_same_as(machine));
    let is_tracked = |name: &str| machine::is_tracked(results, &[name, &format!("{name}{UNFINISHED}")]);
    if let Some(own) = own.filter(is_here).filter(|own| !is_tracked(own)) {
        return Ok(own);
    }
    let numbered = (2..).map(|number| format!("{}-{number}", machine.name));
    let mut names = std::iter::once(machine.name.clone()).chain(numbered);
    let is_free =
        |name: &String| reference.as_ref() != Some(name) && !results.join(name).exists() && !is_tracked(name);
    Ok(names.find(is_free).expect("there are more numbers than folders"))
}

/// The folder of a run that will be in the folder `name` when it has ended.
pub fn unfinished(results: &Path, name: &str) -> PathBuf {
    results.join(format!("{name}{UNFINISHED}"))
}

/// How many groups of an unfinished run are complete, of how many; `None` when there is no such run.
pub fn unfinished_groups(results: &Path, name: &str) -> Option<(usize, usize)> {
    let progress = Progress::read(&unfinished(results, name)).ok().flatten();
    progress.map(|progress| (progress.done.len(), progress.planned))
}

/// The name of the reference machine's folder, if one was ever chosen.
///
/// # Errors
///
/// [`ResultsError::Io`] when the `reference` file exists and cannot be read.
pub fn reference(results: &Path) -> Result<Option<String>, ResultsError> {
    named_in(&results.join(REFERENCE))
}

/// The name of the folder of the user's own run, if there is one. The reference is no user's own run.
fn own(results: &Path) -> Result<Option<String>, ResultsError> {
    let reference = reference(results)?;
    Ok(named_in(&results.join(OWN))?.filter(|own| reference.as_ref() != Some(own)))
}

/// The name that is all of a small file's text; `None` where there is no file.
fn named_in(path: &Path) -> Result<Option<String>, ResultsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|name| !name.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ResultsError::io(path)(error)),
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
    let written = write_run(&folder, machine, records)?;
    for stale in files_with_extension(&folder, "csv")?.into_iter() {
        // Claims are measured apart.
        if written.contains(&stale) || stale.ends_with(CLAIMS) {
            continue;
        }
        fs::remove_file(&stale).map_err(ResultsError::io(&stale))?;
    }
    let path = results.join(if role == Role::Reference { REFERENCE } else { OWN });
    disk::replace(&path, format!("{name}\n")).map_err(ResultsError::io(&path))?;
    Ok(name)
}

/// Reads every machine's run: the user's own first, then the reference, the others by name. A folder without `machine.json`
/// is not a run and is left alone.
///
/// # Errors
///
/// [`ResultsError`] when a file cannot be read, is not what it should be, or when `reference` names no run.
pub fn load(results: &Path) -> Result<Vec<Run>, ResultsError> {
    let (reference, own) = (reference(results)?, own(results)?);
    let mut runs = Vec::new();
    for folder in entries(results)? {
        if folder.join(MACHINE).is_file() {
            let run = load_run(&folder)?;
            runs.push(Run {
                is_reference: reference.as_ref() == Some(&run.folder),
                is_own: own.as_ref() == Some(&run.folder),
                ..run
            });
        }
    }
    if let Some(name) = reference.filter(|_| !runs.iter().any(|run| run.is_reference)) {
        return Err(ResultsError::NoReference { path: results.join(REFERENCE), name });
    }
    // The sort is stable, and entries come by name. A run that was cut off is the user's latest.
    runs.sort_by_key(|run| (run.unfinished.is_none(), !run.is_own, !run.is_reference));
    Ok(runs)
}

/// Reads the run in one folder, of which the folder alone says nothing but the machine.
///
/// # Errors
///
/// [`ResultsError`] when a file cannot be read or is not what it should be.
pub fn load_run(folder: &Path) -> Result<Run, ResultsError> {
    if !folder.join(MACHINE).is_file() {
        return Err(ResultsError::NoRecords { folder: folder.to_owned() });
    }
    let machine = read_machine(folder)?;
    let name =
        folder.file_name().map_or_else(|| machine.name.clone(), |name| name.to_string_lossy().into_owned());
    let mut records = Vec::new();
    for file in files_with_extension(folder, "csv")? {
        records.extend(files::read_csv(&file)?);
    }
    let progress = if name.ends_with(UNFINISHED) { Some(Progress::read(folder)?) } else { None };
    let unfinished = progress.map(Option::unwrap_or_default);
    let unfinished = unfinished.map(|progress| (progress.done.len(), progress.planned));
    Ok(Run {
        path: name.clone(),
        folder: name,
        is_reference: false,
        is_own: false,
        unfinished,
        machine,
        records,
    })
}

#[cfg(test)]
mod tests;
