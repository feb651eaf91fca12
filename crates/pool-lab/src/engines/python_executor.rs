//! Python: ThreadPoolExecutor, whose threads take turns at the interpreter's lock.

use std::sync::OnceLock;
use std::time::Duration;

use super::row::Row;
use crate::engine::Program;

static PYTHON: Program = Program {
    language: "Python",
    source_name: "engine.py",
    source: include_str!("../../external/python/engine.py"),
    version_command: &["python3", "--version"],
    build: &[],
    run: &["python3", "{dir}/engine.py"],
    packages: "python3",
    warm_up: Duration::ZERO,
    version: OnceLock::new(),
};

pub(super) fn row() -> Row {
    Row::external("python-executor", &PYTHON, "executor", "Python: ThreadPoolExecutor, one queue").fifo()
}
