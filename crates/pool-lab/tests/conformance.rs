//! The contract tests of pool-core on every adapted peer, for what it claims.

use std::env;
use std::process::{Command, ExitCode};

use pool_conformance::{Claim, Subject};

/// What the adapter brings to every engine: the counters, the catching of panics, the marking of workers, the waiting, and
/// the shutdown. What it cannot bring: it does not know an engine's threads outside of jobs, so it can neither name
/// them nor wait for what their destructors do; and it has no hooks into them. Nor can
/// it reach into an engine's queue: `shutdown_now` gives back what comes up from there after the call.
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

/// An adapted engine with what it claims by its row in the table.
fn adapted(engine: &'static pool_lab::engine::Engine) -> Subject {
    let name = engine.name;
    let build = move |threads| pool_lab::build(&format!("{name}:{threads}")).expect("the engine starts");
    let subject = Subject::pool(name, build).claiming(EVERY_ADAPTER);
    let subject = if engine.is_fifo { subject.claiming(&[Claim::Fifo]) } else { subject };
    if engine.may_hold_jobs_back { subject.without(&[Claim::Parallel]) } else { subject }
}

/// The stack of the engines' threads, which cannot be set one by one. Enough for waits that nest 1,000 deep in a build without
/// optimisation, where each level takes about 2 KiB; std's 2 MiB are just enough.
const STACK: &str = "8388608";

fn main() -> ExitCode {
    // std reads this when the first thread is started, so it has to be there from the beginning.
    if env::var_os("RUST_MIN_STACK").is_some() {
        return run();
    }
    let program = env::current_exe().expect("a program knows where it is");
    let again = Command::new(program).args(env::args_os().skip(1)).env("RUST_MIN_STACK", STACK).status();
    let passed = again.expect("a program can start itself").success();
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run() -> ExitCode {
    let rows = pool_lab::engines::rows().iter().filter(|row| row.is_pool() && !row.engine.can.is_pool);
    pool_conformance::main(rows.map(|row| adapted(&row.engine)))
}
