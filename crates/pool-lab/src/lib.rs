//! The barometer: engines, workloads, and an interleaved measurement of one against the other.
//!
//! | folder | what is there |
//! |---|---|
//! | [`engines`] | the engines, a file for each, and their table: our pools, peers, baselines |
//! | [`workloads`] | the workloads, a file for each, and their table; every answer is checked |
//! | [`metrics`] | what is measured, and its table |
//! | [`engine`] | what an engine is; its spec: `stealing:4`, `bounded:2:capacity=64` |
//! | [`external`] | engines that are programs of other languages: building them, and speaking with their processes |
//! | [`claims`] | the claims that everyone repeats, an experiment each, and their table |
//! | [`claim`] | what a claim is |
//! | [`command`](mod@command) | the command that measures something again |
//! | [`workload`] | what a workload is, and what workloads are written with |
//! | [`metric`] | what a metric is |
//! | [`plan`] | what is measured together, and how thoroughly; what a plain `cargo bench` measures |
//! | [`measure`] | rounds interleaved engine by engine, answers checked, ratios paired |
//! | [`record`] | what comes out: records, the machine they belong to, and the folders they are kept in |
//! | [`report`] | what is made of records |
//! | [`names`] | what a mistyped name was meant to be |
//! | [`numbers`] | the statistics behind it, and how numbers are written |
//! | [`cli`] | the commands, and what `cargo bench` does |
//! | [`trace`] | what happens in a pool, as a file for Perfetto |
//! | [`system`] | the operating system: usage, signals, files, the terminal |
//!
//! An engine, a workload and a metric are one file and one line of a table each; a peer has a line in the manifests besides.
//! Imports run one way between files and between folders, which a test checks: `engine`, `workload` and `metric` know
//! nothing of what is in the tables.
//!
//! [`build`] makes any engine an `Arc<dyn Pool>`: the one line that an experiment of your own needs.
//!
//! The binary `pool-lab` is a thin shell around [`cli`].

pub mod claim;
pub mod claims;
pub mod cli;
pub mod command;
pub mod engine;
pub mod engines;
pub mod external;
pub mod measure;
pub mod metric;
pub mod metrics;
pub mod names;
pub mod numbers;
pub mod plan;
pub mod record;
pub mod report;
pub mod system;
pub mod trace;
pub mod workload;
pub mod workloads;

/// The README's examples, so that `cargo test` runs them.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

pub use cli::bench::run_curated;
pub use cli::run_with;
pub use engines::{build, build_pool};
