//! The example that forks, which asserts its own outcome, runs. Alone in its process: a child that is forked while a thread of another
//! test starts or ends can start none.

#[path = "../examples/process.rs"]
mod process;

#[test]
fn a_process_has_its_cpus_its_pool_its_figures_and_its_children() {
    process::main().unwrap();
}
