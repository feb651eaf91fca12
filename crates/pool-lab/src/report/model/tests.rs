use super::*;
use crate::report::invented::{Sample, records};

fn only_contest(samples: &[Sample]) -> Contest {
    let mut families = arrange(&records(samples));
    assert_eq!(families.len(), 1);
    families[0].benches.remove(0).contests.remove(0)
}

fn order(contest: &Contest) -> Vec<(&str, Option<usize>)> {
    let rank = |entry: &Entry| entry.measured().and_then(|measured| measured.rank);
    contest.entries.iter().map(|entry| (entry.engine.as_str(), rank(entry))).collect()
}

fn ratio(contest: &Contest, engine: &str) -> Estimate {
    contest.entry(engine).unwrap().measured().unwrap().ratio
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
    let titles: Vec<String> = families.iter().flat_map(|f| &f.benches).map(Bench::title).collect();
    assert_eq!(titles, ["spawn/a (n=1)", "spawn/a (n=2)", "spawn/b", "app/x", "zoo/x"]);
    let threads: Vec<usize> = families[0].benches[2].contests.iter().map(|c| c.threads).collect();
    assert_eq!(threads, [1, 2]);
    assert_eq!(families[0].benches[2].top().threads, 2);
}

#[test]
fn entries_are_sorted_and_failures_come_last() {
    let contest = only_contest(&[
        Sample::unsupported("spawn/a", "chili"),
        Sample::error("spawn/a", "threadpool", "wrong answer"),
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::time("spawn/a", "stealing", 10.0),
        Sample::time("spawn/a", "serial", 1.0),
    ]);
    assert_eq!(
        order(&contest),
        [("serial", None), ("stealing", Some(1)), ("rayon", Some(2)), ("threadpool", None), ("chili", None)]
    );
    assert!(
        matches!(&contest.entry("threadpool").unwrap().outcome, Outcome::Failed(what) if what == "wrong answer")
    );
}

#[test]
fn an_error_outweighs_a_time() {
    let contest = only_contest(&[
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::error("spawn/a", "rayon", "lost a job"),
    ]);
    assert!(contest.entry("rayon").unwrap().measured().is_none());
}

#[test]
fn paired_ratios_are_used_where_all_have_them() {
    let contest = only_contest(&[
        Sample::time("spawn/a", "stealing", 10.0),
        Sample::relative("spawn/a", "stealing", 1.0, "stealing"),
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::relative("spawn/a", "rayon", 3.5, "stealing"),
    ]);
    assert_eq!(ratio(&contest, "stealing"), Estimate::exact(1.0));
    assert_eq!(ratio(&contest, "rayon").median, 3.5);
}

#[test]
fn ratios_come_from_times_where_pairs_are_missing() {
    let contest = only_contest(&[
        Sample::time("spawn/a", "stealing", 10.0),
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::relative("spawn/a", "rayon", 3.5, "stealing"),
    ]);
    let rayon = ratio(&contest, "rayon");
    assert_eq!(rayon.median, 3.0);
    assert!(rayon.low < 2.95 && rayon.high > 3.05, "both intervals count: {rayon:?}");
}

#[test]
fn ratios_to_the_yardstick_become_ratios_to_the_fastest_pool() {
    let contest = only_contest(&[
        Sample::time("join/a", "serial", 1.0),
        Sample::relative("join/a", "serial", 1.0, "serial"),
        Sample::time("join/a", "stealing", 2.0),
        Sample::relative("join/a", "stealing", 2.0, "serial"),
        Sample::time("join/a", "rayon", 8.0),
        Sample::relative("join/a", "rayon", 8.0, "serial"),
    ]);
    assert_eq!(ratio(&contest, "serial").median, 0.5);
    assert_eq!(ratio(&contest, "stealing"), Estimate::exact(1.0));
    assert_eq!(ratio(&contest, "rayon").median, 4.0);
}

#[test]
fn noise_makes_ties_and_the_widest_is_used_elsewhere() {
    let samples = [
        Sample::time("spawn/a", "stealing", 100.0),
        Sample::time("spawn/a", "mpsc", 104.0),
        Sample::time("spawn/a", "rayon", 120.0),
        Sample::noise("spawn/a", "stealing", 1.05),
        Sample::time("spawn/b", "stealing", 100.0),
    ];
    let families = arrange(&records(&samples));
    let (a, b) = (families[0].benches[0].top(), families[0].benches[1].top());
    assert_eq!(order(a), [("stealing", Some(1)), ("mpsc", Some(1)), ("rayon", Some(3))]);
    assert_eq!(b.noise, a.noise);
}

#[test]
fn closeness_is_not_passed_on() {
    let close = |median| Estimate { median, low: median - 0.01, high: median + 0.01 };
    let noise = Some(Estimate { median: 1.0, low: 0.95, high: 1.05 });
    let places = places(&[Estimate::exact(1.0), close(1.05), close(1.1), close(1.14)], noise);
    let ranks: Vec<(usize, bool)> = places.iter().map(|place| (place.rank, place.tied)).collect();
    assert_eq!(ranks, [(1, true), (1, true), (3, true), (3, true)]);
}

#[test]
fn one_sample_takes_no_rank_and_is_no_reference() {
    let contest = only_contest(&[
        Sample::time("spawn/a", "chili", 5.0).once(),
        Sample::time("spawn/a", "stealing", 10.0),
        Sample::time("spawn/a", "rayon", 30.0),
        Sample::time("spawn/a", "mpsc", 40.0).once(),
    ]);
    assert_eq!(order(&contest), [("chili", None), ("stealing", Some(1)), ("rayon", Some(2)), ("mpsc", None)]);
    assert_eq!((ratio(&contest, "stealing").median, ratio(&contest, "chili").median), (1.0, 0.5));
    let only = only_contest(&[Sample::time("spawn/a", "mpsc", 30.0).once()]);
    assert_eq!((order(&only), ratio(&only, "mpsc").median), (vec![("mpsc", None)], 1.0));
}

#[test]
fn nothing_from_nothing() {
    assert!(arrange(&[]).is_empty());
    let contest = only_contest(&[Sample::unsupported("spawn/a", "chili")]);
    assert_eq!(order(&contest), [("chili", None)]);
}
