//! What is compared, and how.

use std::path::PathBuf;

use clap::Args;

use crate::cli::whole::whole;
use crate::engine::MAX_THREADS;

const WORKLOADS: &str = "spawn/external,join/fib";
const POOLS: &str = "stealing";
const THREADS: usize = 2;
const ROUNDS: u32 = 15;

#[derive(Debug, Args)]
pub struct Diff {
    /// The old: a folder of records, or a program like this one
    pub old: PathBuf,
    /// The new, of the same kind
    pub new: PathBuf,
    /// Workloads, for two programs; by default spawn/external,join/fib
    #[arg(short, long)]
    workloads: Option<String>,
    /// Engines, for two programs; by default stealing
    #[arg(short, long)]
    pools: Option<String>,
    /// Threads, for two programs; by default 2
    #[arg(short, long, allow_negative_numbers = true, value_parser = whole::<usize>(1..=MAX_THREADS as u64))]
    threads: Option<usize>,
    /// Rounds, for two programs; by default 15. In each the old, the new and the old again take one sample
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>(2..=10_000))]
    rounds: Option<u32>,
}

impl Diff {
    pub fn workloads(&self) -> &str {
        self.workloads.as_deref().unwrap_or(WORKLOADS)
    }

    pub fn pools(&self) -> &str {
        self.pools.as_deref().unwrap_or(POOLS)
    }

    pub fn threads(&self) -> usize {
        self.threads.unwrap_or(THREADS)
    }

    pub fn rounds(&self) -> usize {
        self.rounds.unwrap_or(ROUNDS) as usize
    }

    /// An option that two folders have no use for: what is in them is measured already.
    pub fn for_programs(&self) -> Option<&'static str> {
        let given = [
            ("--workloads", self.workloads.is_some()),
            ("--pools", self.pools.is_some()),
            ("--threads", self.threads.is_some()),
            ("--rounds", self.rounds.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
    }
}
