//! The program, run as a user runs it.

use std::collections::BTreeSet;
use std::process::{Command, Output};

fn pool_lab(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pool-lab"));
    command.args(arguments.split_whitespace()).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is text")
}

/// What a mistake is answered with: exit code 2, nothing on standard output, one line on standard error.
fn mistake(arguments: &str) -> String {
    let output = pool_lab(arguments);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments}: {message}");
    assert_eq!(text(&output.stdout), "", "{arguments}");
    assert_eq!(message.lines().count(), 1, "{arguments}: {message}");
    message
}

#[test]
fn mistakes_are_answered_in_one_line_that_names_what_is_right() {
    let cases = [
        ("measure -p rayn", "known: mpsc, bounded, priority, stealing, stealing-worker, rayon, threadpool"),
        ("measure -w spwan", "known: spawn/external, spawn/contended"),
        ("measure -w join/fib:m=3", "known: n"),
        ("measure -p rayon:0", "a whole number from 1 to 1024"),
        ("measure -p rayon -t 0", "a whole number from 1 to 1024"),
        ("measure -p rayon -t two", "a whole number from 1 to 1024"),
        ("measure -p bounded:2:capacity=0", "a whole number from 1 to 4194304"),
        (
            "measure -p bounded:2:overflow=drop",
            "block, timeout-<time up to 20s>, reject, caller-runs, drop-oldest, drop-newest, shed",
        ),
        ("measure -p mpsc:2:bach=3", "known: batch"),
        ("measure -p rayon:2:batch=3", "known: none"),
        ("measure -p rayon:2:x", "option=value"),
        ("measure -p rayon,,mpsc", "an engine is missing"),
        ("measure --rounds 0", "at least 1"),
        ("measure --rounds some", "--rounds"),
        ("demo --pool chili", "these are: mpsc, bounded"),
        ("demo --pool rayon:0", "a whole number from 1 to 1024"),
        ("run -w join/fib:n=10 -p threadpool:1", "no fork-join"),
        ("run -w join -p rayon:1", "full name of one workload"),
        ("measur", "measure"),
        ("--frobnicate", "--frobnicate"),
    ];
    for (arguments, expected) in cases {
        let message = mistake(arguments);
        assert!(message.contains(expected), "{arguments}: {message}");
    }
}

#[test]
fn json_is_all_that_is_on_standard_output() {
    let output = pool_lab("measure -w spawn/external:jobs=500 -p mpsc,chili,rayon -t 2 --rounds 3 --json");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut metrics = BTreeSet::new();
    for line in text(&output.stdout).lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        for key in
            ["workload", "engine", "version", "threads", "metric", "unit", "median", "low", "high", "samples"]
        {
            assert!(record.get(key).is_some(), "{key} in {line}");
        }
        assert_eq!(record["workload"], "spawn/external");
        assert_eq!(record["threads"], 2);
        if record["metric"] == "time_per_op" {
            assert_eq!(record["unit"], "ns");
            assert_eq!(record["samples"], 3);
            assert!(record["median"].as_f64().is_some_and(|ns| ns > 0.0), "{line}");
        }
        metrics.insert(format!(
            "{} {}",
            record["engine"].as_str().unwrap(),
            record["metric"].as_str().unwrap()
        ));
    }
    for expected in
        ["mpsc time_per_op", "rayon time_per_op", "mpsc relative", "rayon relative", "chili unsupported"]
    {
        assert!(metrics.contains(expected), "{expected} in {metrics:?}");
    }
    assert!(metrics.contains("mpsc noise") || metrics.contains("rayon noise"), "{metrics:?}");
}

#[test]
fn a_table_shows_times_and_what_cannot_be() {
    let output = pool_lab("measure -w join/fib:n=12 -p rayon,threadpool,serial -t 1 --rounds 2");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    for expected in
        ["join/fib:n=12, 1 thread, time per join", "rayon", "n/a, no fork-join: threadpool", "noise: "]
    {
        assert!(table.contains(expected), "{expected} in\n{table}");
    }
}

#[test]
fn a_run_says_how_many_operations_it_has() {
    // fib(10) joins 88 times.
    let output = pool_lab("run -w join/fib:n=10 -p rayon:2");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "88\n");
}

#[test]
fn records_are_written_by_engine() {
    let directory = std::env::temp_dir().join(format!("pool-lab-cli-{}", std::process::id()));
    let arguments =
        format!("measure -w join/fib:n=10 -p rayon,serial -t 1 --rounds 2 --out {}", directory.display());
    let output = pool_lab(&arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let files: BTreeSet<String> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, BTreeSet::from(["rayon.csv".to_owned(), "serial.csv".to_owned()]));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn list_names_engines_and_workloads() {
    let output = pool_lab("list");
    assert!(output.status.success());
    let list = text(&output.stdout);
    for expected in
        ["stealing", "async-executor", "capacity=131072", "join/tree-sum", "latency/ping", "app/hash-tree"]
    {
        assert!(list.contains(expected), "{expected}");
    }
}

#[test]
fn an_engine_that_cannot_be_built_is_an_error_row() {
    // Each option is allowed, but not the two together.
    let output = pool_lab("measure -w join/fib:n=10 -p priority:1:levels=64:aging=3,serial:1 --rounds 2");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("priority:aging=3:levels=64: ERROR: "), "{}", text(&output.stdout));
}

#[test]
fn reports_are_rebuilt_from_records() {
    let root = std::env::temp_dir().join(format!("pool-lab-report-{}", std::process::id()));
    let machine = root.join("results/some-machine");
    std::fs::create_dir_all(&machine).unwrap();
    let arguments =
        format!("measure -w join/fib:n=10 -p rayon,serial -t 1 --rounds 2 --out {}", machine.display());
    assert!(pool_lab(&arguments).status.success());
    let description = pool_lab::machine::Machine::describe(&root).named("some-machine");
    std::fs::write(machine.join("machine.json"), serde_json::to_string(&description).unwrap()).unwrap();
    let output = pool_lab(&format!("report {}", root.display()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report = std::fs::read_to_string(root.join("results/README.md")).unwrap();
    assert!(report.contains("join/fib") && report.contains("rayon"), "{report}");
    std::fs::remove_dir_all(root).unwrap();
}
