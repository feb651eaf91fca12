//! The contract of `Pool`, on this strategy.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use pool_conformance::{Claim, Subject};
use pool_mpsc::Mpsc;

fn main() -> ExitCode {
    let batched = || Mpsc::new().batch(NonZeroUsize::new(32).unwrap());
    pool_conformance::main([
        Subject::strategy("mpsc", Mpsc::new).claiming(&[Claim::Fifo]),
        // The jobs that a worker has taken wait for it, even while another idles or when it never comes back to them.
        Subject::strategy("mpsc-batch-32", batched).claiming(&[Claim::Fifo]).without(&[
            Claim::Parallel,
            Claim::InnerShutdown,
            Claim::ShutdownNow,
            Claim::Replacement,
        ]),
    ])
}
