//! The crate beside this one that brings a strategy, an engine and a workload of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Does what its README says: copies it to this folder, changes the two paths, and builds it, with the versions that this workspace
/// has, so that nothing is fetched and little is built.
fn build_in(folder: &Path) -> PathBuf {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (root, theirs) = (lab.ancestors().nth(2).unwrap(), lab.join("bring-your-own"));
    fs::create_dir_all(folder.join("src")).unwrap();
    for file in fs::read_dir(theirs.join("src")).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), folder.join("src").join(file.file_name())).unwrap();
    }
    let mut manifest = fs::read_to_string(theirs.join("Cargo.toml")).unwrap();
    assert_eq!(manifest.matches("path = ").count(), 2, "the README tells of two");
    for (path, place) in [("../../pool-core", lab.with_file_name("pool-core")), ("..", lab.to_owned())] {
        manifest = manifest.replace(&format!("path = {path:?}"), &format!("path = {place:?}"));
    }
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let target = Path::new(env!("CARGO_BIN_EXE_pool-lab")).ancestors().nth(2).unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--target-dir"])
        .arg(target)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target.join("debug").join(format!("bring-your-own{}", std::env::consts::EXE_SUFFIX))
}

fn run(program: &Path, arguments: &str, folder: &Path) -> String {
    let run: Output =
        Command::new(program).args(arguments.split_whitespace()).current_dir(folder).output().unwrap();
    assert!(run.status.success(), "{arguments}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn a_crate_of_ones_own_has_its_rows_in_lists_records_and_reports() {
    let folder = std::env::temp_dir().join(format!("bring-your-own-{}", std::process::id()));
    let program = build_in(&folder);
    let list = run(&program, "list", &folder);
    for name in ["  stack ", "  my-threads ", "  mine/echo ", "  stealing ", "  join/fib "] {
        assert!(list.contains(name), "{name}: {list}");
    }
    let chosen = "measure -p stack,my-threads,rayon,chili -t 2 -w mine/echo:jobs=200,spawn/external:jobs=200";
    let table = run(&program, &format!("{chosen} --rounds 2 --out out"), &folder);
    assert!(table.contains("n/a, no detached jobs: chili"), "{table}");
    assert!(!table.contains("ERROR"), "{table}");
    run(&program, "measure -p stack -t 2 -w join/fib:n=10,scope/flat:jobs=50 --rounds 2 --out out", &folder);
    run(&program, "report out", &folder);
    let report = fs::read_to_string(folder.join("out/report.md")).unwrap();
    for line in ["mine/echo", "| stack", "| my-threads", "join/fib"] {
        assert!(report.contains(line), "{line}: {report}");
    }
    let records = fs::read_to_string(folder.join("out/stack.csv")).unwrap();
    assert!(records.contains("mine/echo,jobs=200,stack,0.1.0,2,time_per_op"), "{records}");
    assert!(report.contains("| stack | 0.1.0 | brought |") && !report.contains("| ours |"), "{report}");
    fs::remove_dir_all(folder).unwrap();
}
