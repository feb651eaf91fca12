//! The program, run as a user runs it.

mod advice;
mod mistakes;
mod saved;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod terminal;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use pool_lab::engine::settings::Rule;
use pool_lab::engines::{self, Row};
use pool_lab::workloads;

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

/// What a build without optimisation, as tests have it, says of its numbers.
const UNOPTIMISED: &str = "built without optimisation";

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

/// An empty folder of this test's own, removed when it ends well.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pool-lab-cli-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Variant and number of samples of each time in an engine's file.
    fn times(&self, file: &str) -> Vec<(String, usize)> {
        let records = pool_lab::record::read_csv(&self.0.join(file)).unwrap();
        let times = records.into_iter().filter(|record| record.metric.name == "time_per_op");
        times.map(|record| (record.variant, record.samples)).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }
}

fn measure_into(folder: &Folder, arguments: &str) -> Output {
    pool_lab(&format!("measure -t 1 {arguments} --out {}", folder.0.display()))
}

#[test]
fn records_are_written_by_engine_and_a_later_run_keeps_the_others() {
    let folder = Folder::new("out");
    let output = measure_into(&folder, "-w join/fib:n=10 -p rayon,serial --rounds 2");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(folder.names(), ["machine.json", "progress.json", "rayon.csv", "serial.csv"]);
    let output = measure_into(&folder, "-w join/fib:n=10,join/fib:n=11 -p rayon --rounds 3");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let times = |list: &[(&str, usize)]| -> Vec<(String, usize)> {
        list.iter().map(|(variant, samples)| ((*variant).to_owned(), *samples)).collect()
    };
    assert_eq!(folder.times("rayon.csv"), times(&[("n=10", 3), ("n=11", 3)]));
    assert_eq!(folder.times("serial.csv"), times(&[("n=10", 2)]));
}

#[test]
fn what_is_there_already_is_not_measured_again() {
    let folder = Folder::new("resume");
    measure_into(&folder, "-w join/fib:n=10 -p serial --rounds 2");
    let begun = |output: &Output| {
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        said.lines()
            .filter(|line| !line.contains(UNOPTIMISED))
            .map(|line| line.split_once(", 1 thread").map_or(line, |(begun, _)| begun).to_owned())
            .collect()
    };
    let resume = |rounds: usize| -> Vec<String> {
        let arguments = format!("-w join/fib:n=10,join/fib:n=11 -p serial --rounds {rounds} --resume");
        begun(&measure_into(&folder, &arguments))
    };
    let there = |groups: &str| format!("{groups} groups are in {} already", folder.0.display());
    assert_eq!(resume(2), [there("1 of 2"), "[1/1] join/fib:n=11".to_owned()]);
    assert_eq!(resume(2), [there("2 of 2")]);
    assert_eq!(resume(3)[0], there("0 of 2"));
}

#[test]
fn a_folder_that_cannot_be_written_is_a_mistake_before_anything_is_measured() {
    let folder = Folder::new("bad");
    let file = folder.0.join("file");
    fs::write(&file, "").unwrap();
    let message = mistake(&format!("measure --out {}", file.display()));
    assert!(
        message.contains(&format!("--out: {}: this is a file, and not a folder", file.display())),
        "{message}"
    );
    let message = mistake(&format!("measure --out {}/below", file.display()));
    assert!(message.contains("file/below"), "{message}");
    fs::write(folder.0.join("serial.csv"), "").unwrap();
    let message = mistake(&format!("measure -p serial --out {}", folder.0.display()));
    assert!(
        message.contains("here are records, and no machine.json that says of which machine"),
        "{message}"
    );
}

#[test]
fn an_engine_against_itself_is_two_engines() {
    let folder = Folder::new("twice");
    let output = measure_into(&folder, "-w join/fib:n=10 -p rayon,rayon --rounds 2");
    let table = text(&output.stdout);
    for name in ["rayon", "rayon#2"] {
        assert!(table.lines().any(|line| line.split_whitespace().next() == Some(name)), "{name} in\n{table}");
    }
    let time = |file| {
        let records = pool_lab::record::read_csv(&folder.0.join(file)).unwrap();
        let times: Vec<_> = records.iter().filter(|record| record.metric.name == "time_per_op").collect();
        let [time] = times[..] else { panic!("{file}: {times:?}") };
        (time.median, time.low, time.high)
    };
    assert_ne!(time("rayon.csv"), time("rayon-2.csv"), "each has samples of its own");
}

