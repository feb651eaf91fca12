//! Every workload gives the right answer on every engine that can do it.

use std::collections::BTreeSet;

use pool_lab::contender::{NoContender, contender};
use pool_lab::engine::{Capabilities, engines};
use pool_lab::spec::Spec;
use pool_lab::watch::Watch;
use pool_lab::workload::{Failure, Task};

/// Runs the task twice, on one pool, and returns whether the engine can do it.
fn run(spec: &Spec, task: &Task) -> bool {
    let mut contender = match contender(spec, task.about, &task.parameters) {
        Ok(contender) => contender,
        Err(NoContender::Unsupported(_)) => return false,
        Err(error) => panic!("{task} on {spec}: {error}"),
    };
    assert!(contender.operations() > 0);
    for _ in 0..2 {
        let mut watch = Watch::new();
        contender.iterate(&mut watch).unwrap_or_else(|failure| panic!("{task} on {spec}: {failure}"));
        assert!(!watch.elapsed().is_zero() || spec.engine().name == "serial", "{task} on {spec}");
    }
    true
}

#[test]
fn every_workload_on_every_engine() {
    for engine in engines() {
        for task in Task::all() {
            let task = task.quick();
            for threads in [1, 3] {
                let can = run(&Spec::new(engine).with_threads(threads), &task);
                if engine.can == Capabilities::default() {
                    // Made for single workloads, whatever others need for them.
                    continue;
                }
                let needed = match task.about.needs {
                    "detached jobs" => engine.can.jobs,
                    "jobs that may panic" => engine.can.panics,
                    "jobs with results" => engine.can.handles,
                    "fork-join" => engine.can.joins,
                    "detached jobs and fork-join" => engine.can.jobs && engine.can.joins,
                    "scopes" => engine.can.scopes,
                    _ => continue,
                };
                assert_eq!(can, needed, "{task} on {}", engine.name);
            }
        }
    }
}

#[test]
fn options_do_not_change_answers() {
    let specs = [
        "mpsc:2:batch=32",
        "bounded:2:capacity=1",
        "bounded:2:capacity=3:overflow=caller-runs",
        "bounded:2:capacity=10000:overflow=reject",
        "channel-naive:2:capacity=1",
        "priority:2:levels=1",
        "priority:2:levels=8:aging=0",
        "priority:2:express=1:top=32",
    ];
    for spec in specs.map(|spec| spec.parse::<Spec>().unwrap()) {
        for task in Task::all() {
            let able = spec.engine().can_do(task.about);
            assert_eq!(run(&spec, &task.clone().quick()), able, "{task} on {spec}");
        }
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
fn both_kinds_of_engine_are_there_for_every_workload() {
    let mut families = BTreeSet::new();
    for task in Task::all() {
        let able = engines().iter().filter(|engine| {
            let made =
                contender(&Spec::new(engine).with_threads(1), task.about, &task.clone().quick().parameters);
            !matches!(made, Err(NoContender::Unsupported(_)))
        });
        assert!(able.count() >= 3, "{task}");
        families.insert(task.about.family());
    }
    let all =
        ["app", "burst", "idle", "io", "join", "latency", "lifecycle", "priority", "scope", "skew", "spawn"];
    assert_eq!(families, BTreeSet::from(all));
}

#[test]
fn a_user_s_own_directory_is_hashed() {
    let here = env!("CARGO_MANIFEST_DIR");
    let task: Task = format!("app/hash-tree:dir={here}/src").parse().unwrap();
    assert!(run(&"rayon:2".parse().unwrap(), &task));
    let nowhere: Task = "app/hash-tree:dir=/no/such/place".parse().unwrap();
    let refused = contender(&"rayon:2".parse().unwrap(), nowhere.about, &nowhere.parameters);
    assert!(matches!(refused, Err(NoContender::Workload(Failure::Io { .. }))));
}
