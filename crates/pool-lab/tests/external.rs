//! Engines of other languages, as far as their toolchains are here.

use pool_lab::engine::{NOT_INSTALLED, Spec};
use pool_lab::engines::{self, Row};
use pool_lab::external;
use pool_lab::workload::{CaseError, Task, Watch};

fn external_rows() -> Vec<&'static Row> {
    let rows: Vec<&Row> = engines::rows().iter().filter(|row| row.program().is_some()).collect();
    assert!(rows.len() >= 7, "Java, Go, Python and C++");
    rows
}

/// Runs the task twice. Why it cannot, where it cannot.
fn run(row: &'static Row, task: &Task) -> Result<(), String> {
    let mut case = match engines::case(&Spec::new(&row.engine).with_threads(2), task) {
        Ok(case) => case,
        Err(CaseError::Unsupported(why)) => return Err(why),
        Err(error) => panic!("{task} on {}: {error}", row.engine.name),
    };
    for _ in 0..2 {
        let mut watch = Watch::new();
        case.iterate(&mut watch).unwrap_or_else(|failure| panic!("{task} on {}: {failure}", row.engine.name));
        assert!(!watch.elapsed().is_zero() && case.operations() > 0, "{task} on {}", row.engine.name);
    }
    Ok(())
}

#[test]
fn every_answer_is_right_where_the_toolchain_is() {
    for row in external_rows() {
        let name = row.engine.name;
        let tasks: Vec<Task> = Task::all().into_iter().filter(|task| row.can_do(task.about)).collect();
        let first = tasks[0].clone().quick();
        if let Err(why) = run(row, &first) {
            println!("{name} is skipped: {why}");
            assert_eq!(why.lines().count(), 1, "{name}: {why}");
            continue;
        }
        for task in &tasks[1..] {
            run(row, &task.clone().quick()).unwrap_or_else(|why| panic!("{task} on {name}: {why}"));
        }
        println!("{name}: {} workloads", tasks.len());
    }
}

#[test]
fn what_an_engine_can_do_is_known_without_its_toolchain() {
    let able = |row: &Row, name: &str| row.can_do(pool_lab::workloads::find(name).unwrap().about);
    for row in external_rows() {
        assert!(able(row, "spawn/external") && able(row, "latency/ping"), "{}", row.engine.name);
        assert_eq!(able(row, "join/skynet"), row.engine.can.joins, "{}", row.engine.name);
        assert!(!able(row, "join/quicksort") && !able(row, "scope/flat"), "{}", row.engine.name);
    }
}

#[test]
fn what_a_program_lacks_is_an_answer_of_one_line() {
    for row in external_rows() {
        let program = row.program().unwrap();
        assert!(program.missing().contains(program.packages) && program.missing().lines().count() == 1);
        assert_eq!(program.is_installed(), row.engine.version() != NOT_INSTALLED, "{}", row.engine.name);
    }
    let task: Task = "scope/flat:jobs=10".parse().unwrap();
    for row in external_rows() {
        let refused = engines::case(&Spec::new(&row.engine), &task).err();
        assert!(matches!(refused, Some(CaseError::Unsupported(_))), "{}", row.engine.name);
    }
}

#[test]
fn threads_are_held_and_released() {
    for row in external_rows() {
        let program = row.program().unwrap();
        let Ok(mut process) = external::open(program) else {
            println!("{} is skipped: {}", row.engine.name, program.missing());
            continue;
        };
        for request in ["hold 20", "release"] {
            assert_eq!(process.measure(request).unwrap().answer, 20, "{request} of {}", row.engine.name);
        }
        assert!(process.measure("race 2 1000").unwrap().answer <= 2_000, "{}", row.engine.name);
    }
}
