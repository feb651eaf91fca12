//! A strategy, an engine and a workload of one's own, with the whole command line and report of pool-lab around them.
//!
//! ```sh
//! cargo run --release -- measure -p stack,my-threads,stealing,rayon -w mine/echo,spawn/external
//! ```

mod engine;
mod strategy;
mod workload;

use std::process::ExitCode;

use pool_lab::{engines, workloads};

fn main() -> ExitCode {
    let version = env!("CARGO_PKG_VERSION");
    let stack = engines::strategy::<strategy::Stack>("stack", version, "newest first, behind one lock");
    let threads = engines::Row::theirs("my-threads", version, "a thread for each job, counted");
    let threads = threads.jobs::<engine::MyThreads>().adapted::<engine::MyThreads>().slow_jobs();
    pool_lab::run_with(vec![stack, threads], vec![workloads::Row::jobs::<workload::Echo>()])
}
