//! Every workload gives the right answer on every engine that can do it.

use pool_lab::engine::{Capabilities, Spec};
use pool_lab::engines;
use pool_lab::workload::{CaseError, FAMILIES, Failure, Task, Watch};
use pool_lab::workloads;

/// Runs the task twice, on one pool, and returns whether the engine can do it.
fn run(spec: &Spec, task: &Task) -> bool {
    let mut case = match engines::case(spec, task) {
        Ok(case) => case,
        Err(CaseError::Unsupported(_)) => return false,
        Err(error) => panic!("{task} on {spec}: {error}"),
    };
    assert!(case.operations() > 0);
    for _ in 0..2 {
        let mut watch = Watch::new();
        case.iterate(&mut watch).unwrap_or_else(|failure| panic!("{task} on {spec}: {failure}"));
        assert!(!watch.elapsed().is_zero() || spec.engine().name == "serial", "{task} on {spec}");
    }
    true
}

/// Every workload in all its variants. Those that are programs have tests of their own.
fn all() -> impl Iterator<Item = Task> {
    Task::all().into_iter().filter(|task| task.about.family().name != "real")
}

#[test]
fn every_workload_on_every_engine() {
    // Those of other languages have tests of their own.
    for row in engines::rows().iter().filter(|row| row.program().is_none()) {
        let engine = &row.engine;
        for task in all() {
            let task = task.quick();
            for threads in [1, 3] {
                let can = run(&Spec::new(engine).with_threads(threads), &task);
                if engine.can == Capabilities::default() {
                    // Made for single workloads, whatever others need for them.
                    continue;
                }
                let needs = workloads::find(task.about.name).unwrap().needs;
                assert_eq!(can, needs.is_met_by(&engine.can), "{task} on {}", engine.name);
            }
        }
    }
}

#[test]
fn options_do_not_change_answers() {
    let mut variants = 0;
    for row in engines::rows() {
        for variant in row.engine.variants {
            variants += 1;
            options_do_not_change_answers_of(
                row,
                &format!("{}:2:{variant}", row.engine.name).parse().unwrap(),
            );
        }
    }
    assert!(variants > 5, "{variants}");
}

fn options_do_not_change_answers_of(row: &engines::Row, spec: &Spec) {
    for task in all() {
        let able = row.can_do(task.about);
        assert_eq!(run(spec, &task.clone().quick()), able, "{task} on {spec}");
    }
}

#[test]
fn an_engine_that_would_lose_jobs_is_not_measured() {
    let task: Task = "spawn/external:jobs=100".parse().unwrap();
    let able = |spec: &str| run(&spec.parse().unwrap(), &task);
    for overflow in ["reject", "drop-oldest", "drop-newest", "timeout-1ms"] {
        assert!(!able(&format!("bounded:1:capacity=99:overflow={overflow}")), "{overflow}");
        assert!(able(&format!("bounded:1:capacity=100:overflow={overflow}")), "{overflow}");
    }
    assert!(!able("bounded:1:overflow=shed"), "whatever the capacity");
}

#[test]
fn every_workload_can_be_compared_and_every_family_has_one() {
    for task in all() {
        let able = engines::rows().iter().filter(|row| row.program().is_none()).filter(|row| {
            let made = engines::case(&Spec::new(&row.engine).with_threads(1), &task.clone().quick());
            !matches!(made, Err(CaseError::Unsupported(_)))
        });
        assert!(able.count() >= 3, "{task}");
    }
    for family in &FAMILIES {
        assert!(Task::all().iter().any(|task| task.about.family() == family), "{}", family.name);
    }
}

#[test]
fn a_user_s_own_directory_is_hashed() {
    let here = env!("CARGO_MANIFEST_DIR");
    let task: Task = format!("app/hash-tree:dir={here}/src").parse().unwrap();
    assert!(run(&"rayon:2".parse().unwrap(), &task));
    let nowhere: Task = "app/hash-tree:dir=/no/such/place".parse().unwrap();
    let refused = engines::case(&"rayon:2".parse().unwrap(), &nowhere);
    assert!(matches!(refused, Err(CaseError::Workload(Failure::Io { .. }))));
}
