//! The contract of `Pool`, on this strategy.

use std::process::ExitCode;

use pool_core::conformance::{self, Claim, Subject};
use pool_priority::Levels;

fn main() -> ExitCode {
    conformance::main([
        // Jobs of one level are first in, first out.
        Subject::strategy("priority", Levels::default).claiming(&[Claim::Fifo]),
        Subject::strategy("priority-1-strict", || Levels::new(1).strict()).claiming(&[Claim::Fifo]),
    ])
}
