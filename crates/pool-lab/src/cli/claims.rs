//! `pool-lab claims`: what everyone repeats, measured.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::error::CliError;
use super::optimised;
use super::patience::Patience;
use crate::claim::{self, Claim};
use crate::claims;
use crate::record::machine::Machine;
use crate::record::{Record, ResultsError, keep_claims};
use crate::system::disk;
use crate::system::progress::Progress;
use crate::system::terminal::{self, wrap};

#[derive(Debug, Args)]
pub(super) struct Claims {
    /// Show what claims there are, and measure nothing
    #[arg(long)]
    list: bool,
    /// Measure only these, by name, separated by commas
    #[arg(long, value_name = "NAMES")]
    only: Option<String>,
    /// Write the records of each claim into claims.csv in this directory as it ends, and the machine beside it. Those of other
    /// claims stay. With a machine's folder in results/, `report` shows them
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Small inputs, to see that everything works; the figures mean nothing
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    patience: Patience,
}

/// Measures the claims one after the other, and prints a sentence of each as it ends. One that fails or hangs has a line that says
/// so, and the others are measured all the same.
pub(super) fn run(arguments: &Claims) -> Result<ExitCode, CliError> {
    let chosen = chosen(arguments.only.as_deref())?;
    let mut out = io::stdout();
    if arguments.list {
        let line = |claim: &&Claim| {
            let name = format!("{:<20} ", claim.name);
            wrap(claim.says, terminal::width(), &name, "    ")
        };
        out.write_all(chosen.iter().map(line).collect::<String>().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let machine = arguments.out.as_ref().map(|folder| (folder, Machine::describe(Path::new("."))));
    let keep = |records: &[Record]| match &machine {
        Some((folder, machine)) => keep_claims(folder, machine, records).map_err(CliError::Out),
        None => Ok(()),
    };
    // Whether they can be written is found out first.
    if let Some(folder) = &arguments.out {
        disk::check_writable(folder).map_err(ResultsError::io(folder)).map_err(CliError::Out)?;
    }
    keep(&[])?;
    if !arguments.quick {
        optimised::warn();
    }
    let (progress, of, width) = (Progress::new(None), chosen.len(), terminal::width());
    let mut failed = false;
    for (done, claim) in chosen.into_iter().enumerate() {
        progress.at(done + 1, of, claim.name);
        let figures = match claim::measure(claim, arguments.quick, arguments.patience.time()) {
            Ok(figures) => figures,
            Err(error) => {
                failed = true;
                terminal::say(format_args!("{}: ERROR: {error}", claim.name));
                continue;
            }
        };
        for line in &figures.skipped {
            terminal::say(format_args!("{}: skipped: {line}", claim.name));
        }
        keep(&figures.records)?;
        progress.aside(|| out.write_all(answer(claim, &figures.records, width).as_bytes()))?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(test)]
impl Claims {
    /// The names of those that are chosen.
    pub(super) fn names(&self) -> Result<Vec<&'static str>, CliError> {
        Ok(chosen(self.only.as_deref())?.iter().map(|claim| claim.name).collect())
    }
}

fn answer(claim: &Claim, records: &[Record], width: Option<usize>) -> String {
    let answers = claims::answers(records);
    let sentence = answers.first().map_or("this system does not tell.", |answer| answer.sentence.as_str());
    let under = |title: &str, text: &str| wrap(text, width, title, "            ");
    format!("{}\n{}{}", claim.name, under("  said:     ", claim.says), under("  measured: ", sentence))
}

fn chosen(only: Option<&str>) -> Result<Vec<&'static Claim>, CliError> {
    let Some(names) = only else { return Ok(claims::ALL.to_vec()) };
    let find = |name: &str| {
        let unknown = || CliError::Claim { name: name.trim().to_owned(), known: claims::names() };
        claims::find(name.trim()).ok_or_else(unknown)
    };
    names.split(',').map(find).collect()
}
