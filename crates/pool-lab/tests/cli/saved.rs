//! The commands for runs that are saved: `diff`, `cmp`, `rank`, `pack` and `merge`.

use pool_lab::metrics;
use pool_lab::numbers::stats::Estimate;
use pool_lab::record::machine::Machine;
use pool_lab::record::results::{self, Role};
use pool_lab::record::{Record, Subject};

use super::*;

/// A time that is known to 1 %, from so many samples.
fn time(workload: &str, engine: &str, ns: f64, samples: usize) -> Record {
    let estimate = Estimate { median: ns, low: 0.99 * ns, high: 1.01 * ns };
    Subject::new(workload, "", engine, "1", 2).record(&metrics::TIME_PER_OP, estimate, samples)
}

/// Saves a run under this name, and returns its folder.
fn save(root: &Folder, name: &str, records: &[Record]) -> String {
    let results = root.0.join("results");
    fs::create_dir_all(&results).unwrap();
    let machine = Machine::describe(&root.0).named(name);
    let folder = results::save(&results, &machine, records, Role::Own).unwrap();
    results.join(folder).display().to_string()
}

/// What it prints, and its exit code.
fn run(arguments: &str) -> (String, Option<i32>) {
    let output = pool_lab(arguments);
    assert_eq!(text(&output.stderr), "", "{arguments}");
    (text(&output.stdout), output.status.code())
}

/// The words of the line that begins with these.
fn line(table: &str, begins: &str) -> String {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = table.lines().map(words).find(|line| line.starts_with(begins));
    line.unwrap_or_else(|| panic!("{begins} in\n{table}"))
}

#[test]
fn a_regression_is_told_by_the_exit_code() {
    let root = Folder::new("diff");
    let old = [time("spawn/external", "mpsc", 100.0, 15), time("join/fib", "rayon", 10.0, 15)];
    let old = save(&root, "old", &old);
    let new = |name: &str, mpsc: f64, samples: usize| {
        let new = save(&root, name, &[time("spawn/external", "mpsc", mpsc, samples)]);
        let (table, code) = run(&format!("diff {old} {new}"));
        (line(&table, "spawn/external -t 2 mpsc"), code)
    };
    let slower = "spawn/external -t 2 mpsc 1.30x 1.27x - 1.33x SLOWER".to_owned();
    assert_eq!(new("slower", 130.0, 15), (slower, Some(1)));
    for (name, time, samples, word) in [
        ("same", 100.0, 15, "within noise"),
        ("near", 105.0, 15, "within noise"),
        ("faster", 70.0, 15, "faster"),
        ("once", 900.0, 1, "n=1"),
    ] {
        let (line, code) = new(name, time, samples);
        assert!(line.ends_with(word) && code == Some(0), "{line}, {code:?}");
    }
    // The noise of the group is that of the engine that was measured against itself.
    let noisy = Subject::new("spawn/external", "", "rayon", "1", 2);
    let noisy = noisy.record(&metrics::NOISE, Estimate { median: 1.0, low: 0.7, high: 1.4 }, 15);
    let new = save(&root, "noisy", &[time("spawn/external", "mpsc", 130.0, 15), noisy]);
    assert_eq!(run(&format!("diff {old} {new}")).1, Some(0));
}

#[test]
fn what_cannot_be_compared_is_bad_input() {
    let root = Folder::new("diff-bad");
    let old = save(&root, "old", &[time("spawn/external", "mpsc", 100.0, 15)]);
    let other = save(&root, "other", &[time("spawn/external", "rayon", 100.0, 15)]);
    let empty = root.0.join("empty");
    fs::create_dir(&empty).unwrap();
    let file = root.0.join("file");
    fs::write(&file, "").unwrap();
    let (empty, file) = (empty.display(), file.display());
    for (arguments, expected) in [
        (format!("diff {old} {other}"), "have no engine and workload in common; measure both with the same"),
        (format!("diff {old} {empty}"), "machine.json"),
        (format!("diff {old} {file}"), "must be two folders of records, or two programs like this one"),
        (format!("diff {old} /nowhere"), "must be two folders of records, or two programs like this one"),
        (format!("cmp {old} {empty}"), "machine.json"),
        (format!("rank {empty}"), "machine.json"),
        (format!("pack {empty}"), "machine.json"),
        (format!("merge {file}"), ":1: this is no run; `pool-lab pack` writes one"),
        (format!("merge {empty}"), "directory"),
    ] {
        let message = mistake(&arguments);
        assert!(message.contains(expected), "{arguments}: {message}");
    }
}

