use super::*;
use crate::engine::Spec;
use crate::metrics;
use crate::numbers::stats::Estimate;
use crate::plan::Plan;
use crate::record::Subject;
use crate::record::error::{MACHINE, PROGRESS};
use crate::record::folder::{read_machine, write_machine};
use crate::system::scratch::Scratch;
use crate::workload::Task;

fn machine() -> Machine {
    Machine::describe(Path::new("."))
}

/// Two workloads on these engines.
fn groups(engines: &str) -> Vec<Group> {
    workloads("join/fib:n=5,join/fib:n=6", engines)
}

fn workloads(list: &str, engines: &str) -> Vec<Group> {
    let (engines, tasks) = (Spec::parse_list(engines).unwrap(), Task::parse_list(list).unwrap());
    Plan { engines, tasks, threads: vec![2] }.groups()
}

/// A time for each engine of the group.
fn times(group: &Group, time: f64) -> Vec<Record> {
    let record = |label: String| {
        let subject = Subject::new(group.task.about.name, &group.task.variant(), &label, "1", group.threads);
        subject.record(&metrics::TIME_PER_OP, Estimate::exact(time), 15)
    };
    group.labels().into_iter().map(record).collect()
}

fn open(folder: &Path, groups: &[Group], earlier: Earlier) -> Store {
    Store::open(folder, &machine(), groups, &Pace::default(), earlier).unwrap()
}

/// Engine, variant and time of everything in the folder's files.
fn on_disk(folder: &Path) -> Vec<(String, String, f64)> {
    let records = super::super::results::load_run(folder).unwrap().records;
    records.into_iter().map(|record| (record.engine, record.variant, record.median)).collect()
}

fn rows(rows: &[(&str, &str, f64)]) -> Vec<(String, String, f64)> {
    rows.iter().map(|(engine, variant, time)| ((*engine).to_owned(), (*variant).to_owned(), *time)).collect()
}

#[test]
fn each_group_is_on_disk_when_it_ends_and_none_before() {
    let scratch = Scratch::new();
    let groups = groups("rayon,serial");
    let mut store = open(scratch.path(), &groups, Earlier::Keep);
    assert!(!scratch.path().join(MACHINE).exists(), "nothing has been measured yet");
    assert_eq!(store.done(), (0, 2));
    store.add(&groups[0], &times(&groups[0], 7.0)).unwrap();
    assert_eq!(on_disk(scratch.path()), rows(&[("rayon", "n=5", 7.0), ("serial", "n=5", 7.0)]));
    assert_eq!(read_machine(scratch.path()).unwrap(), *store.machine());
    assert_eq!((store.done(), store.missing().len()), ((1, 2), 1));
}

#[test]
fn a_later_run_keeps_what_it_does_not_measure() {
    let scratch = Scratch::new();
    let both = groups("rayon,serial");
    let mut store = open(scratch.path(), &both, Earlier::Keep);
    both.iter().for_each(|group| store.add(group, &times(group, 1.0)).unwrap());
    let again = workloads("join/fib:n=6,join/fib:n=7", "rayon,chili");
    let mut store = open(scratch.path(), &again, Earlier::Keep);
    again.iter().for_each(|group| store.add(group, &times(group, 2.0)).unwrap());
    let expected = [
        ("chili", "n=6", 2.0),
        ("chili", "n=7", 2.0),
        ("rayon", "n=5", 1.0),
        ("rayon", "n=6", 2.0),
        ("rayon", "n=7", 2.0),
        ("serial", "n=5", 1.0),
        ("serial", "n=6", 1.0),
    ];
    assert_eq!(on_disk(scratch.path()), rows(&expected));
}

#[test]
fn a_run_is_gone_on_with_where_it_was_cut_off() {
    let scratch = Scratch::new();
    let all = groups("rayon");
    let mut store = open(scratch.path(), &all, Earlier::Remove);
    store.add(&all[0], &times(&all[0], 1.0)).unwrap();
    let begun = store.machine().clone();
    let mut store = open(scratch.path(), &all, Earlier::Resume);
    assert_eq!(store.missing().iter().map(ToString::to_string).collect::<Vec<_>>(), [all[1].to_string()]);
    assert_eq!((store.done(), store.machine()), ((1, 2), &begun));
    store.add(&all[1], &times(&all[1], 2.0)).unwrap();
    assert_eq!((store.done(), store.records().len()), ((2, 2), 2));
    assert!(open(scratch.path(), &all, Earlier::Resume).missing().is_empty());
    assert_eq!(
        open(scratch.path(), &all, Earlier::Keep).missing().len(),
        2,
        "without, all is measured again"
    );
}

