//! Engines that hang or crash, and measurements that go on past them.
//!
//! This program has a `main` of its own: where [`LAB`] is set it is a user's `pool_lab::run_with`, with engines that misbehave;
//! otherwise it runs itself so, and looks at what comes of it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode, Output};
use std::thread;
use std::time::Duration;

use pool_lab::claim::{self, Claim, Figures};
use pool_lab::engine::{Jobs, Spec, SpecError, Start};
use pool_lab::engines::{self, Row};
use pool_lab::record::{self, Record};
use pool_lab::workload::CaseError;

const LAB: &str = "MISBEHAVING_LAB";

/// How an engine misbehaves. It runs each job at once, on the thread that hands it over.
const AT_START: u8 = 0;
const IN_A_JOB: u8 = 1;
const AT_STOP: u8 = 2;
const ABORTS: u8 = 3;
const FAULTS: u8 = 4;

struct Bad<const HOW: u8>;

fn hang() {
    loop {
        thread::park();
    }
}

impl<const HOW: u8> Start for Bad<HOW> {
    fn start(_: &Spec) -> Result<Self, SpecError> {
        if HOW == AT_START {
            hang();
        }
        Ok(Bad)
    }

    fn stop(self) {
        if HOW == AT_STOP {
            hang();
        }
    }
}

impl<const HOW: u8> Jobs for Bad<HOW> {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        match HOW {
            IN_A_JOB => hang(),
            ABORTS => process::abort(),
            #[cfg(unix)]
            FAULTS => {
                let nowhere = std::ptr::without_provenance_mut::<u8>(8);
                // SAFETY: it is not. Nothing is mapped there, so the process ends here, which is what is looked at.
                unsafe { nowhere.write_volatile(1) };
            }
            _ => job(),
        }
    }
}

fn row<const HOW: u8>(name: &'static str) -> Row {
    Row::theirs(name, "1.0", "it misbehaves").jobs::<Bad<HOW>>()
}

fn hanging() -> Vec<Row> {
    vec![row::<AT_START>("at-start"), row::<IN_A_JOB>("in-a-job"), row::<AT_STOP>("at-stop")]
}

fn main() -> ExitCode {
    if env::var_os(LAB).is_some() {
        let crashing = [row::<ABORTS>("aborts"), row::<FAULTS>("faults")];
        return pool_lab::run_with(hanging().into_iter().chain(crashing).collect(), vec![]);
    }
    engines::add(hanging()).unwrap();
    an_engine_that_hangs_has_an_error_row_and_the_run_goes_on();
    a_run_of_an_engine_that_hangs_ends_with_a_line();
    a_claim_whose_engine_hangs_is_an_error_and_the_next_one_is_measured();
    #[cfg(unix)]
    an_engine_that_crashes_is_left_out_when_the_run_is_gone_on_with();
    #[cfg(unix)]
    a_crash_without_a_folder_says_how_to_keep_what_is_measured();
    ExitCode::SUCCESS
}

/// A folder that is removed again when all went well.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Folder(env::temp_dir().join(format!("pool-lab-{name}-{}", process::id())))
    }

    fn error_of(&self, engine: &str) -> Vec<String> {
        let records = records(&self.0.join(format!("{engine}.csv")));
        let errors = records.into_iter().filter(|record| record.metric.name == "error");
        errors.map(|record| format!("{}: {}", record.workload, record.note)).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !thread::panicking() {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }
}

fn records(file: &Path) -> Vec<Record> {
    record::read_csv(file).unwrap()
}

fn lab_with(arguments: &str) -> Output {
    let program = env::current_exe().unwrap();
    Command::new(program).env(LAB, "1").args(arguments.split_whitespace()).output().unwrap()
}

