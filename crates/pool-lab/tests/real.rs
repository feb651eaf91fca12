//! The programs that use rayon, as far as `crates/rayon-core/tests/real.sh` has built them.

use pool_lab::engine::Spec;
use pool_lab::engines;
use pool_lab::workload::{CaseError, Task, Watch};
use pool_lab::workloads;

/// The programs, each with little to do; of rayon-demo one benchmark.
fn tasks() -> Vec<Task> {
    let names = workloads::rows().iter().map(|row| row.about.name).filter(|name| name.starts_with("real/"));
    let tasks: Vec<Task> = names
        .map(|name| match name {
            "real/rayon-demo" => format!("{name}:bench=join_microbench/increment_all_min").parse().unwrap(),
            name => name.parse().unwrap(),
        })
        .collect();
    assert!(tasks.len() >= 4, "{tasks:?}");
    tasks.into_iter().map(Task::quick).collect()
}

#[test]
fn every_program_gives_the_same_on_every_pool() {
    for task in tasks() {
        for spec in ["rayon:2", "stealing:2", "stealing:1", "bounded:2", "mpsc:2", "priority:2"] {
            let spec: Spec = spec.parse().unwrap();
            let mut case = match engines::case(&spec, &task) {
                Ok(case) => case,
                Err(CaseError::Unsupported(why)) => {
                    println!("{task} on {spec} is skipped: {why}");
                    assert_eq!(why.lines().count(), 1, "{why}");
                    continue;
                }
                Err(error) => panic!("{task} on {spec}: {error}"),
            };
            let mut watch = Watch::new();
            case.iterate(&mut watch).unwrap_or_else(|failure| panic!("{task} on {spec}: {failure}"));
            assert!(!watch.elapsed().is_zero(), "{task} on {spec}");
        }
    }
}

#[test]
fn engines_that_cannot_stand_under_rayon_say_so() {
    for task in tasks() {
        for engine in engines::rows() {
            let able = engine.can_do(task.about);
            assert_eq!(able, engine.engine.can.under_rayon, "{task} on {}", engine.engine.name);
        }
        let refused = engines::case(&"tokio:2".parse().unwrap(), &task).err();
        assert!(matches!(refused, Some(CaseError::Unsupported(why)) if why == "no build under rayon"));
    }
}
