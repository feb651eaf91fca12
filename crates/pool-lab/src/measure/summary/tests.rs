use std::time::Duration;

use super::*;
use crate::engine::Spec;
use crate::plan::Group;
use crate::workload::{Task, Watch};

/// An engine with one sample a block, of these times.
pub(in crate::measure) fn lane(engine: &str, times: &[f64]) -> Lane {
    let (task, spec) = ("spawn/external".parse::<Task>().unwrap(), engine.parse::<Spec>().unwrap());
    let group = Group { task, threads: 2, engines: vec![spec.clone()] };
    let mut lane = Lane::new(&group, &spec, engine);
    times.iter().enumerate().for_each(|(block, time)| lane.push(block, Sample::of_time(*time)));
    lane
}

fn all(lanes: &[Lane], second: Option<&Lane>) -> Vec<Record> {
    records(&Comparison::new(lanes, Looks::ONE), second, 3, Looks::ONE)
}

fn find(records: &[Record], engine: &str, metric: &Metric) -> Option<Record> {
    records.iter().find(|record| record.engine == engine && record.metric == metric).cloned()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9 * b
}

#[test]
fn ratios_are_paired_and_name_the_fastest() {
    let records = all(&[lane("stealing", &[10.0, 20.0, 30.0]), lane("rayon", &[30.0, 60.0, 90.0])], None);
    let ratio = find(&records, "rayon", &metrics::RELATIVE).unwrap();
    assert!(close(ratio.median, 3.0) && close(ratio.low, 3.0) && close(ratio.high, 3.0), "{ratio:?}");
    assert_eq!((ratio.note.as_str(), ratio.samples), ("stealing", 3));
    assert_eq!(find(&records, "stealing", &metrics::RELATIVE).unwrap().median, 1.0);
    let to_peer = find(&records, "stealing", &metrics::TO_PEER).unwrap();
    assert!(close(to_peer.median, 1.0 / 3.0) && to_peer.note == "rayon", "{to_peer:?}");
    assert_eq!(find(&records, "stealing", &metrics::NOISE), None);
}

#[test]
fn nothing_is_compared_with_plain_calls() {
    let records = all(&[lane("serial", &[1.0, 1.0]), lane("rayon", &[4.0, 4.0])], None);
    assert_eq!(find(&records, "rayon", &metrics::RELATIVE).unwrap().median, 1.0);
    assert!(close(find(&records, "serial", &metrics::RELATIVE).unwrap().median, 0.25));
}

#[test]
fn one_block_is_one_sample_however_many_the_others_have() {
    let records = all(&[lane("rayon", &[10.0, 20.0, 30.0]), lane("mpsc", &[5.0])], None);
    let ratio = find(&records, "mpsc", &metrics::RELATIVE).unwrap();
    assert_eq!((ratio.samples, ratio.note.as_str()), (1, "rayon"), "it is no reference");
    assert_eq!(find(&records, "mpsc", &metrics::TIME_PER_OP).unwrap().samples, 1);
    assert_eq!(find(&records, "mpsc", &metrics::SPREAD), None);
}

#[test]
fn an_engine_that_left_early_is_compared_over_the_blocks_that_it_has() {
    let records = all(&[lane("rayon", &[10.0, 20.0, 30.0]), lane("mpsc", &[20.0, 40.0])], None);
    let ratio = find(&records, "mpsc", &metrics::RELATIVE).unwrap();
    assert!(close(ratio.median, 2.0) && ratio.samples == 2, "{ratio:?}");
    let note = find(&records, "mpsc", &metrics::TIME_PER_OP).unwrap().note;
    assert_eq!(note, "2 of 3 blocks");
}

#[test]
fn a_second_run_shows_the_noise() {
    let (rayon, second) = (lane("rayon", &[10.0, 20.0, 30.0]), lane("rayon", &[20.0, 40.0, 60.0]));
    let noise = find(&all(&[rayon], Some(&second)), "rayon", &metrics::NOISE).unwrap();
    assert!(close(noise.median, 0.5), "{noise:?}");
}

#[test]
fn two_modes_and_disturbed_samples_are_recorded() {
    let mut rayon = lane("rayon", &[5.0, 30.0, 5.1, 4.9, 30.5, 5.0, 29.5, 30.0, 5.0, 30.1]);
    (rayon.taken, rayon.disturbed) = (12, 3);
    let records = all(&[rayon], None);
    let modes = find(&records, "rayon", &metrics::MODES).unwrap();
    assert!(close(modes.low, 5.0) && close(modes.high, 30.0), "{modes:?}");
    assert_eq!(modes.note, "50 % of samples around the lower");
    let disturbed = find(&records, "rayon", &metrics::DISTURBED).unwrap();
    assert_eq!((disturbed.median, disturbed.samples), (0.25, 12));
}

#[test]
fn what_a_system_cannot_tell_is_absent() {
    let records = all(&[lane("rayon", &[1.0, 2.0])], None);
    for metric in [&metrics::CPU_PER_OP, &metrics::LATENCY_P50, &metrics::DISTURBED] {
        assert_eq!(find(&records, "rayon", metric), None);
    }
}

#[test]
fn latencies_of_all_blocks_are_pooled() {
    let sample = || {
        let mut watch = Watch::new();
        (1..=100).for_each(|i| watch.latency(Duration::from_nanos(i)));
        Sample::new(watch, 100.0)
    };
    let mut rayon = lane("rayon", &[]);
    (0..2).for_each(|block| rayon.push(block, sample()));
    let records = all(&[rayon], None);
    let p50 = find(&records, "rayon", &metrics::LATENCY_P50).unwrap();
    assert_eq!((p50.median, p50.samples), (50.5, 200));
    let p99 = find(&records, "rayon", &metrics::LATENCY_P99).unwrap();
    assert!((99.0..=100.0).contains(&p99.median), "{}", p99.median);
    assert!(close(find(&records, "rayon", &metrics::TIME_PER_OP).unwrap().median, 50.5));
}
