//! `pool-lab measure`.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::error::CliError;
use super::optimised;
use super::patience::Patience;
use super::show;
use super::whole::whole;
use crate::command;
use crate::engine::{MAX_THREADS, Spec};
use crate::engines;
use crate::measure::{self, Observer};
use crate::metrics;
use crate::plan::{Group, Pace, Plan, curated};
use crate::record::machine::Machine;
use crate::record::{Earlier, Record, Store};
use crate::system::crash;
use crate::system::interrupt::{self, Interrupts};
use crate::system::progress::Progress;
use crate::system::terminal;
use crate::workload::Task;

/// More rounds than this are a slip of the finger: they take hours.
const MOST_ROUNDS: u64 = 10_000;

#[derive(Debug, Args)]
pub(super) struct Measure {
    /// Workloads: names, families or other beginnings, separated by commas (spawn/external,join)
    #[arg(short, long, default_value = "spawn/external")]
    workloads: String,
    /// Engines, separated by commas (stealing,bounded:2:capacity=64); by default all but those that take long for each job.
    /// One that is named twice is measured against itself
    #[arg(short, long)]
    pools: Option<String>,
    /// Thread counts, separated by commas, for engines that do not say their own; by default one a core
    #[arg(short, long, allow_negative_numbers = true)]
    threads: Option<String>,
    /// Samples of each engine
    #[arg(long, default_value_t = Pace::default().rounds, allow_negative_numbers = true, value_parser = whole::<usize>(1..=MOST_ROUNDS))]
    rounds: usize,
    /// Blocks over which these spread, each with pools of its own: what intervals come from; by default 5, or as many as there are
    /// samples
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>(1..=MOST_ROUNDS))]
    blocks: Option<usize>,
    #[command(flatten)]
    patience: Patience,
    /// Print one JSON object a line on standard output, and nothing else
    #[arg(long)]
    json: bool,
    /// Write the records of each engine into a CSV file in this directory, and the machine beside them, as each workload
    /// ends. What is measured takes the place of earlier records of the same engine, workload and thread count; all others
    /// stay. `report DIR` makes a report of them
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Do not measure again what is in the directory of --out already, if the same program measured it in the same way, and leave
    /// out engines that have crashed there
    #[arg(long, requires = "out")]
    resume: bool,
}

/// What a crash says without --out.
const NOTHING_KEPT: &str =
    "Nothing is kept without --out; with `--out DIR` each group is, and `--resume` then goes on without it";

/// Reads a list of thread counts.
pub(super) fn parse_threads(list: &str) -> Result<Vec<usize>, CliError> {
    let parse = |text: &str| match text.trim().parse() {
        Ok(threads @ 1..=MAX_THREADS) => Ok(threads),
        _ => Err(CliError::Threads(text.to_owned())),
    };
    list.split(',').map(parse).collect()
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
        Ok(Plan { engines, tasks: Task::parse_list(&self.workloads)?, threads })
    }

    fn pace(&self) -> Result<Pace, CliError> {
        let (rounds, default) = (self.rounds, Pace::default());
        if let Some(blocks) = self.blocks.filter(|blocks| *blocks > rounds) {
            return Err(CliError::Blocks { blocks, rounds });
        }
        let blocks = self.blocks.unwrap_or(default.blocks);
        Ok(Pace { rounds, blocks, patience: self.patience.time(), ..default })
    }

    /// What is measured together.
    pub(super) fn groups(&self) -> Result<Vec<Group>, CliError> {
        Ok(self.plan()?.groups())
    }
}

/// That there is an engine that can do one of the workloads.
fn has_something(groups: &[Group]) -> Result<(), CliError> {
    let pairs = || groups.iter().flat_map(|group| group.engines.iter().map(move |spec| (&group.task, spec)));
    let mut first = None;
    for (task, spec) in pairs() {
        let Some(why) = engines::lack(spec, task) else { return Ok(()) };
        first.get_or_insert_with(|| (format!("{task} on {spec}"), why));
    }
    let others = pairs().count().saturating_sub(1);
    first.map_or(Ok(()), |(what, why)| Err(CliError::NothingToMeasure { what, why, others }))
}