#[test]
fn engines_are_ranked_over_what_all_of_them_did() {
    let root = Folder::new("rank");
    let records = [
        time("spawn/external", "mpsc", 10.0, 5),
        time("spawn/external", "rayon", 40.0, 5),
        time("join/fib", "mpsc", 10.0, 5),
        time("join/fib", "rayon", 10.0, 5),
        time("join/tree-sum", "rayon", 1.0, 5),
    ];
    let (table, code) = run(&format!("rank {}", save(&root, "box", &records)));
    assert_eq!(code, Some(0));
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    assert_eq!(lines[0], "Over 2 measured together:");
    assert!(lines[2].starts_with("mpsc") && lines[2].ends_with("1.00x"), "{table}");
    assert!(lines[3].starts_with("rayon") && lines[3].ends_with("2.00x"), "{table}");
}

#[test]
fn machines_stand_side_by_side() {
    let root = Folder::new("cmp");
    let here = [time("join/fib", "rayon", 20.0, 5), time("join/fib", "chili", 10.0, 5)];
    let there = [time("join/fib", "rayon", 100.0, 5), time("join/fib", "mpsc", 300.0, 5)];
    let (here, there) = (save(&root, "here", &here), save(&root, "there", &there));
    let (table, code) = run(&format!("cmp {here} {there}"));
    assert_eq!(code, Some(0));
    assert_eq!(line(&table, "workload"), "workload engine here there");
    assert_eq!(line(&table, "join/fib -t 2 rayon"), "join/fib -t 2 rayon 2.00x 1.00x");
    assert_eq!(line(&table, "join/fib -t 2 chili"), "join/fib -t 2 chili 1.00x -");
    assert_eq!(line(&table, "join/fib -t 2 mpsc"), "join/fib -t 2 mpsc - 3.00x");
}

#[test]
fn a_run_travels_in_a_file_and_is_shown_beside_others() {
    let (from, to) = (Folder::new("pack"), Folder::new("merge"));
    let theirs = save(&from, "theirs", &[time("join/fib", "rayon", 20.0, 5)]);
    save(&to, "mine", &[time("join/fib", "rayon", 30.0, 5)]);
    let file = from.0.join("run.jsonl");
    let packed = format!("{}\n", file.display());
    assert_eq!(run(&format!("pack {theirs} -o {}", file.display())), (packed, Some(0)));
    for _ in 0..2 {
        let (said, code) = run(&format!("merge {} {}", file.display(), to.0.display()));
        assert_eq!(code, Some(0));
        assert_eq!(said.lines().next(), Some("results/theirs"), "the second time it is there already");
        assert!(said.contains("README.md") && said.contains("report.html"), "{said}");
    }
    let report = fs::read_to_string(to.0.join("results/README.md")).unwrap();
    assert!(report.contains("## mine (yours)") && report.contains("## theirs\n"), "{report}");
    assert_eq!(fs::read_dir(to.0.join("results/theirs")).unwrap().count(), 3, "records, machine, plots");
    // A line that was spoilt on the way is named, and nothing is added.
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"median\":20.0", "\"median\":-20.0")).unwrap();
    let message = mistake(&format!("merge {} {}", file.display(), to.0.display()));
    assert!(message.contains("run.jsonl:2: time_per_op must not be negative"), "{message}");
    // Without a name of its own the file has the machine's, in the folder that the program is run in.
    let mut command = Command::new(env!("CARGO_BIN_EXE_pool-lab"));
    let output = command.args(["pack", &theirs]).current_dir(&from.0).output().unwrap();
    assert_eq!(text_of(&output), "theirs.jsonl\n");
    assert!(from.0.join("theirs.jsonl").is_file());
}

fn text_of(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}
