use std::process::Command;

use super::*;
use crate::metrics;
use crate::numbers::stats::Estimate;
use crate::record::Subject;
use crate::record::folder::write_machine;
use crate::system::scratch::Scratch;

fn machine(name: &str) -> Machine {
    Machine::describe(Path::new(".")).named(name)
}

fn timing(engine: &str, time: f64) -> Record {
    Subject::new("spawn/external", "", engine, "1.0", 2).record(
        &metrics::TIME_PER_OP,
        Estimate::exact(time),
        15,
    )
}

fn folders(results: &Path) -> Vec<String> {
    load(results).unwrap().into_iter().map(|run| run.folder).collect()
}

#[test]
fn a_users_run_lies_beside_the_reference() {
    let scratch = Scratch::new();
    let results = scratch.path();
    let (theirs, mine) = ([timing("a", 1.0)], [timing("a", 2.0)]);
    assert_eq!(save(results, &machine("box"), &theirs, Role::Reference).unwrap(), "box");
    assert_eq!(save(results, &machine("box"), &mine, Role::Own).unwrap(), "box-2");
    assert_eq!(save(results, &machine("box"), &mine, Role::Own).unwrap(), "box-2");
    let runs = load(results).unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs[0].is_own && !runs[0].is_reference && runs[1].is_reference && !runs[1].is_own);
    assert_eq!((runs[0].records.as_slice(), runs[1].records.as_slice()), (&mine[..], &theirs[..]));
}

#[test]
fn a_users_run_comes_first_then_the_reference_which_may_be_measured_again() {
    let scratch = Scratch::new();
    let results = scratch.path();
    save(results, &machine("omega"), &[timing("a", 1.0)], Role::Reference).unwrap();
    save(results, &machine("psi"), &[timing("a", 1.0)], Role::Own).unwrap();
    fs::create_dir(results.join("alpha")).unwrap();
    write_machine(&results.join("alpha"), &machine("alpha")).unwrap();
    assert_eq!(folders(results), ["psi", "omega", "alpha"]);
    let again = [timing("b", 3.0)];
    assert_eq!(save(results, &machine("omega"), &again, Role::Reference).unwrap(), "omega");
    assert_eq!(load(results).unwrap()[1].records, again, "records of an engine no longer measured are gone");
}

#[test]
fn a_name_that_is_taken_gets_a_number_and_what_has_it_stays() {
    let scratch = Scratch::new();
    let results = scratch.path();
    // As in a fresh copy of the repository: runs of others, and no word of one's own.
    for (name, time) in [("box", 1.0), ("box-2", 2.0)] {
        files::write_by_engine(&results.join(name), &[timing("a", time)]).unwrap();
        write_machine(&results.join(name), &machine("box")).unwrap();
    }
    fs::create_dir(results.join("box-3")).unwrap();
    let mine = [timing("a", 3.0)];
    assert_eq!(save(results, &machine("box"), &mine, Role::Own).unwrap(), "box-4");
    assert_eq!(save(results, &machine("box"), &mine, Role::Own).unwrap(), "box-4", "one's own is replaced");
    assert_eq!(save(results, &machine("other"), &mine, Role::Own).unwrap(), "other");
    let times = |run: &Run| (run.folder.clone(), run.records[0].median);
    let runs: Vec<(String, f64)> = load(results).unwrap().iter().map(times).collect();
    let expected = [("other", 3.0), ("box", 1.0), ("box-2", 2.0), ("box-4", 3.0)];
    assert_eq!(runs, expected.map(|(name, time)| (name.to_owned(), time)));
}

#[test]
fn a_reference_that_was_once_ones_own_is_not_replaced() {
    let scratch = Scratch::new();
    let results = scratch.path();
    save(results, &machine("box"), &[timing("a", 1.0)], Role::Own).unwrap();
    save(results, &machine("box"), &[timing("a", 2.0)], Role::Reference).unwrap();
    assert_eq!(save(results, &machine("box"), &[timing("a", 3.0)], Role::Own).unwrap(), "box-2");
    assert_eq!(folders(results), ["box-2", "box"]);
}

/// Runs git in a folder, as nobody in particular.
fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_git_tracks_is_replaced_by_the_reference_only() {
    let scratch = Scratch::new();
    git(scratch.path(), &["init", "-q"]);
    let results = scratch.path().join("results");
    fs::create_dir(&results).unwrap();
    let mine = [timing("a", 1.0)];
    let save = |role| save(&results, &machine("box"), &mine, role).unwrap();
    assert_eq!(
        (save(Role::Own), save(Role::Own)),
        ("box".to_owned(), "box".to_owned()),
        "nothing is tracked"
    );
    git(scratch.path(), &["add", "results/box"]);
    assert_eq!(save(Role::Own), "box-2", "the word of `own` does not count against the index");
    assert_eq!(save(Role::Own), "box-2");
    fs::remove_dir_all(results.join("box")).unwrap();
    assert_eq!(folder_for(&results, &machine("box"), Role::Own).unwrap(), "box-2");
    git(scratch.path(), &["add", "results/box-2"]);
    assert_eq!(save(Role::Own), "box-3", "box can be had from git again");
    fs::create_dir(results.join("box-3.unfinished")).unwrap();
    fs::write(results.join("box-3.unfinished/machine.json"), "{}").unwrap();
    git(scratch.path(), &["add", "results/box-3.unfinished"]);
    assert_eq!(save(Role::Own), "box-4");
    assert_eq!(save(Role::Reference), "box");
}

#[test]
fn without_a_reference_a_run_has_the_machines_name() {
    let scratch = Scratch::new();
    assert_eq!(folder_for(scratch.path(), &machine("box"), Role::Own).unwrap(), "box");
    assert_eq!(reference(scratch.path()).unwrap(), None);
}

#[test]
fn other_folders_and_files_are_left_alone() {
    let scratch = Scratch::new();
    let results = scratch.path();
    fs::create_dir(results.join("notes")).unwrap();
    fs::write(results.join("notes/x.csv"), "not records").unwrap();
    save(results, &machine("box"), &[], Role::Own).unwrap();
    assert_eq!(folders(results), ["box"]);
}

#[test]
fn what_is_wrong_is_named() {
    let scratch = Scratch::new();
    let results = scratch.path();
    save(results, &machine("box"), &[], Role::Reference).unwrap();
    fs::write(results.join("reference"), "elsewhere\n").unwrap();
    assert!(matches!(load(results), Err(ResultsError::NoReference { name, .. }) if name == "elsewhere"));
    fs::write(results.join("reference"), "box\n").unwrap();
    fs::write(results.join("box/machine.json"), "{}").unwrap();
    let text = load(results).unwrap_err().to_string();
    assert!(text.contains("machine.json: missing field"), "{text}");
    assert!(matches!(load(&results.join("none")), Err(ResultsError::Io { .. })));
}
