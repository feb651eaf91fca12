//! The barometer: engines, workloads, and an interleaved measurement of one against the other.
//!
//! | | |
//! |---|---|
//! | [`engine`] | the table of engines: our pools, peers, baselines |
//! | [`workload`] | the table of workloads, each written once, each with a checked answer |
//! | [`spec`] | `stealing:4`, `bounded:2:capacity=64`: how an engine is chosen, everywhere |
//! | [`build`] | any engine as `Arc<dyn Pool>`: the one line that an experiment of your own needs |
//! | [`measure`] | rounds interleaved engine by engine, answers checked, ratios paired |
//! | [`demo`] | what a thread pool does, on any pool |
//! | [`curated`] | the comparison that a plain `cargo bench` makes |
//! | [`record`], [`stats`] | what comes out, and the statistics behind it |
//! | [`results`], [`report`], [`machine`] | where records lie, and what is made of them |
//! | [`interrupt`], [`terminal`] | signals, and what the one in front of the terminal sees |
//!
//! The binary `pool-lab` is a thin shell around [`cli`].

pub mod cli;
pub mod engine;
pub mod engines;
pub mod measure;
pub mod metric;
pub mod metrics;
pub mod numbers;
pub mod plan;
pub mod record;
pub mod report;
pub mod system;
pub mod workload;
pub mod workloads;

/// The README's examples, so that `cargo test` runs them.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

pub use cli::bench::run_curated;
pub use engines::{build, build_pool};
