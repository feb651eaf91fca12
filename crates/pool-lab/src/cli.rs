//! The command line: `pool-lab demo | list | measure | run | report`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::contender::{self, NoContender};
use crate::curated;
use crate::demo::{self, DemoError};
use crate::measure::{Group, Observer, Pace, Plan, measure};
use crate::record::{self, Metric, Record, RecordError};
use crate::report::ReportError;
use crate::show;
use crate::spec::{MAX_THREADS, Spec, SpecError};
use crate::watch::Watch;
use crate::workload::{Task, TaskError};

/// The pool of the demonstration.
const DEMO_POOL: &str = "mpsc:4";

/// The exit code of bad input.
const BAD_INPUT: u8 = 2;

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
    /// Run one workload once on one engine, unmeasured, for a profiler; print how many operations it has
    Run {
        /// The workload with its parameters (join/fib:n=20)
        #[arg(short, long)]
        workload: String,
        /// The engine (stealing:1)
        #[arg(short, long)]
        pool: String,
    },
    /// Rebuild the reports in results/, and the table in README.md, from the records there
    Report {
        /// The repository's folder, in which results/ lies
        #[arg(default_value = ".")]
        root: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Measure {
    /// Workloads: names, families or other beginnings, separated by commas (spawn/external,join)
    #[arg(short, long, default_value = "spawn/external")]
    workloads: String,
    /// Engines, separated by commas (stealing,bounded:2:capacity=64); by default all but thread-per-job
    #[arg(short, long)]
    pools: Option<String>,
    /// Thread counts, separated by commas, for engines that do not say their own; by default one a core
    #[arg(short, long)]
    threads: Option<String>,
    /// Samples of each engine
    #[arg(long, default_value_t = Pace::default().rounds)]
    rounds: usize,
    /// Print one JSON object a line on standard output, and nothing else
    #[arg(long)]
    json: bool,
    /// Write the records of each engine into a CSV file in this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Everything that ends the program early, in one line.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error("the thread count must be a whole number from 1 to {MAX_THREADS}, not `{0}`")]
    Threads(String),
    #[error("the number of rounds must be at least 1")]
    NoRounds,
    #[error("{what}: {source}")]
    Run { what: String, source: Box<NoContender> },
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Demo(DemoError),
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    fn is_bad_input(&self) -> bool {
        match self {
            CliError::Spec(SpecError::Build { .. }) => false,
            CliError::Spec(_) | CliError::Task(_) | CliError::Threads(_) | CliError::NoRounds => true,
            CliError::Run { source, .. } => matches!(**source, NoContender::Unsupported(_)),
            CliError::Record(_) | CliError::Report(_) | CliError::Demo(_) | CliError::Output(_) => false,
        }
    }
}

/// Runs the program with these arguments, the first of which is its name.
///
/// The exit code is 0 when all went well, 2 for bad input, 1 for everything else, such as an engine that gave a
/// wrong answer.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let outcome = match cli.command {
        None => run_demo(DEMO_POOL),
        Some(Command::Demo { pool }) => run_demo(&pool),
        Some(Command::List) => list(),
        Some(Command::Measure(arguments)) => run_measure(&arguments),
        Some(Command::Run { workload, pool }) => run_once(&workload, &pool),
        Some(Command::Report { root }) => run_report(&root),
    };
    match outcome {
        Ok(code) => code,
        // Whoever read our output has seen enough: `pool-lab list | head`.
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pool-lab: {error}");
            if error.is_bad_input() { ExitCode::from(BAD_INPUT) } else { ExitCode::FAILURE }
        }
    }
}

/// What clap has to say: help in full, a mistake in one line.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Help that nobody reads any more is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    let hint = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let command = Cli::command();
            let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            format!("known: {}", known.join(", "))
        }
        _ => "see --help".to_owned(),
    };
    eprintln!("pool-lab: {}; {hint}", first.trim_start_matches("error: "));
    ExitCode::from(BAD_INPUT)
}

