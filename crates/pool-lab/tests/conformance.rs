//! The contract tests of pool-core on every adapted peer, for what it claims.

use std::process::ExitCode;

use pool_core::conformance::{self, Claim, Subject};

/// What the adapter brings to every engine: the books, the catching of panics, the marking of workers, the waiting, and
/// the shutdown.
const EVERY_ADAPTER: &[Claim] = &[
    Claim::Parallel,
    Claim::Limit,
    Claim::TakesAll,
    Claim::Panics,
    Claim::Counts,
    Claim::WaitIdle,
    Claim::NestedWaits,
    Claim::NestedForks,
    Claim::Shutdown,
    Claim::InnerShutdown,
];

fn peer(name: &'static str, also: &[Claim]) -> Subject {
    let build = move |threads| pool_lab::build(&format!("{name}:{threads}")).expect("the engine starts");
    Subject::pool(name, build).claiming(EVERY_ADAPTER).claiming(also)
}

fn main() -> ExitCode {
    let (fifo, locals) = (Claim::Fifo, Claim::ThreadLocals);
    conformance::main([
        peer("mpsc-naive", &[fifo, locals]),
        peer("channel-naive", &[fifo, locals]),
        peer("threadpool", &[fifo]),
        peer("rusty_pool", &[fifo]),
        peer("rayon", &[]),
        peer("tokio", &[locals]),
        peer("tokio-blocking", &[fifo, locals]),
        peer("async-executor", &[locals]),
    ])
}
