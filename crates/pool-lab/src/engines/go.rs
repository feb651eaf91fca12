//! The program that holds the engines of Go.

use std::sync::OnceLock;
use std::time::Duration;

use crate::engine::Program;

pub(super) static GO: Program = Program {
    language: "Go",
    source_name: "engine.go",
    source: include_str!("../../external/go/engine.go"),
    version_command: &["go", "version"],
    build: &["go", "build", "-o", "{dir}/engine", "{dir}/engine.go"],
    run: &["{dir}/engine"],
    packages: "golang-go",
    warm_up: Duration::ZERO,
    version: OnceLock::new(),
};
