//! C++: oneTBB, an arena for jobs from outside, task groups inside.

use std::sync::OnceLock;
use std::time::Duration;

use super::row::Row;
use crate::engine::Program;

static CPP: Program = Program {
    language: "C++ with oneTBB",
    source_name: "engine.cpp",
    source: include_str!("../../external/cpp/engine.cpp"),
    version_command: &["g++", "-dumpfullversion"],
    build: &["g++", "-O3", "-std=c++20", "-pthread", "-o", "{dir}/engine", "{dir}/engine.cpp", "-ltbb"],
    run: &["{dir}/engine"],
    packages: "g++ libtbb-dev",
    warm_up: Duration::ZERO,
    version: OnceLock::new(),
};

pub(super) fn row() -> Row {
    Row::external("onetbb", &CPP, "onetbb", "C++: oneTBB, work stealing").external_joins()
}
