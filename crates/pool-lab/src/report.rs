//! Reports, made of records and nothing else.
//!
//! [`rebuild`] reads every machine's folder under `results/` and writes
//!
//! - `results/README.md`, for those who read on GitHub,
//! - `results/<machine>/plots/*.svg`, which it shows,
//! - `results/report.html`, the same in one file that opens from disk without a network, machines side by side.
//!
//! [`rebuild_one`] does the same for a folder of records elsewhere. [`update_readme`] writes a small table between two
//! [`markers`] of the repository's README, [`update_methodology`] one of engines into METHODOLOGY.md. The same records give
//! the same reports, byte for byte.

mod axis;
mod bars;
mod captions;
mod claims;
mod data;
mod error;
mod escape;
mod html;
#[cfg(test)]
mod invented;
mod machines;
mod markdown;
pub mod markers;
mod model;
mod prose;
mod ranking;
mod situations;
mod speedup;
mod statistics;
mod svg;
mod table;
mod tables;
mod view;

use std::fs;
use std::path::{Path, PathBuf};

use crate::engines;
use crate::record::ResultsError;
use crate::record::machine::Machine;
use crate::record::results::{self, Role, Run};
use crate::record::{self, Record};
use crate::system::disk;

use view::View;

pub use captions::{Caption, Captions};
pub use error::ReportError;
pub use statistics::{summary, write_statistics};

/// Saves a run beside those that are there ([`results::save`]), and rebuilds the reports. Returns the name of the
/// run's folder.
///
/// # Errors
///
/// [`ReportError::Results`] when something cannot be read or written, or a file of records is bad.
pub fn write(
    results: &Path,
    machine: &Machine,
    records: &[Record],
    role: Role,
    captions: &Captions,
) -> Result<String, ReportError> {
    let folder = results::save(results, machine, records, role)?;
    rebuild(results, captions)?;
    Ok(folder)
}

/// Reads all runs and writes all reports of the `results` folder. Returns the files written.
///
/// # Errors
///
/// [`ReportError::Results`] when something cannot be read or written, or a file of records is bad.
pub fn rebuild(results: &Path, captions: &Captions) -> Result<Vec<PathBuf>, ReportError> {
    let runs = results::load(results)?;
    let views: Vec<View> = runs.iter().map(|run| View::new(run, captions)).collect();
    let mut written = Vec::new();
    for view in &views {
        written.extend(write_plots(&results.join(&view.run.folder).join(view::PLOTS), view)?);
    }
    written.push(write_file(results.join("README.md"), &markdown::report(&views))?);
    written.push(write_file(results.join("report.html"), &html::report(&views))?);
    Ok(written)
}

/// Reads the run in one folder, such as `measure --out` writes, and writes the report of it there: `report.md`,
/// `report.html` and plots. Returns the files written.
///
/// # Errors
///
/// [`ReportError::Results`] when the folder holds no run, something cannot be read or written, or a file of records is bad.
pub fn rebuild_one(folder: &Path, captions: &Captions) -> Result<Vec<PathBuf>, ReportError> {
    let run = Run { path: ".".to_owned(), ..results::load_run(folder)? };
    let views = [View::new(&run, captions)];
    let mut written = write_plots(&folder.join(view::PLOTS), &views[0])?;
    written.push(write_file(folder.join("report.md"), &markdown::report(&views))?);
    written.push(write_file(folder.join("report.html"), &html::report(&views))?);
    Ok(written)
}

/// What the run in a folder of `results` says, in three sentences; and a fourth where the machine was too busy to decide.
///
/// # Errors
///
/// [`ReportError::Results`] when the folder holds no run, something cannot be read, or a file of records is bad.
pub fn ending(folder: &Path) -> Result<Vec<String>, ReportError> {
    let run = results::load_run(folder)?;
    Ok(prose::ending(&model::arrange(&claims::all_others(&run.records))))
}

