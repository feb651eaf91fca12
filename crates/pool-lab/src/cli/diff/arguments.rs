//! What is compared, and how.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct Diff {
    /// The old: a folder of records, or a program like this one
    pub old: PathBuf,
    /// The new, of the same kind
    pub new: PathBuf,
    /// Workloads, for two programs
    #[arg(short, long, default_value = "spawn/external,join/fib")]
    pub workloads: String,
    /// Engines, for two programs
    #[arg(short, long, default_value = "stealing")]
    pub pools: String,
    /// Threads, for two programs
    #[arg(short, long, default_value_t = 2)]
    pub threads: usize,
    /// Rounds: in each the old, the new and the old again take one sample
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub rounds: u32,
}