#[test]
fn an_engine_that_has_crashed_is_not_tried_again_by_a_run_that_is_gone_on_with() {
    let scratch = Scratch::new();
    let all = groups("rayon,mpsc");
    let words = |signal: &str| {
        let store = open(scratch.path(), &all, Earlier::Resume);
        store.runs(&all[0], "rayon");
        store.runs(&all[1], "mpsc");
        let written = fs::read_to_string(scratch.path().join("running")).unwrap();
        drop(store);
        // As a process leaves it that does not get so far.
        fs::write(scratch.path().join("running"), written + signal).unwrap();
    };
    let known = |store: &Store| {
        let of = |group: usize, engine: &str| store.known_failure(&all[group], engine);
        assert_eq!((of(0, "rayon"), of(0, "mpsc"), of(1, "rayon")), (None, None, None));
        of(1, "mpsc")
    };
    assert!(open(scratch.path(), &all, Earlier::Resume).is_new());
    words("");
    let once = open(scratch.path(), &all, Earlier::Resume);
    assert_eq!((known(&once), once.is_new()), (None, false), "it may have been ended from outside");
    drop(once);
    words("");
    let twice = Some("the process ended 2 times while it ran".to_owned());
    assert_eq!(known(&open(scratch.path(), &all, Earlier::Resume)), twice);
    assert_eq!(known(&open(scratch.path(), &all, Earlier::Resume)), twice);
    words("SIGSEGV\n");
    let crashed = Some("crashed (SIGSEGV), and the process with it".to_owned());
    assert_eq!(known(&open(scratch.path(), &all, Earlier::Resume)), crashed);
    assert_eq!(known(&open(scratch.path(), &all, Earlier::Keep)), None, "a new run tries again");
}

#[test]
fn what_was_measured_otherwise_is_measured_again() {
    let scratch = Scratch::new();
    let all = groups("rayon");
    let mut store = open(scratch.path(), &all, Earlier::Keep);
    all.iter().for_each(|group| store.add(group, &times(group, 1.0)).unwrap());
    let missing = |groups: &[Group], pace: Pace| {
        Store::open(scratch.path(), &machine(), groups, &pace, Earlier::Resume).unwrap().missing().len()
    };
    assert_eq!(missing(&all, Pace::default()), 0);
    assert_eq!(missing(&all, Pace { rounds: 16, ..Pace::default() }), 2);
    assert_eq!(missing(&all, Pace { sample: Duration::from_millis(11), ..Pace::default() }), 2);
    assert_eq!(missing(&groups("rayon,serial"), Pace::default()), 2);
    // Another program, or another kernel.
    let path = scratch.path().join(PROGRESS);
    let progress = fs::read_to_string(&path).unwrap();
    fs::write(&path, progress.replace(" bytes, written at", "9 bytes, written at")).unwrap();
    assert_eq!(missing(&all, Pace::default()), 2);
    fs::write(&path, &progress).unwrap();
    assert_eq!(missing(&all, Pace::default()), 0);
    write_machine(scratch.path(), &Machine { kernel: Some("0.01".to_owned()), ..machine() }).unwrap();
    assert_eq!(missing(&all, Pace::default()), 2);
    // What another version has written says nothing.
    write_machine(scratch.path(), &machine()).unwrap();
    fs::write(&path, "{}").unwrap();
    assert_eq!(missing(&all, Pace::default()), 2);
}