fn run_demo(pool: &str) -> Result<ExitCode, CliError> {
    match demo::run(&pool.parse()?, &mut io::stdout()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(DemoError::Spec(error)) => Err(error.into()),
        Err(DemoError::Output(error)) => Err(error.into()),
        Err(error) => Err(CliError::Demo(error)),
    }
}

fn list() -> Result<ExitCode, CliError> {
    io::stdout().write_all(show::lists().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn run_report(root: &Path) -> Result<ExitCode, CliError> {
    for file in curated::rebuild(root)? {
        writeln!(io::stdout(), "{}", file.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_once(workload: &str, pool: &str) -> Result<ExitCode, CliError> {
    let (task, spec): (Task, Spec) = (workload.parse()?, pool.parse()?);
    let run = || {
        let mut contender = contender::contender(&spec, task.about, &task.parameters)?;
        contender.iterate(&mut Watch::new())?;
        Ok(contender.operations())
    };
    let what = format!("{task} on {spec}");
    let operations = run().map_err(|source| CliError::Run { what, source: Box::new(source) })?;
    writeln!(io::stdout(), "{operations}")?;
    Ok(ExitCode::SUCCESS)
}

fn run_measure(arguments: &Measure) -> Result<ExitCode, CliError> {
    let (plan, pace) = (arguments.plan()?, Pace { rounds: arguments.rounds, ..Pace::default() });
    let mut printer = Printer::new(arguments.json, arguments.out.clone());
    measure(&plan.groups(), &pace, &mut printer);
    printer.outcome?;
    Ok(if printer.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Measure {
    fn plan(&self) -> Result<Plan, CliError> {
        let engines = match &self.pools {
            Some(list) => Spec::parse_list(list)?,
            None => curated::engines(),
        };
        let threads = match &self.threads {
            Some(list) => parse_threads(list)?,
            None => vec![num_cpus::get()],
        };
        let tasks = Task::parse_list(&self.workloads)?;
        if self.rounds == 0 {
            return Err(CliError::NoRounds);
        }
        Ok(Plan { engines, tasks, threads })
    }
}

fn parse_threads(list: &str) -> Result<Vec<usize>, CliError> {
    let parse = |text: &str| match text.trim().parse() {
        Ok(threads @ 1..=MAX_THREADS) => Ok(threads),
        _ => Err(CliError::Threads(text.to_owned())),
    };
    list.split(',').map(parse).collect()
}

/// Prints each group as soon as it is measured, and writes all records so far, so that an engine that hangs later takes
/// nothing along.
struct Printer {
    json: bool,
    directory: Option<PathBuf>,
    records: Vec<Record>,
    outcome: Result<(), CliError>,
    /// Whether any engine failed.
    failed: bool,
}

impl Printer {
    fn new(json: bool, directory: Option<PathBuf>) -> Self {
        Printer { json, directory, records: Vec::new(), outcome: Ok(()), failed: false }
    }

    fn print(&self, group: &Group, records: &[Record]) -> Result<(), CliError> {
        let text = match self.json {
            true => records.iter().map(|record| record.to_json() + "\n").collect(),
            false => show::group(group, records) + "\n",
        };
        io::stdout().write_all(text.as_bytes())?;
        if let Some(directory) = &self.directory {
            record::write_by_engine(directory, &self.records)?;
        }
        Ok(())
    }
}

impl Observer for Printer {
    fn begin(&mut self, number: usize, of: usize, group: &Group) {
        let engines: Vec<String> = group.engines.iter().map(Spec::label).collect();
        eprintln!("[{number}/{of}] {group}: {}", engines.join(" "));
    }

    fn end(&mut self, group: &Group, records: &[Record]) {
        self.failed |= records.iter().any(|record| record.metric == Metric::Error);
        self.records.extend_from_slice(records);
        if self.outcome.is_ok() {
            self.outcome = self.print(group, records);
        }
    }
}
