//! The contract of `Pool`, on this strategy.

use std::process::ExitCode;

use pool_conformance::Subject;
use pool_stealing::Stealing;

fn main() -> ExitCode {
    pool_conformance::main([Subject::strategy("stealing", Stealing::default)])
}