#[test]
fn what_was_cut_short_or_is_missing_is_told_and_removing_it_is_enough() {
    let scratch = Scratch::new();
    let folder = scratch.path();
    let all = groups("rayon,serial");
    let mut store = open(folder, &all, Earlier::Keep);
    all.iter().for_each(|group| store.add(group, &times(group, 1.0)).unwrap());
    drop(store);
    let error = |earlier| {
        let opened = Store::open(folder, &machine(), &all, &Pace::default(), earlier);
        opened.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let keep = |name: &str| {
        let path = folder.join(name);
        let text = fs::read(&path).unwrap();
        (path, text)
    };
    for (name, expected) in [
        ("progress.json", "remove it, and everything is measured again"),
        ("machine.json", "remove its folder, and measure again"),
        ("rayon.csv", "remove it, and measure again, or go on with --resume"),
    ] {
        let (path, text) = keep(name);
        fs::write(&path, &text[..text.len() - 3]).unwrap();
        for earlier in [Earlier::Keep, Earlier::Resume] {
            let error = error(earlier);
            assert!(error.contains(&format!("{name} is cut short (line ")), "{error}");
            assert!(error.contains(expected), "{error}");
        }
        fs::write(&path, &text).unwrap();
    }
    let (path, text) = keep("machine.json");
    fs::remove_file(&path).unwrap();
    for earlier in [Earlier::Keep, Earlier::Resume] {
        assert!(error(earlier).contains("here are records, and no machine.json"), "{}", error(earlier));
    }
    fs::write(&path, &text).unwrap();
    assert!(open(folder, &all, Earlier::Resume).missing().is_empty());
    fs::remove_file(folder.join("rayon.csv")).unwrap();
    assert_eq!(open(folder, &all, Earlier::Resume).missing().len(), 2, "rayon had a part in both");
}

#[test]
fn a_group_that_lost_records_to_a_later_one_is_not_complete() {
    let scratch = Scratch::new();
    let (first, second) = (groups("rayon,serial"), groups("rayon"));
    for (groups, time) in [(&first, 1.0), (&second, 2.0)] {
        let mut store = open(scratch.path(), groups, Earlier::Keep);
        store.add(&groups[0], &times(&groups[0], time)).unwrap();
    }
    assert_eq!(open(scratch.path(), &first, Earlier::Resume).missing().len(), 2);
    assert_eq!(open(scratch.path(), &second, Earlier::Resume).missing().len(), 1);
}

#[test]
fn a_new_run_removes_the_old_one_when_it_has_something_to_show() {
    let scratch = Scratch::new();
    let all = groups("rayon,serial");
    let mut store = open(scratch.path(), &all, Earlier::Remove);
    all.iter().for_each(|group| store.add(group, &times(group, 1.0)).unwrap());
    let fewer = groups("serial");
    let mut store = open(scratch.path(), &fewer, Earlier::Remove);
    assert_eq!(on_disk(scratch.path()).len(), 4);
    store.add(&fewer[0], &times(&fewer[0], 2.0)).unwrap();
    assert_eq!(on_disk(scratch.path()), rows(&[("serial", "n=5", 2.0)]));
}

#[test]
fn records_of_another_machine_and_bad_ones_are_left_alone() {
    let scratch = Scratch::new();
    let error = |earlier| {
        let opened = Store::open(scratch.path(), &machine(), &groups("rayon"), &Pace::default(), earlier);
        opened.unwrap_err().to_string()
    };
    write_machine(scratch.path(), &machine()).unwrap();
    fs::write(scratch.path().join("serial.csv"), "not ours to read").unwrap();
    fs::write(scratch.path().join("rayon.csv"), "").unwrap();
    assert!(error(Earlier::Keep).contains("rayon.csv is cut short (line 1)"), "{}", error(Earlier::Keep));
    write_machine(scratch.path(), &machine().named("other")).unwrap();
    assert!(
        error(Earlier::Resume).contains("records of another machine, other;"),
        "{}",
        error(Earlier::Resume)
    );
    open(scratch.path(), &groups("rayon"), Earlier::Remove);
}

#[test]
fn a_folder_that_cannot_be_is_an_error_at_once() {
    let scratch = Scratch::new();
    let file = scratch.path().join("file");
    fs::write(&file, "").unwrap();
    for folder in [file.clone(), file.join("below")] {
        let opened = Store::open(&folder, &machine(), &groups("rayon"), &Pace::default(), Earlier::Keep);
        let error = opened.unwrap_err().to_string();
        assert!(error.starts_with(&folder.display().to_string()), "{error}");
    }
}
