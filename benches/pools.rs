//! `cargo bench`.
//!
//! - With no arguments of the user's: the interleaved measurement of everything, from which `results/` is written, then
//!   criterion on the headline workloads, quietly; it ends with the result in three sentences. `curated::LIMIT` says how long
//!   the measurement takes. Each workload is on disk when it ends; after an interrupt there is a report of those, and
//!   `cargo bench -- --resume` goes on from there.
//! - With any other argument (a filter, `--test`, `--save-baseline x`, ...): criterion alone, over every workload on every
//!   engine that can do it, with one thread a core. It serves the person who works on one thing; since it
//!   measures one engine after the other, its numbers are no comparison.
//!
//! Benchmarks are called `family/workload/engine/threads`, so that `cargo bench -- join/fib/stealing` runs one.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use pool_bench::arguments::{Asked, HELP, understand};
use pool_lab::cli::bench::{Outcome, resume_command, run_curated};
use pool_lab::command::command_of;
use pool_lab::engine::Spec;
use pool_lab::engines;
use pool_lab::measure::Observer;
use pool_lab::metrics;
use pool_lab::plan::Group;
use pool_lab::plan::curated::{self, LIMIT};
use pool_lab::record::Record;
use pool_lab::record::results::Role;
use pool_lab::report;
use pool_lab::system::interrupt::{self, Interrupts};
use pool_lab::system::progress::Progress;
use pool_lab::system::terminal::say;
use pool_lab::workload::{Case, Task, Watch};

/// Allocations are counted here, and in no program that merely links the library.
#[global_allocator]
static COUNTING: pool_lab::system::Counting = pool_lab::system::Counting;

/// The exit code of bad input.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    interrupt::die_at_closed_pipes();
    if std::env::var_os(HEADLINES).is_some() {
        return headlines();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = match understand(&arguments) {
        Ok(Asked::Report { resume }) => return measure_and_report(resume),
        Ok(Asked::Criterion { filter, is_help }) => {
            if is_help {
                print!("{HELP}");
            }
            filter
        }
        Err(mistake) => {
            say(mistake);
            return ExitCode::from(BAD_INPUT);
        }
    };
    // Without `--bench` criterion only tests that the benchmarks run, as it does with `--test`.
    let testing = arguments.iter().any(|a| a == "--test") || !arguments.iter().any(|a| a == "--bench");
    // Criterion runs no programs.
    let all = Task::all().into_iter().filter(|task| task.about.family().name != "real");
    let tasks = all.map(|task| if testing { task.quick() } else { task }).collect();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let has_run = run_criterion(&mut criterion, tasks, |_, _| true);
    if let Some(filter) = wanted.filter(|_| !has_run) {
        say(format_args!(
            "no benchmark matches `{filter}`; `cargo bench -- --list` shows what there is, such as join/fib/stealing/2"
        ));
        return ExitCode::from(BAD_INPUT);
    }
    criterion.final_summary();
    ExitCode::SUCCESS
}

/// What is said at the signal. The sample that runs comes to its end first.
const INTERRUPTED: &str = "Interrupted: writing the report of what is complete ...";

/// What is said at the signal when only criterion's part is left.
const CUT_SHORT: &str = "Interrupted: criterion stops. The report is complete.";

/// Cargo has ended at the same signal, and by now the shell's prompt may stand in the last line of the terminal.
fn leave_prompt() {
    if io::stderr().is_terminal() {
        say("");
    }
}

fn measure_and_report(resume: bool) -> ExitCode {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace");
    let Some(role) = role() else { return ExitCode::from(BAD_INPUT) };
    let interrupts = Interrupts::catch(INTERRUPTED);
    let mut shown = Shown(Progress::new(Some(LIMIT)));
    let outcome = run_curated(root, role, resume, &mut shown);
    drop(shown);
    let folder = match outcome {
        Ok(Outcome::Complete { folder }) => folder,
        Ok(Outcome::Stopped { done: 0, .. }) => {
            leave_prompt();
            say("Interrupted before the first group was complete. Everything is as it was.");
            interrupts.die_if_caught();
            return ExitCode::FAILURE;
        }
        Ok(Outcome::Stopped { done, of }) => {
            leave_prompt();
            say(format_args!(
                "Interrupted. The report results/report.html (and results/README.md) has the {done} of {of} groups that are \
                 complete; `{}` goes on from there.",
                resume_command(role)
            ));
            interrupts.die_if_caught();
            return ExitCode::FAILURE;
        }
        Err(error) => {
            say(&error);
            return if error.is_bad_input() { ExitCode::from(BAD_INPUT) } else { ExitCode::FAILURE };
        }
    };
    interrupts.die_if_caught();
    let interrupts = Interrupts::catch(CUT_SHORT);
    headlines_quietly();
    if interrupt::is_caught() {
        leave_prompt();
    }
    let code = conclude(root, &folder);
    interrupts.die_if_caught();
    code
}

/// Says that this process is to run criterion on the headlines.
const HEADLINES: &str = "POOL_LAB_HEADLINES";