fn lab(arguments: &str, folder: &Folder) -> Output {
    lab_with(&format!("measure -t 2 --rounds 2 {arguments} --out {}", folder.0.display()))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn is_timed(folder: &Folder, engine: &str, workload: &str) -> bool {
    let records = records(&folder.0.join(format!("{engine}.csv")));
    records.iter().any(|record| record.workload == workload && record.metric.name == "time_per_op")
}

fn an_engine_that_hangs_has_an_error_row_and_the_run_goes_on() {
    let folder = Folder::new("hang");
    let chosen = "-w spawn/external:jobs=100,latency/ping:gap=0:pings=5 -p mpsc,at-start,in-a-job,at-stop --patience 3";
    let output = lab(chosen, &folder);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for (engine, when) in [
        ("at-start", "when it was built or warmed up"),
        ("in-a-job", "when it was built or warmed up"),
        ("at-stop", "when it was stopped"),
    ] {
        let errors = ["latency/ping", "spawn/external"].map(|of| format!("{of}: hung after 3 s, {when}"));
        let mut found = folder.error_of(engine);
        found.sort();
        assert_eq!(found, errors, "{text}");
        assert!(text.contains(&format!("{engine}: ERROR: hung after 3 s")), "{text}");
    }
    for workload in ["spawn/external", "latency/ping"] {
        assert!(is_timed(&folder, "mpsc", workload), "{text}");
    }
    let output = lab(&format!("{chosen} --resume"), &folder);
    let text = said(&output);
    assert!(output.status.success() && text.starts_with("2 of 2 groups are in "), "{text}");
}

fn a_run_of_an_engine_that_hangs_ends_with_a_line() {
    for (engine, when) in [
        ("at-start", "when it was built"),
        ("in-a-job", "when it ran the workload"),
        ("at-stop", "when it was stopped"),
    ] {
        let output = lab_with(&format!("run -w spawn/external:jobs=10 -p {engine}:2 --patience 3"));
        let program = std::env::current_exe().unwrap();
        let program = program.file_stem().unwrap().display();
        let expected = format!("{program}: spawn/external:jobs=10 on {engine}:2: hung after 3 s, {when}\n");
        assert_eq!((output.status.code(), said(&output)), (Some(1), expected));
    }
}

type Experiment = fn(&mut Figures) -> Result<(), CaseError>;

fn a_claim_whose_engine_hangs_is_an_error_and_the_next_one_is_measured() {
    let claim =
        |measure: Experiment| Claim { name: "invented", says: "It ends.", measure, sentence: |_| None };
    let patience = Duration::from_secs(3);
    let hangs = claim(|figures| figures.time("in-a-job:2", "spawn/external:jobs=10"));
    let error = claim::measure(&hangs, true, patience).unwrap_err().to_string();
    assert_eq!(error, "hung after 3 s: spawn/external:jobs=10 on in-a-job:2");
    let ends = claim(|figures| figures.time("mpsc:2", "spawn/external:jobs=10"));
    let figures = claim::measure(&ends, true, Duration::from_secs(300)).unwrap();
    assert_eq!(figures.records.len(), 1);
}

/// The command that the last line on standard error tells, after what it says about it.
#[cfg(unix)]
fn told(output: &Output) -> (String, String) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let mut lines = said.lines().rev().map(|line| line.trim().to_owned());
    let command = lines.next().unwrap();
    (lines.next().unwrap(), command)
}

#[cfg(unix)]
fn a_crash_without_a_folder_says_how_to_keep_what_is_measured() {
    let output = lab_with("measure -w spawn/external:jobs=10 -p aborts -t 2 --rounds 1");
    let said = said(&output);
    assert!(said.contains("aborts crashed the process (SIGABRT). Nothing is kept without --out; "), "{said}");
}

#[cfg(unix)]
fn an_engine_that_crashes_is_left_out_when_the_run_is_gone_on_with() {
    use std::os::unix::process::ExitStatusExt;

    let folder = Folder::new("crash");
    let chosen = "-w join/fib:n=5,spawn/external:jobs=100 -p mpsc,aborts,faults";
    let first = lab(chosen, &folder);
    let (what, command) = told(&first);
    let second = Command::new("sh").args(["-c", &format!("exec {command}")]).env(LAB, "1").output().unwrap();
    // Which of the two comes first is drawn.
    let signals = [&first, &second].map(|output| {
        let text = said(output);
        output.status.signal().unwrap_or_else(|| panic!("{text}"))
    });
    let kept = format!("1 of 2 groups are complete, in {}; to go on without it:", folder.0.display());
    let (engine, signal) = match signals[0] {
        libc::SIGABRT => ("aborts", "SIGABRT"),
        _ => ("faults", "SIGSEGV"),
    };
    assert_eq!(what, format!("{engine} crashed the process ({signal}). {kept}"));
    assert!(command.ends_with(" --resume"), "{command}");
    assert_eq!(told(&second).1, command, "it is resumed already");
    let mut sorted = signals;
    sorted.sort_unstable();
    assert_eq!(sorted, [libc::SIGABRT, libc::SIGSEGV]);
    let output = lab(&format!("{chosen} --resume"), &folder);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("1 of 2 groups are in "), "{text}");
    for (engine, signal) in [("aborts", "SIGABRT"), ("faults", "SIGSEGV")] {
        let error = format!("spawn/external: crashed ({signal}), and the process with it");
        assert_eq!(folder.error_of(engine), [error], "{text}");
    }
    assert!(is_timed(&folder, "mpsc", "join/fib") && is_timed(&folder, "mpsc", "spawn/external"), "{text}");
    assert!(!folder.0.join("running").exists(), "it has ended in order");
    let output = lab(&format!("{chosen} --resume"), &folder);
    let text = said(&output);
    assert!(output.status.success() && text.contains("2 of 2 groups are in "), "{text}");
}
