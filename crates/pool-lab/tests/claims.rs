//! `pool-lab claims`, run as a user runs it.

use std::fs;
use std::process::{Command, Output};

fn pool_lab(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pool-lab"));
    command.args(arguments.split_whitespace()).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is text")
}

#[test]
fn claims_are_listed_measured_and_reported() {
    let list = text(&pool_lab("claims --list").stdout);
    assert!(list.lines().count() >= 10 && list.contains("pool-per-request"), "{list}");
    let folder = std::env::temp_dir().join(format!("pool-lab-claims-{}", std::process::id()));
    let out = folder.display();
    for name in ["thread-cost", "lock-while-running", "thread-cost"] {
        let output = pool_lab(&format!("claims --quick --only {name} --out {out}"));
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("measured: "), "{}", text(&output.stdout));
    }
    assert!(folder.join("claims.csv").is_file() && folder.join("machine.json").is_file());
    let output = pool_lab(&format!("report {out}"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    for file in ["report.md", "report.html"] {
        let report = fs::read_to_string(folder.join(file)).unwrap();
        for expected in ["What everyone repeats", "takes 1 to 2 ms", "With the lock held a job of 1 ms takes"]
        {
            assert!(report.contains(expected), "{expected} in {file}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// Where Python is a program that never answers, and nothing else is installed.
#[cfg(unix)]
#[test]
fn a_claim_that_hangs_has_a_line_and_the_others_are_measured() {
    let folder = std::env::temp_dir().join(format!("pool-lab-claims-hang-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let python = folder.join("python3");
    let script =
        "#!/bin/sh\ncase \"$1\" in --version) echo Python 3.0;; *) while read line; do :; done;; esac\n";
    // By another process: one that the other test starts at that moment could have the file open, and nobody could run it.
    let write = ["-c", "printf %s \"$1\" >\"$0\" && chmod 755 \"$0\""];
    assert!(Command::new("sh").args(write).arg(&python).arg(script).status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_pool-lab"));
    let arguments = "claims --quick --only languages,lock-while-running --patience 10 --out";
    command.args(arguments.split_whitespace()).arg(&folder).env("PATH", &folder);
    let output = command.output().unwrap();
    let (measured, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("languages: ERROR: hung after 10 s: Python thread"), "{said}");
    assert!(measured.starts_with("lock-while-running\n"), "{measured}");
    let records = fs::read_to_string(folder.join("claims.csv")).unwrap();
    assert!(
        records.contains("claim/lock-while-running") && !records.contains("claim/languages"),
        "{records}"
    );
    fs::remove_dir_all(&folder).unwrap();
}
