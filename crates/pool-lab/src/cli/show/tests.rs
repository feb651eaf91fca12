use super::*;
use crate::engine::Spec;
use crate::metrics;
use crate::numbers::stats::Estimate;
use crate::record::Subject;
use crate::workload::Task;

fn timed(engine: &str, time: f64, ratio: f64, cpu: f64, samples: usize) -> [Record; 3] {
    let subject = Subject::new("join/fib", "", engine, "1.0", 2);
    let around = |value: f64| Estimate { median: value, low: value * 0.9, high: value * 1.1 };
    [
        subject.record(&metrics::TIME_PER_OP, around(time), samples),
        subject.relative(around(ratio), samples, "rayon"),
        subject.record(&metrics::CPU_PER_OP, Estimate::exact(cpu), samples),
    ]
}

fn shown(records: &[Record], width: Option<usize>) -> String {
    let engines = Spec::parse_list("rayon,rayon,mpsc").unwrap();
    group(&Group { task: "join/fib".parse::<Task>().unwrap(), threads: 2, engines }, records, width)
}

#[test]
fn an_engine_against_itself_has_rows_of_its_own() {
    let records = [timed("rayon", 10.0, 1.0, 17.0, 15), timed("rayon#2", 12.0, 1.2, 19.0, 15)].concat();
    let rows: Vec<Vec<String>> = shown(&records, None)
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect();
    assert_eq!(rows[2].join(" "), "rayon 1.0 10.0 ns 9.00 ns - 11.0 ns 1.00x 17.0 ns");
    assert_eq!(rows[3].join(" "), "rayon#2 1.0 12.0 ns 10.8 ns - 13.2 ns 1.20x slower 19.0 ns");
}

#[test]
fn one_sample_is_marked_and_judged_by_nothing() {
    let noise = Subject::new("join/fib", "", "rayon", "1.0", 2);
    let noise = noise.record(&metrics::NOISE, Estimate { median: 1.0, low: 0.5, high: 2.0 }, 15);
    let mut records = [timed("rayon", 10.0, 1.0, 17.0, 15), timed("mpsc", 9.0, 0.9, 20.0, 1)].concat();
    records.push(noise);
    let text = shown(&records, None);
    let mpsc = text.lines().find(|line| line.contains("mpsc")).unwrap();
    assert!(mpsc.contains("9.00 ns (n=1)") && mpsc.contains("  -  ") && !mpsc.contains("tie"), "{text}");
}

#[test]
fn a_terminal_of_common_width_has_the_columns_up_to_the_verdict() {
    let records = [timed("rayon", 10.0, 1.0, 17.0, 15), timed("mpsc", 12.0, 1.2, 19.0, 15)].concat();
    let text = shown(&records, Some(62));
    assert!(text.contains("  mpsc    1.0      12.0 ns  10.8 ns - 13.2 ns  1.20x  slower\n"), "{text}");
    assert!(text.contains("  no room for: CPU\n") && !text.contains("19.0 ns"), "{text}");
    assert!(shown(&records, Some(80)).contains("slower  19.0 ns\n"), "{}", shown(&records, Some(80)));
}

#[test]
fn a_narrow_terminal_cuts_no_line() {
    let mut records = timed("rayon", 10.0, 1.0, 17.0, 15).to_vec();
    records.push(Subject::new("join/fib", "", "mpsc", "1.0", 2).error("3 jobs have not ended, and none did"));
    let text = shown(&records, Some(30));
    assert!(text.lines().all(|line| line.chars().count() <= 30), "{text}");
    assert!(text.contains("    ratio: 1.00x\n    CPU: 17.0 ns\n"), "{text}");
}
