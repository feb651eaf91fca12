use super::*;
use crate::report::invented::{Sample, records};

fn only_group(samples: &[Sample]) -> Group {
    let mut families = arrange(&records(samples));
    assert_eq!(families.len(), 1);
    families[0].tasks.remove(0).groups.remove(0)
}

fn order(group: &Group) -> Vec<(&str, Option<usize>)> {
    let rank = |entry: &Entry| entry.measured().and_then(|measured| measured.rank);
    group.entries.iter().map(|entry| (entry.engine.as_str(), rank(entry))).collect()
}

fn ratio(group: &Group, engine: &str) -> Estimate {
    group.entry(engine).unwrap().measured().unwrap().ratio
}

#[test]
fn families_and_workloads_have_an_order() {
    let samples = [
        Sample::time("zoo/x", "mpsc", 1.0),
        Sample::time("app/x", "mpsc", 1.0),
        Sample::time("spawn/b", "mpsc", 1.0).threads(2),
        Sample::time("spawn/b", "mpsc", 1.0).threads(1),
        Sample::time("spawn/a", "mpsc", 1.0).variant("n=2"),
        Sample::time("spawn/a", "mpsc", 1.0).variant("n=1"),
    ];
    let families = arrange(&records(&samples));
    let titles: Vec<String> = families.iter().flat_map(|f| &f.tasks).map(Task::title).collect();
    assert_eq!(titles, ["spawn/a (n=1)", "spawn/a (n=2)", "spawn/b", "app/x", "zoo/x"]);
    let threads: Vec<usize> = families[0].tasks[2].groups.iter().map(|c| c.threads).collect();
    assert_eq!(threads, [1, 2]);
    assert_eq!(families[0].tasks[2].top().threads, 2);
}

#[test]
fn entries_are_sorted_and_failures_come_last() {
    let group = only_group(&[
        Sample::unsupported("spawn/a", "chili"),
        Sample::error("spawn/a", "threadpool", "wrong answer"),
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::time("spawn/a", "stealing", 10.0),
        Sample::time("spawn/a", "serial", 1.0),
    ]);
    assert_eq!(
        order(&group),
        [("serial", None), ("stealing", Some(1)), ("rayon", Some(2)), ("threadpool", None), ("chili", None)]
    );
    assert!(
        matches!(&group.entry("threadpool").unwrap().outcome, Outcome::Failed(what) if what == "wrong answer")
    );
}

#[test]
fn an_error_outweighs_a_time() {
    let group = only_group(&[
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::error("spawn/a", "rayon", "lost a job"),
    ]);
    assert!(group.entry("rayon").unwrap().measured().is_none());
}

#[test]
fn paired_ratios_are_used_where_all_have_them() {
    let group = only_group(&[
        Sample::time("spawn/a", "stealing", 10.0),
        Sample::relative("spawn/a", "stealing", 1.0, "stealing"),
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::relative("spawn/a", "rayon", 3.5, "stealing"),
    ]);
    assert_eq!(ratio(&group, "stealing"), Estimate::exact(1.0));
    assert_eq!(ratio(&group, "rayon").median, 3.5);
}

#[test]
fn ratios_come_from_times_where_pairs_are_missing() {
    let group = only_group(&[
        Sample::time("spawn/a", "stealing", 10.0),
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::relative("spawn/a", "rayon", 3.5, "stealing"),
    ]);
    let rayon = ratio(&group, "rayon");
    assert_eq!(rayon.median, 3.0);
    assert!(rayon.low < 2.95 && rayon.high > 3.05, "both intervals count: {rayon:?}");
}

#[test]
fn ratios_to_plain_calls_become_ratios_to_the_fastest_pool() {
    let group = only_group(&[
        Sample::time("join/a", "serial", 1.0),
        Sample::relative("join/a", "serial", 1.0, "serial"),
        Sample::time("join/a", "stealing", 2.0),
        Sample::relative("join/a", "stealing", 2.0, "serial"),
        Sample::time("join/a", "rayon", 8.0),
        Sample::relative("join/a", "rayon", 8.0, "serial"),
    ]);
    assert_eq!(ratio(&group, "serial").median, 0.5);
    assert_eq!(ratio(&group, "stealing"), Estimate::exact(1.0));
    assert_eq!(ratio(&group, "rayon").median, 4.0);
}

#[test]
fn equal_and_undecided_engines_share_a_place_and_each_says_which() {
    let samples = [
        Sample::time("spawn/a", "stealing", 100.0),
        Sample::relative("spawn/a", "stealing", 1.0, "stealing"),
        Sample::time("spawn/a", "mpsc", 104.0),
        Sample::relative("spawn/a", "mpsc", 1.02, "stealing"),
        Sample::time("spawn/a", "tokio", 110.0),
        Sample::relative("spawn/a", "tokio", 1.005, "stealing").between(0.8, 1.3),
        Sample::time("spawn/a", "rayon", 120.0),
        Sample::relative("spawn/a", "rayon", 1.2, "stealing"),
    ];
    let group = only_group(&samples);
    let expected = [("stealing", Some(1)), ("tokio", Some(1)), ("mpsc", Some(1)), ("rayon", Some(4))];
    assert_eq!(order(&group), expected, "by paired ratios, not by times, which may be of other blocks");
    let words: Vec<&str> = group.measured().map(|(_, measured)| measured.verdict.word()).collect();
    assert_eq!(words, ["equal", "undecided", "equal", "slower"]);
    assert_eq!(group.noise, None);
}

#[test]
fn closeness_is_not_passed_on() {
    let close = |median| Estimate { median, low: median - 0.03, high: median + 0.03 };
    let places = places(&[Estimate::exact(1.0), close(1.02), close(1.1), close(1.14)], shares_a_place);
    let ranks: Vec<(usize, bool)> = places.iter().map(|place| (place.rank, place.tied)).collect();
    assert_eq!(ranks, [(1, true), (1, true), (3, true), (3, true)]);
}

#[test]
fn one_sample_takes_no_rank_and_is_no_reference() {
    let group = only_group(&[
        Sample::time("spawn/a", "chili", 5.0).once(),
        Sample::time("spawn/a", "stealing", 10.0),
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::time("spawn/a", "mpsc", 40.0).once(),
    ]);
    assert_eq!(order(&group), [("chili", None), ("stealing", Some(1)), ("rayon", Some(2)), ("mpsc", None)]);
    assert_eq!((ratio(&group, "stealing").median, ratio(&group, "chili").median), (1.0, 0.5));
    let only = only_group(&[Sample::time("spawn/a", "mpsc", 30.0).once()]);
    assert_eq!((order(&only), ratio(&only, "mpsc").median), (vec![("mpsc", None)], 1.0));
}

#[test]
fn nothing_from_nothing() {
    assert!(arrange(&[]).is_empty());
    let group = only_group(&[Sample::unsupported("spawn/a", "chili")]);
    assert_eq!(order(&group), [("chili", None)]);
}
