//! What the code map of the README promises, checked on the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// A file with more lines of code, prose not counted, has two subjects.
const LONGEST_FILE: usize = 400;

/// The peers, and the one crate that may depend on them.
const PEERS: [&str; 6] = ["async-executor", "chili", "rayon", "rusty_pool", "threadpool", "tokio"];
const BAROMETER: &str = "pool-lab";

/// The crates that have unsafe code; all others forbid it.
const WITH_UNSAFE: [&str; 3] = ["pool-core", "pool-stealing", BAROMETER];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/pool-lab").to_owned()
}

fn crates() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let mut crates: Vec<PathBuf> = folders.filter(|folder| folder.join("Cargo.toml").is_file()).collect();
    crates.sort();
    crates
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// All Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_file_has_two_subjects() {
    let files: Vec<PathBuf> = crates().iter().flat_map(|folder| sources(folder)).collect();
    assert!(files.len() > 100, "the sources are where this test looks for them");
    let lines = |path: &PathBuf| lines_of_code(&fs::read_to_string(path).unwrap());
    let long: Vec<(usize, &PathBuf)> =
        files.iter().map(|path| (lines(path), path)).filter(|(lines, _)| *lines > LONGEST_FILE).collect();
    assert!(long.is_empty(), "more than {LONGEST_FILE} lines of code: {long:?}");
}

fn lines_of_code(source: &str) -> usize {
    source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn only_the_barometer_knows_peers() {
    for folder in crates().iter().filter(|folder| name(folder) != BAROMETER) {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        for peer in PEERS {
            let depends = manifest.lines().any(|line| line.starts_with(peer));
            assert!(!depends, "{} depends on {peer}", folder.display());
        }
    }
}

#[test]
fn crates_without_unsafe_code_forbid_it() {
    for folder in crates().iter().filter(|folder| !WITH_UNSAFE.contains(&name(folder))) {
        let library = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        assert!(library.contains("#![forbid(unsafe_code)]"), "{}", folder.display());
    }
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    for folder in crates().into_iter().chain([root().join("benches")]) {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", folder.display());
    }
}
