//! `pool-lab trace`: what happens in a pool while a workload runs on it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::error::CliError;
use super::observed;
use super::whole::whole;
use crate::engine::{Need, Spec};
use crate::engines;
use crate::numbers::{stats, units};
use crate::trace::perfetto;
use crate::trace::recorder::Recorder;
use crate::trace::recording::Recording;
use crate::workload::{Case, Failure, Task, Watch};
use crate::workloads;

/// The workload runs so often with the recorder, and as often without.
const FEWEST_RUNS: usize = 3;
const MOST_RUNS: usize = 25;

/// Threads that submit, and workers of pools that the workload itself starts.
const OTHER_THREADS: usize = 64;

/// Not more often once this has passed.
const LONG_ENOUGH: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct Trace {
    /// The workload with its parameters (spawn/external:jobs=1000). Those that are not given are small, so that a trace can be
    /// looked at; workloads of joins have their defaults
    #[arg(short, long)]
    workload: String,
    /// The pool (stealing:2, rayon:2). Ours tell what their threads do: jobs, steals, sleeps, wake-ups, queue. Of any other pool that
    /// runs here there are its jobs, submissions and those halves of joins that another thread runs, taken by closures around them
    #[arg(short, long)]
    pool: String,
    /// The thread count, if the pool does not say its own; by default one a core
    #[arg(short, long, allow_negative_numbers = true)]
    threads: Option<String>,
    /// The file
    #[arg(short, long, default_value = "trace.pftrace")]
    out: PathBuf,
    /// Events that are kept of each thread; threads are the pool's and the first 64 others
    #[arg(long, default_value_t = 65_536, value_name = "EVENTS", allow_negative_numbers = true, value_parser = whole::<u32>(16..=1_000_000))]
    buffer: u32,
}

/// Runs the workload some times with and without a recorder, and writes what happened the last time.
pub(super) fn run(arguments: &Trace) -> Result<ExitCode, CliError> {
    let task = sized_down(observed::task(&arguments.workload)?);
    let spec = observed::watched_spec(&arguments.pool, arguments.threads.as_deref())?;
    let title = format!("{task} on {spec}");
    let recorder = Arc::new(Recorder::new(spec.threads() + OTHER_THREADS, arguments.buffer as usize));
    let failed = |source| CliError::Run { what: title.clone(), source: Box::new(source) };
    let build = |spec: &Spec| engines::case(spec, &task).map_err(failed);
    let mut cases = [build(&spec)?, build(&spec.with_watcher(recorder.clone()))?];
    let path = &arguments.out;
    let file = File::create(path).map_err(|source| CliError::File { path: path.clone(), source })?;
    let runs = compare(&mut cases, &recorder).map_err(|failure| failed(failure.into()))?;
    perfetto::write(&runs.recording, &title, &mut BufWriter::new(file))
        .map_err(|source| CliError::Written { path: path.clone(), source })?;
    let text = report(&arguments.out, &title, task.about.operation, &runs);
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Joins are no events, but for those that are stolen, so a workload of joins is as large as others measure it.
fn sized_down(task: Task) -> Task {
    let needs = workloads::find(task.about.name).map(|row| row.needs);
    if matches!(needs, Some(Need::Joins | Need::IsPool)) { task } else { task.sized_down() }
}

/// What the runs have come to.
struct Runs {
    /// Nanoseconds an operation, without a recorder and with it.
    plain: Vec<f64>,
    traced: Vec<f64>,
    /// The last run with it.
    recording: Recording,
}

/// Runs both in turn.
fn compare([plain, traced]: &mut [Box<dyn Case>; 2], recorder: &Recorder) -> Result<Runs, Failure> {
    let mut runs = Runs { plain: Vec::new(), traced: Vec::new(), recording: Recording::default() };
    // The first run of either warms it up.
    time(plain)?;
    time(traced)?;
    let start = Instant::now();
    while runs.plain.len() < FEWEST_RUNS || runs.plain.len() < MOST_RUNS && start.elapsed() < LONG_ENOUGH {
        runs.plain.push(time(plain)?);
        recorder.begin();
        runs.traced.push(time(traced)?);
        runs.recording = recorder.end();
    }
    Ok(runs)
}

fn time(case: &mut Box<dyn Case>) -> Result<f64, Failure> {
    let mut watch = Watch::new();
    case.iterate(&mut watch)?;
    Ok(watch.elapsed().as_nanos() as f64 / case.operations() as f64)
}

/// What was not kept, and for which reason.
fn dropped(recording: &Recording) -> String {
    let (lost, of_full_buffers) = (recording.lost, recording.dropped() - recording.lost);
    let full = (of_full_buffers > 0).then(|| format!("{of_full_buffers} dropped: see --buffer"));
    let beyond =
        (lost > 0).then(|| format!("{lost} dropped, of threads after the first {}", recording.lanes.len()));
    let reasons: Vec<String> = full.into_iter().chain(beyond).collect();
    if reasons.is_empty() { "none dropped".to_owned() } else { reasons.join(", ") }
}

fn report(out: &Path, title: &str, operation: &str, runs: &Runs) -> String {
    let Runs { plain, traced, recording } = runs;
    let [without, with] = [plain, traced].map(|times| stats::median(times).unwrap_or_default());
    let dropped = dropped(recording);
    let (threads, jobs, events) = (recording.tracks().len(), recording.jobs(), recording.events());
    let (runs, added) = (plain.len(), 100.0 * (with / without - 1.0));
    let [without, with] = [without, with].map(units::time);
    format!(
        "{}: {title}\n\
         {threads} threads, {jobs} jobs, {events} events, {dropped}\n\
         {without} a {operation} without tracing, {with} with it: {added:+.0} % (medians of {runs} runs each, in turn)\n\
         open it at https://ui.perfetto.dev\n",
        out.display(),
    )
}
