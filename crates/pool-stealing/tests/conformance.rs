//! The contract of `Pool`, on this strategy.

use std::process::ExitCode;

use pool_core::conformance::{self, Subject};
use pool_stealing::Stealing;

fn main() -> ExitCode {
    conformance::main([Subject::strategy("stealing", Stealing::default)])
}