/// Writes a machine's plots, and removes those of records that are gone.
fn write_plots(folder: &Path, view: &View) -> Result<Vec<PathBuf>, ResultsError> {
    fs::create_dir_all(folder).map_err(ResultsError::io(folder))?;
    for stale in record::files_with_extension(folder, "svg")? {
        fs::remove_file(&stale).map_err(ResultsError::io(&stale))?;
    }
    let files = view.plots().map(|figure| write_file(folder.join(&figure.file), &figure.plot.standalone()));
    files.collect()
}

fn write_file(path: PathBuf, text: &str) -> Result<PathBuf, ResultsError> {
    match disk::replace(&path, text) {
        Ok(()) => Ok(path),
        Err(error) => Err(ResultsError::io(&path)(error)),
    }
}

/// The small table for the repository's README, in Markdown: the `headline` workloads against all engines, each at its
/// highest thread count. A headline is a workload's name, and stands for all its variants, or
/// `name:variant`. One that was not measured is left out.
pub fn readme_table(run: &Run, headline: &[impl AsRef<str>]) -> String {
    let families = model::arrange(&run.records);
    let tasks: Vec<&model::Task> = headline
        .iter()
        .flat_map(|wanted| {
            families.iter().flat_map(|family| &family.tasks).filter(|b| b.answers_to(wanted.as_ref()))
        })
        .collect();
    if tasks.is_empty() {
        return "There are no records yet.\n".to_owned();
    }
    let machine = &run.machine;
    let threads = tasks.iter().map(|task| task.top().threads).max().unwrap_or_default();
    let mut facts = vec![machine.cpu.clone().unwrap_or_else(|| machine.architecture.clone())];
    facts.push(format!("{} core{}", machine.cores, if machine.cores == 1 { "" } else { "s" }));
    facts.extend(machine.os.clone());
    facts.extend(machine.rustc.as_ref().map(|rustc| format!("rustc {rustc}")));
    format!(
        "Time per operation (and ratio to the fastest pool), at most {threads} threads; **bold**: fastest, or \
         equal to it within 5 %; n=1: measured once, no verdict; n/a: cannot do it; -: not measured. Ratios are of blocks \
         that were measured side by side, and no quotients of these times. {}, {}.\n\n{}",
        escape::markdown(&facts.join(", ")),
        escape::markdown(&machine.date),
        tables::compact(&tasks).markdown(),
    )
}

/// Puts the [`readme_table`] of the reference machine, or of the first machine where none is named, between the
/// markers [`markers::RESULTS`] of a file.
///
/// # Errors
///
/// [`ReportError::Results`] when records or the file cannot be read or written; [`ReportError::Marker`] when the file
/// lacks the markers.
pub fn update_readme(readme: &Path, results: &Path, headline: &[impl AsRef<str>]) -> Result<(), ReportError> {
    let runs = results::load(results)?;
    let table = runs
        .iter()
        .find(|run| run.is_reference)
        .or_else(|| runs.iter().find(|run| run.unfinished.is_none()))
        .map_or_else(|| "There are no records yet.\n".to_owned(), |run| readme_table(run, headline));
    replace_between(readme, markers::RESULTS, &table)
}

/// The engines that are no pools, in Markdown: what each is, and what it leaves out.
pub fn no_pools() -> String {
    tables::no_pools(engines::rows().iter().map(|row| &row.engine)).markdown()
}

/// Puts [`no_pools`] between the markers [`markers::NO_POOLS`] of a file.
///
/// # Errors
///
/// [`ReportError`] when the file cannot be read or written, or lacks the markers.
pub fn update_methodology(file: &Path) -> Result<(), ReportError> {
    replace_between(file, markers::NO_POOLS, &no_pools())
}

fn replace_between(file: &Path, (begin, end): (&str, &str), body: &str) -> Result<(), ReportError> {
    let text = fs::read_to_string(file).map_err(ResultsError::io(file))?;
    let text = markers::replace(&text, begin, end, body)
        .map_err(|source| ReportError::Marker { path: file.to_owned(), source })?;
    write_file(file.to_owned(), &text)?;
    Ok(())
}

#[cfg(test)]
mod tests;
