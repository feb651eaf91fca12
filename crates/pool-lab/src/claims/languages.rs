//! Rust against Go, Python and others: creation, memory, end, and what the compiler lets pass.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use crate::claim::{Claim, Figures, Found, nanoseconds};
use crate::engines;
use crate::external;
use crate::metrics::{AMOUNT, BYTES, TIME_PER_OP};
use crate::system::os;
use crate::workload::{CaseError, Failure, check};

pub(super) static CLAIM: Claim = Claim {
    name: "languages",
    says: "A thread of Rust or Python takes 2 MB, a goroutine 2 KB; goroutines are cheap to create; only Rust's compiler prevents data races.",
    measure,
    sentence,
};

const CREATE: &str = "create one";
const MEMORY: &str = "memory of one";
const END: &str = "end one";
const LOST: &str = "lost of 1,000 racing additions";

const RUST: &str = "Rust thread";

/// One engine of each kind of thread, and how the table names it.
const OTHERS: [(&str, &str); 5] = [
    ("go-goroutines", "Go goroutine"),
    ("python-executor", "Python thread"),
    ("java-executor", "Java thread"),
    ("java-virtual", "Java virtual thread"),
    ("onetbb", "C++ thread"),
];

/// Threads that add to one variable without a lock.
const RACERS: u64 = 2;

fn measure(figures: &mut Figures) -> Result<(), CaseError> {
    let count = figures.size(1_000, 20);
    rust(figures, count);
    for (engine, name) in OTHERS {
        match other(figures, engine, name, count) {
            Err(CaseError::Unsupported(why)) => figures.skipped.push(format!("{name}: {why}")),
            result => result?,
        }
    }
    Ok(())
}

fn other(figures: &mut Figures, engine: &str, name: &str, count: usize) -> Result<(), CaseError> {
    let row = engines::find(engine).expect("it is in the table");
    let (program, in_program) = row.remote().expect("it is external");
    figures.step(name);
    let mut process = external::open(program)?;
    let id = process.id().to_string();
    let failed = |error: external::ProcessError| match error {
        external::ProcessError::Unable(why) => CaseError::Unsupported(why),
        error => CaseError::Workload(Failure::Program(error.to_string())),
    };
    process.command(&format!("start {in_program} {}", num_cpus::get())).map_err(failed)?;
    let before = os::memory_of(&id);
    let made = process.measure(&format!("hold {count}")).map_err(failed)?;
    let during = os::memory_of(&id);
    let ended = process.measure("release").map_err(failed)?;
    check(ended.answer, count as u64)?;
    let additions = figures.size(10_000_000, 1_000) as u64;
    let race = process.measure(&format!("race {RACERS} {additions}")).map_err(failed)?;
    let each = |time| nanoseconds(time) / count as f64;
    figures.one(name, CREATE, count, &TIME_PER_OP, each(made.elapsed));
    if let (Some(before), Some(during)) = (before, during) {
        let memory = during.resident.saturating_sub(before.resident);
        figures.one(name, MEMORY, count, &BYTES, memory as f64 / count as f64);
    }
    figures.one(name, END, count, &TIME_PER_OP, each(ended.elapsed));
    let all = (RACERS * additions) as f64;
    figures.one(name, LOST, RACERS as usize, &AMOUNT, (all - race.answer as f64).max(0.0) * 1_000.0 / all);
    Ok(())
}

fn rust(figures: &mut Figures, count: usize) {
    let end = Barrier::new(count + 1);
    let before = os::memory_of("self");
    let start = Instant::now();
    let mut ending = start;
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| end.wait());
        }
        figures.one(RUST, CREATE, count, &TIME_PER_OP, nanoseconds(start.elapsed()) / count as f64);
        if let (Some(before), Some(during)) = (before, os::memory_of("self")) {
            let memory = during.resident.saturating_sub(before.resident);
            figures.one(RUST, MEMORY, count, &BYTES, memory as f64 / count as f64);
        }
        ending = Instant::now();
        end.wait();
    });
    figures.one(RUST, END, count, &TIME_PER_OP, nanoseconds(ending.elapsed()) / count as f64);
    match race_compiles() {
        Some(false) => figures.one(RUST, LOST, RACERS as usize, &AMOUNT, 0.0),
        Some(true) => figures.skipped.push("rustc compiled a data race".to_owned()),
        None => figures.skipped.push("Rust data race: there is no rustc to refuse it".to_owned()),
    }
}

/// Two threads that add to one variable, as the other languages compile it.
const RACE: &str = "fn main() { let mut shared = 0u64; std::thread::scope(|scope| { \
    for _ in 0..2 { scope.spawn(|| for _ in 0..1000 { shared += 1; }); } }); println!(\"{shared}\"); }";

/// Whether rustc lets the race pass; `None` where there is no rustc.
fn race_compiles() -> Option<bool> {
    let arguments = ["--edition", "2021", "--emit=metadata", "-o", "/dev/null", "-"];
    let mut rustc = Command::new("rustc");
    rustc.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut rustc = rustc.spawn().ok()?;
    rustc.stdin.take()?.write_all(RACE.as_bytes()).ok()?;
    let output = rustc.wait_with_output().ok()?;
    let refused = String::from_utf8_lossy(&output.stderr).contains("E0499");
    if refused { Some(false) } else { output.status.success().then_some(true) }
}

fn sentence(found: &Found) -> Option<String> {
    let of = |name: &str| {
        let (create, memory, end) =
            (found.text(name, CREATE)?, found.text(name, MEMORY)?, found.text(name, END)?);
        let lost = match (name, found.value(name, LOST)) {
            (RUST, Some(_)) => "its compiler refuses the race".to_owned(),
            (_, Some(lost)) => format!("{lost:.0} of 1,000 racing additions are lost"),
            (_, None) => "races were not tried".to_owned(),
        };
        Some(format!("{name}: {create} to create, {memory}, {end} to end, {lost}"))
    };
    let names = std::iter::once(RUST).chain(OTHERS.iter().map(|(_, name)| *name));
    let parts: Vec<String> = names.filter_map(of).collect();
    (!parts.is_empty()).then(|| parts.join("; ") + ".")
}
