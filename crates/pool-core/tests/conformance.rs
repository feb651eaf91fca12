//! The conformance suite on two strategies that are as small as can be, so that the suite itself is tested here, and
//! what pool-core keeps for all strategies.

#[path = "support/deque.rs"]
mod deque;

use std::process::ExitCode;

use pool_core::conformance::{self, Claim, Subject};

use self::deque::{Deque, End};

fn main() -> ExitCode {
    conformance::main([
        Subject::strategy("fifo", || Deque::taking_from(End::Oldest)).claiming(&[Claim::Fifo]),
        Subject::strategy("lifo", || Deque::taking_from(End::Newest)),
    ])
}
