//! The command line, a file for each command.

mod advise;
pub mod bench;
mod claims;
mod compare;
mod counted;
pub mod demo;
mod diff;
mod error;
mod list;
mod measure;
mod observed;
mod optimised;
mod pack;
mod patience;
mod report;
mod run;
mod show;
mod top;
mod trace;
mod usage;
mod verify;
mod whole;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::advise::Advise;
use self::claims::Claims;
use self::demo::DemoError;
use self::diff::Diff;
use self::error::CliError;
use self::measure::Measure;
use self::run::Run;
use self::top::Top;
use self::trace::Trace;
use self::usage::BAD_INPUT;
use self::verify::Verify;
use crate::names;
use crate::system::{interrupt, terminal};
use crate::{engines, workloads};

/// The pool of the demonstration.
const DEMO_POOL: &str = "mpsc:4";

/// Thread pools, and what the differences between them cost.
#[derive(Debug, Parser)]
#[command(name = "pool-lab", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what a pool does (this is also what no command does)
    Demo {
        /// The pool, as name[:threads][:option=value]...
        #[arg(short, long, default_value = DEMO_POOL)]
        pool: String,
    },
    /// Show what engines and workloads there are, with their options
    List,
    /// Measure engines against each other, in interleaved rounds
    Measure(Measure),
    /// Measure what everyone repeats about threads and pools, with a sentence of result for each claim
    Claims(Claims),
    /// Put the statistics to the test, by differences that are known
    Verify(Verify),
    /// Run one workload once on one engine, unmeasured, for a profiler; print how many operations it has
    Run(Run),
    /// Write what happens in a pool while a workload runs on it, as a file for ui.perfetto.dev
    Trace(Trace),
    /// Watch a pool at work: its workers, queue, rates and latencies, in the terminal
    Top(Top),
    /// Run a load on a pool, and say how many threads it should have
    Advise(Advise),
    /// Print what benches/instructions.sh counts
    #[command(hide = true)]
    Counted,
    /// Rebuild the reports in results/ and the tables in README.md and METHODOLOGY.md from the records there
    Report {
        /// The repository's folder, in which results/ lies; or a folder that `measure --out` wrote
        #[arg(default_value = ".")]
        root: PathBuf,
    },
    /// Pack the run in a folder into one file, to be sent
    Pack {
        /// A folder of results/, or one that `measure --out` wrote
        folder: PathBuf,
        /// The file; by default it has the machine's name
        #[arg(short, long)]
        out: Option<PathBuf>,
    },
    /// Add the machine of a packed run to results/, and rebuild the reports
    Merge {
        /// The file that `pack` wrote
        file: PathBuf,
        /// The repository's folder
        #[arg(default_value = ".")]
        root: PathBuf,
    },
    /// Compare two folders of records, or two programs in the same rounds; exit code 1 when the new is slower beyond noise
    Diff(Diff),
    /// Show the engines' ratios to the best, a column for each folder of records
    Cmp {
        /// Folders of records
        #[arg(required = true)]
        folders: Vec<PathBuf>,
    },
    /// Show the engines of a folder of records in order
    Rank {
        /// The folder
        folder: PathBuf,
    },
}

/// Runs the program with these arguments, the first of which is its name.
///
/// The exit code is 0 when all went well, 2 for bad input, 1 for everything else, such as an engine that gave a
/// wrong answer. A closed pipe and an interrupt end the process by their signal.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    interrupt::die_at_closed_pipes();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(program) = arguments.first() {
        names::started_as(program);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error, &Cli::command()),
    };
    let outcome = match cli.command {
        None => demo(DEMO_POOL),
        Some(Command::Demo { pool }) => demo(&pool),
        Some(Command::List) => list::run(),
        Some(Command::Measure(arguments)) => measure::run(&arguments),
        Some(Command::Claims(arguments)) => claims::run(&arguments),
        Some(Command::Verify(arguments)) => verify::run(&arguments),
        Some(Command::Run(arguments)) => run::run(&arguments),
        Some(Command::Trace(arguments)) => trace::run(&arguments),
        Some(Command::Top(arguments)) => top::run(&arguments),
        Some(Command::Advise(arguments)) => advise::run(&arguments),
        Some(Command::Counted) => counted::run(),
        Some(Command::Report { root }) => report::run(&root),
        Some(Command::Pack { folder, out }) => pack::pack(&folder, out),
        Some(Command::Merge { file, root }) => pack::merge(&file, &root),
        Some(Command::Diff(arguments)) => diff::run(&arguments),
        Some(Command::Cmp { folders }) => compare::cmp(&folders),
        Some(Command::Rank { folder }) => compare::rank(&folder),
    };
    match outcome {
        Ok(code) => code,
        // Where there are no signals: the reader of our output has closed it.
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            terminal::say(format_args!("{}: {error}", names::program()));
            if error.is_bad_input() { ExitCode::from(BAD_INPUT) } else { ExitCode::FAILURE }
        }
    }
}

