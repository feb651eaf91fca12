//! What `RAYON_POOL` and its neighbours decide, in processes with variables of their own.

use std::process::{Command, Output};
use std::thread;

use rayon_core::{PoolSpec, ThreadPoolBuilder, current_num_threads, current_thread_index, scope};

/// Runs a test of this file that is ignored otherwise, in a process with these variables and no others of their kind.
fn run(test: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in ["RAYON_POOL", "RAYON_NUM_THREADS", "RAYON_RS_NUM_CPUS"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).args(["--exact", test, "--ignored", "--nocapture"]);
    command.output().unwrap()
}

/// What follows these marks in the output, one a line.
fn said(run: &Output, mark: &str) -> Vec<String> {
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let lines = String::from_utf8_lossy(&run.stdout);
    lines.lines().filter_map(|line| line.strip_prefix(mark)).map(str::to_owned).collect()
}

#[test]
#[ignore = "run by the others, in a process with variables of its own"]
fn says_its_pools() {
    let mpsc: PoolSpec = "mpsc:1".parse().unwrap();
    println!();
    for builder in [
        ThreadPoolBuilder::new(),
        ThreadPoolBuilder::new().num_threads(3),
        ThreadPoolBuilder::new().pool(mpsc),
        ThreadPoolBuilder::new().pool(mpsc).num_threads(2),
    ] {
        println!("own: {:?}", builder.build().unwrap());
    }
    let (name, index) = scope(|_| (thread::current().name().map(str::to_owned), current_thread_index()));
    println!(
        "global: {} threads, {}",
        current_num_threads(),
        name.unwrap().replace(&index.unwrap().to_string(), "N")
    );
}

fn expect(variables: &[(&str, &str)], own: [&str; 4], global: &str) {
    let run = run("says_its_pools", variables);
    let debug = |spec: &str| {
        let (_, threads) = spec.split_once(':').unwrap();
        format!("ThreadPool {{ pool: {spec:?}, num_threads: {threads}, .. }}")
    };
    assert_eq!(said(&run, "own: "), own.map(debug), "{variables:?}");
    assert_eq!(said(&run, "global: "), [global], "{variables:?}");
}

#[test]
fn the_program_decides_before_the_variable_for_each_pool_and_number() {
    let pool = ("RAYON_POOL", "bounded:2");
    let own = ["bounded:2", "bounded:3", "mpsc:1", "mpsc:2"];
    expect(&[pool], own, "2 threads, bounded-N");
    expect(&[pool, ("RAYON_NUM_THREADS", "5")], own, "2 threads, bounded-N");
}

#[test]
fn without_a_number_there_rayons_variables_decide() {
    let own = ["priority:5", "priority:3", "mpsc:1", "mpsc:2"];
    let numbers = [("RAYON_NUM_THREADS", "5"), ("RAYON_RS_NUM_CPUS", "4")];
    expect(&[("RAYON_POOL", "priority"), numbers[0], numbers[1]], own, "5 threads, priority-N");
    let own = ["stealing:4", "stealing:3", "mpsc:1", "mpsc:2"];
    expect(&[("RAYON_POOL", ""), numbers[1]], own, "4 threads, stealing-N");
}

#[test]
#[ignore = "run by the others, in a process with variables of its own"]
fn says_why_there_is_no_pool() {
    println!();
    println!("builder: {}", ThreadPoolBuilder::new().build().unwrap_err());
    println!("global: {}", ThreadPoolBuilder::new().build_global().unwrap_err());
    let panic = std::panic::catch_unwind(|| rayon_core::join(|| (), || ())).unwrap_err();
    println!("panic: {}", panic.downcast::<String>().unwrap());
}

#[test]
fn what_is_wrong_in_the_variable_is_said_with_its_name() {
    let run = run("says_why_there_is_no_pool", &[("RAYON_POOL", "stealling:4")]);
    let reason = "`RAYON_POOL=stealling:4`: unknown pool `stealling`; did you mean `stealing`? \
                  known: stealing, bounded, mpsc, priority, fair";
    assert_eq!(said(&run, "builder: "), [reason]);
    assert_eq!(said(&run, "global: "), [reason]);
    assert_eq!(said(&run, "panic: "), [format!("The global thread pool has not been initialized: {reason}")]);
}

#[test]
fn far_too_many_threads_are_refused_before_any_starts() {
    let run = run("says_why_there_is_no_pool", &[("RAYON_POOL", "stealing:4000000")]);
    let reason = "`RAYON_POOL=stealing:4000000`: the thread count must be a whole number from 1 to 1024, not `4000000`";
    assert_eq!(said(&run, "builder: "), [reason]);
}