/// Measures, and prints or writes each group as it ends.
pub(super) fn run(arguments: &Measure) -> Result<ExitCode, CliError> {
    let pace = arguments.pace()?;
    let groups = arguments.groups()?;
    has_something(&groups)?;
    let Some(folder) = &arguments.out else {
        optimised::warn();
        crash::say_at_crash(NOTHING_KEPT);
        return measure(&groups, &pace, Printer::new(arguments.json, None));
    };
    let earlier = if arguments.resume { Earlier::Resume } else { Earlier::Keep };
    // The folder that the program is run in says which revision it is, if any does.
    let machine = Machine::describe(Path::new("."));
    let mut store = Store::open(folder, &machine, &groups, &pace, earlier).map_err(CliError::Out)?;
    store.at_crash_resume_with(&command::this_resumed());
    let missing = store.missing();
    if arguments.resume {
        let (done, of) = store.done();
        terminal::say(format_args!("{done} of {of} groups are in {} already", folder.display()));
    }
    if !missing.is_empty() {
        optimised::warn();
    }
    // Without a folder there is nothing to bring to an end.
    let interrupts = Interrupts::catch("Interrupted: the sample that runs is the last ...");
    let code = measure(&missing, &pace, Printer::new(arguments.json, Some(store)))?;
    interrupts.die_if_caught();
    Ok(code)
}

fn measure(groups: &[Group], pace: &Pace, mut printer: Printer) -> Result<ExitCode, CliError> {
    measure::measure(groups, pace, &mut printer);
    drop(printer.progress);
    printer.outcome?;
    if let Some(store) = printer.store.filter(|_| interrupt::is_caught()) {
        terminal::say(format_args!("interrupted: {}; to go on:", store.kept()));
        terminal::say_command(&command::this_resumed());
    }
    Ok(if printer.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Prints each group as soon as it is measured, and writes its records.
struct Printer {
    json: bool,
    store: Option<Store>,
    progress: Progress,
    outcome: Result<(), CliError>,
    /// Whether any engine failed.
    failed: bool,
}

impl Printer {
    fn new(json: bool, store: Option<Store>) -> Self {
        Printer { json, store, progress: Progress::new(None), outcome: Ok(()), failed: false }
    }

    fn print(&mut self, group: &Group, records: &[Record]) -> Result<(), CliError> {
        // First the file: when the reader of the output closes it, the program ends.
        if let Some(store) = &mut self.store {
            store.add(group, records)?;
        }
        let text = match self.json {
            true => records.iter().map(|record| record.to_json() + "\n").collect(),
            false => show::group(group, records, terminal::width()) + "\n",
        };
        self.progress.aside(|| io::stdout().write_all(text.as_bytes()))?;
        Ok(())
    }
}

impl Observer for Printer {
    fn begin(&mut self, number: usize, of: usize, group: &Group) {
        self.progress.begin(number, of, &format!("{group}: {}", group.labels().join(" ")));
    }

    fn block(&self, done: usize, of: usize) {
        self.progress.part(done, of);
    }

    fn runs(&self, group: &Group, engine: &str) {
        match &self.store {
            Some(store) => store.runs(group, engine),
            None => crash::runs(engine),
        }
    }

    fn known_failure(&self, group: &Group, engine: &str) -> Option<String> {
        self.store.as_ref()?.known_failure(group, engine)
    }

    fn end(&mut self, group: &Group, records: &[Record]) -> ControlFlow<()> {
        self.failed |= records.iter().any(|record| record.metric == &metrics::ERROR);
        self.outcome = self.print(group, records);
        if self.outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn is_stopped(&self) -> bool {
        interrupt::is_caught()
    }
}