/// The whole program, `pool-lab` with more in its tables: the `main` of a crate that brings engines and workloads of its own.
///
/// They stand in lists, measurements and reports under their names, beside all others. The exit code is that of [`run`].
///
/// # Examples
///
/// `crates/pool-lab/bring-your-own` is a crate with a strategy, an engine and a workload of its own, to be copied; its README says how.
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     pool_lab::run_with(vec![], vec![])
/// }
/// ```
pub fn run_with(engines: Vec<engines::Row>, workloads: Vec<workloads::Row>) -> ExitCode {
    if let Some(program) = std::env::args_os().next() {
        names::started_as(&program);
    }
    match engines::add(engines).and_then(|()| workloads::add(workloads)) {
        Ok(()) => run(std::env::args_os()),
        Err(error) => {
            terminal::say(format_args!("{}: {error}", names::program()));
            ExitCode::from(BAD_INPUT)
        }
    }
}

fn demo(pool: &str) -> Result<ExitCode, CliError> {
    match demo::run(&pool.parse()?, &mut io::stdout()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(DemoError::Spec(error)) => Err(error.into()),
        Err(DemoError::Output(error)) => Err(error.into()),
        Err(error) => Err(CliError::Demo(error)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command as Process;

    use super::*;
    use crate::command::command_of;
    use crate::record::{Record, Subject};

    /// What a shell makes of a command: the program's arguments, as the program would have them.
    fn arguments(command: &str) -> Vec<String> {
        let (_, arguments) = command.split_once(" -- ").unwrap();
        let script = format!("for word in pool-lab {arguments}; do printf '%s\\n' \"$word\"; done");
        let output = Process::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{command}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    fn parsed(record: &Record) -> Command {
        let arguments = arguments(&command_of(record));
        let cli = Cli::try_parse_from(&arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        cli.command.unwrap()
    }

    #[test]
    fn the_command_beside_a_cell_measures_that_cell() {
        for (workload, variant, engine) in [
            ("spawn/external", "", "stealing"),
            ("latency/ping", "gap=200us", "rayon"),
            ("join/tree-sum", "nodes=1000:seed=7", "bounded:capacity=64:overflow=reject"),
            ("app/hash-tree", "dir=/home/me/it's my $HOME; #1", "mpsc:batch=32"),
            ("load/poisson", "at=120", "bounded:overflow=timeout-5ms"),
        ] {
            for label in [engine.to_owned(), format!("{engine}#2")] {
                let record = Subject::new(workload, variant, &label, "1.0", 3).error("lost a job");
                let Command::Measure(measure) = parsed(&record) else { panic!("{record:?}") };
                let groups = measure.groups().unwrap();
                let [group] = &groups[..] else { panic!("{groups:?}") };
                let found = (group.task.about.name, group.task.variant(), group.threads, group.labels());
                assert_eq!(found, (workload, variant.to_owned(), 3, vec![engine.to_owned()]));
            }
        }
    }

    #[test]
    fn the_command_of_a_claim_measures_the_claim() {
        let record = Subject::new("claim/thread-cost", "time to start", "std", "", 1).error("it failed");
        let Command::Claims(claims) = parsed(&record) else { panic!("{record:?}") };
        assert_eq!(claims.names().unwrap(), ["thread-cost"]);
    }
}
