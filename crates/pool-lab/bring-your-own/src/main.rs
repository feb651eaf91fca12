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
    // A pool of pool-core with this queue can do everything, and the row says so: it is an `own_pool`, too, as `trace` and `top` need it.
    let stack = engines::strategy::<strategy::Stack>("stack", version, "newest first, behind one lock");
    // Of any other pool a call for each thing that it can do, and by which type. Workloads that need another are n/a for it.
    let threads = engines::Row::theirs("my-threads", version, "a thread for each job, counted")
        // It runs detached jobs. Others: `handles`, `joins`, `scopes`, `loops`, each with a trait of `pool_lab::engine`.
        .jobs::<engine::MyThreads>()
        // It can be had as a `Pool`: for `demo` and `advise`, and in programs by `pool_lab::build("my-threads")`.
        .adapted::<engine::MyThreads>()
        // A job takes it microseconds: it is measured by default only with workloads of few jobs. A fast pool goes without.
        .slow_jobs();
    pool_lab::run_with(vec![stack, threads], vec![workloads::Row::jobs::<workload::Echo>()])
}
