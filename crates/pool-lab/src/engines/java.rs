//! The program that holds the engines of Java.

use std::sync::OnceLock;
use std::time::Duration;

use crate::engine::Program;

pub(super) static JAVA: Program = Program {
    language: "Java",
    source_name: "Engine.java",
    source: include_str!("../../external/java/Engine.java"),
    version_command: &["javac", "-version"],
    build: &["javac", "-d", "{dir}", "{dir}/Engine.java"],
    run: &["java", "-cp", "{dir}", "Engine"],
    packages: "default-jdk-headless",
    warm_up: Duration::from_millis(800),
    version: OnceLock::new(),
};