#[test]
fn statistics_are_put_to_the_test_and_written_down() {
    let folder = Folder::new("statistics");
    let out = folder.0.display();
    let arguments = format!(
        "verify --statistics --budget 1 -w join/fib:n=5,spawn/external:jobs=20 -p rayon,mpsc --out {out}"
    );
    let output = pool_lab(&arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let csv = fs::read_to_string(folder.0.join("statistics.csv")).unwrap();
    // Four differences for each; an engine that a busy machine keeps from its turn for too long is left out.
    let rows = csv.lines().count() - 1;
    assert!(rows > 0 && rows.is_multiple_of(4), "{csv}");
    assert!(fs::read_to_string(folder.0.join("statistics.md")).unwrap().contains("its own copy"));
}

#[test]
fn one_round_is_marked() {
    let output = pool_lab("measure -w join/fib:n=10 -p rayon,serial -t 1 --rounds 1");
    let table = text(&output.stdout);
    assert_eq!(table.matches("(n=1)").count(), 2, "{table}");
    assert!(!table.contains("noise") && !table.contains(" tie"), "{table}");
}

#[test]
fn list_names_engines_and_workloads() {
    let output = pool_lab("list");
    assert!(output.status.success());
    let list = text(&output.stdout);
    let settings = |rules: &[Rule]| {
        rules.iter().map(|rule| format!("{}={}", rule.name, rule.default)).collect::<Vec<_>>()
    };
    for Row { engine, .. } in engines::rows() {
        let expected = [engine.name, engine.version()].map(str::to_owned);
        let mut expected = expected.into_iter().chain(settings(engine.options));
        assert!(expected.all(|expected| list.contains(&expected)), "{}", engine.name);
    }
    for workloads::Row { about, .. } in workloads::rows() {
        let mut expected = [about.name.to_owned()].into_iter().chain(settings(about.parameters));
        assert!(expected.all(|expected| list.contains(&expected)), "{}", about.name);
    }
}

/// Every path that is counted can be run at both sizes, and is larger at the larger one.
#[test]
fn what_is_counted_can_be_run() {
    let counted = text(&pool_lab("counted").stdout);
    assert!(counted.contains("engine|stealing\n"), "{counted}");
    let paths: Vec<&str> = counted.lines().filter_map(|line| line.strip_prefix("path|")).collect();
    assert!(paths.len() > 3, "{counted}");
    for path in paths {
        let parts: Vec<&str> = path.split('|').collect();
        let [_, workload, small, large] = parts[..] else { panic!("{path}") };
        let operations = |size| {
            let output = pool_lab(&format!("run -w {workload}={size} -p stealing:1"));
            text(&output.stdout).trim().parse::<u64>().unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        assert!(operations(small) < operations(large), "{path}");
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
fn reports_are_made_of_a_folder_of_records_as_it_is() {
    let root = Folder::new("report");
    let folder = Folder(root.0.join("results/mine"));
    fs::create_dir_all(&folder.0).unwrap();
    measure_into(&folder, "-w join/fib:n=10 -p rayon,serial --rounds 2");
    for (named, report) in
        [(&root.0, root.0.join("results/README.md")), (&folder.0, folder.0.join("report.md"))]
    {
        let output = pool_lab(&format!("report {}", named.display()));
        assert!(output.status.success(), "{}", text(&output.stderr));
        let report = fs::read_to_string(report).unwrap();
        assert!(
            report.contains("## mine") && report.contains("join/fib") && report.contains("rayon"),
            "{report}"
        );
    }
    let csv = folder.0.join("rayon.csv");
    let good = fs::read_to_string(&csv).unwrap();
    let negative = good.replacen(",time_per_op,ns,", ",time_per_op,ns,-", 1);
    let cut = &good[..good.len() - 1];
    for (bad, expected) in [
        (cut, "rayon.csv is cut short"),
        ("", "rayon.csv is cut short (line 1): remove it"),
        (&*negative, "rayon.csv:2: time_per_op must not"),
    ] {
        fs::write(&csv, bad).unwrap();
        let message = mistake(&format!("report {}", root.0.display()));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn tables_and_lists_are_as_narrow_as_the_terminal() {
    let narrow = |arguments: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pool-lab"));
        let output = command.args(arguments.split_whitespace()).env("COLUMNS", "30").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let measure = "measure -w join/fib:n=10 -p rayon,threadpool,bounded::capacity=1024:overflow=caller-runs -t 1 --rounds 2";
    for arguments in ["list", measure, "claims --list", "claims --quick --only too-few-threads"] {
        for line in narrow(arguments).lines() {
            assert!(line.chars().count() <= 30, "{line}");
        }
    }
}