/// Runs criterion on the headlines in a process of its own, where alone it can be told to be quiet, until an interrupt. What it
/// finds is kept by criterion, to compare the next run with.
fn headlines_quietly() {
    say("Criterion measures the headlines, for its own records in target/criterion ...");
    let program = std::env::current_exe().map(Command::new);
    let run = |mut program: Command| {
        program.args(["--bench", "--quiet"]).env(HEADLINES, "1");
        end_of(program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?)
    };
    match program.and_then(run) {
        Ok((status, _)) if status.success() || interrupt::is_caught() => {}
        Ok((status, said)) => {
            say(format_args!(
                "criterion failed ({status}): {}",
                said.lines().next_back().unwrap_or_default()
            ));
        }
        Err(error) => say(format_args!("criterion could not be started: {error}")),
    }
}

/// Waits for the end of a process, and brings it about at an interrupt, which may have reached this process alone. Returns what it
/// has said on standard error, too.
fn end_of(mut process: Child) -> io::Result<(ExitStatus, String)> {
    let stderr = process.stderr.take().expect("it has a pipe");
    let said = thread::spawn(|| io::read_to_string(stderr));
    let status = loop {
        if let Some(status) = process.try_wait()? {
            break status;
        }
        if interrupt::is_caught() {
            process.kill()?;
        }
        thread::sleep(Duration::from_millis(50));
    };
    Ok((status, said.join().expect("reading does not panic")?))
}

/// The end of all that is said: the result, and where the report is.
fn conclude(root: &Path, folder: &str) -> ExitCode {
    match report::ending(&root.join("results").join(folder)) {
        Ok(sentences) => sentences.iter().for_each(say),
        Err(error) => {
            say(&error);
            return ExitCode::FAILURE;
        }
    }
    let page = root.join("results/report.html");
    say(format_args!(
        "The report is {}, and results/README.md; the records are in results/{folder}/.",
        page.display()
    ));
    ExitCode::SUCCESS
}

/// Criterion on the headlines.
fn headlines() -> ExitCode {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .without_plots()
        .configure_from_args();
    let chosen = curated::engines();
    run_criterion(&mut criterion, curated::headlines(), |task, spec| {
        // A million joins take seconds on some, and criterion wants ten samples; the records have them.
        let is_slow = task.about.family().name == "join" && spec.engine().has_slow_joins;
        !is_slow && chosen.iter().any(|engine| engine.engine().name == spec.engine().name)
    });
    criterion.final_summary();
    ExitCode::SUCCESS
}

/// What the run is for: the run that the repository commits is made with `POOL_LAB_ROLE=reference`.
fn role() -> Option<Role> {
    match std::env::var("POOL_LAB_ROLE").as_deref() {
        Ok("reference") => Some(Role::Reference),
        Ok("own" | "") | Err(_) => Some(Role::Own),
        Ok(other) => {
            say(format_args!(
                "POOL_LAB_ROLE must be `reference`, or `own` (as it is when unset), not `{other}`"
            ));
            None
        }
    }
}

/// Registers a benchmark for each task on each engine that can do it and that the filter lets pass, and returns whether criterion ran
/// any. Programs of other languages are
/// not among them: their toolchains may be missing, and the records have them.
fn run_criterion(criterion: &mut Criterion, tasks: Vec<Task>, filter: impl Fn(&Task, &Spec) -> bool) -> bool {
    let has_run = Cell::new(false);
    let threads = *curated::thread_counts().last().expect("there is at least one thread count");
    for task in tasks {
        let mut group = criterion.benchmark_group(task.to_string());
        for row in engines::rows().iter().filter(|row| row.program().is_none() && row.can_do(task.about)) {
            let spec = Spec::new(&row.engine).with_threads(threads);
            if !filter(&task, &spec) {
                continue;
            }
            // The pool is built only if criterion's filter chooses the benchmark, and lives no longer.
            let mut built = None;
            group.bench_function(BenchmarkId::new(row.engine.name, threads), |bencher| {
                has_run.set(true);
                let case = built.get_or_insert_with(|| build(&spec, &task));
                bencher.iter_custom(|repeats| time(&mut **case, repeats, &spec, &task));
            });
        }
        group.finish();
    }
    has_run.get()
}

fn build(spec: &Spec, task: &Task) -> Box<dyn Case> {
    engines::case(spec, task).unwrap_or_else(|error| panic!("{task} on {spec}: {error}"))
}

fn time(case: &mut dyn Case, repeats: u64, spec: &Spec, task: &Task) -> Duration {
    let mut watch = Watch::new();
    for _ in 0..repeats {
        case.iterate(&mut watch).unwrap_or_else(|failure| panic!("{task} on {spec}: {failure}"));
    }
    watch.elapsed()
}

/// Shows on standard error how far the measurement is.
struct Shown(Progress);

impl Observer for Shown {
    fn note(&mut self, what: &str) {
        say(what);
    }

    fn limit(&mut self, left: Duration) {
        self.0.limit(left);
    }

    fn begin(&mut self, number: usize, of: usize, group: &Group) {
        self.0.begin(number, of, &format!("{group}: {} engines", group.engines.len()));
    }

    fn block(&self, done: usize, of: usize) {
        self.0.part(done, of);
    }

    fn again(&mut self, group: &Group, blocks: usize) {
        self.0.beyond("open", &format!("{group}: {blocks} blocks so far"));
    }

    fn end(&mut self, _: &Group, records: &[Record]) -> ControlFlow<()> {
        for record in records.iter().filter(|record| record.metric == &metrics::ERROR) {
            let again = command_of(record);
            say(format_args!("  {}: ERROR: {}; again: {again}", record.engine, record.note));
        }
        ControlFlow::Continue(())
    }

    fn is_stopped(&self) -> bool {
        interrupt::is_caught()
    }
}
