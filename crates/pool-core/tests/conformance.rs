//! The conformance suite on strategies that are as small as can be, so that the suite itself is tested here, and what
//! pool-core keeps for all strategies.

#[path = "support/deque.rs"]
mod deque;

use std::process::ExitCode;

use pool_core::conformance::{self, Claim, Subject};

use self::deque::{Deque, End, Full};

fn main() -> ExitCode {
    let holding = |name: &str, capacity: usize, full: Full| {
        Subject::strategy(name, move || Deque::holding(capacity, full))
            .claiming(&[Claim::Fifo])
            .queue_of(capacity)
    };
    let losing = [Claim::TakesAll];
    conformance::main([
        Subject::strategy("fifo", || Deque::taking_from(End::Oldest)).claiming(&[Claim::Fifo]),
        Subject::strategy("lifo", || Deque::taking_from(End::Newest)),
        holding("wait-1", 1, Full::Wait),
        holding("wait-8", 8, Full::Wait),
        holding("run-here-1", 1, Full::RunHere).without(&[Claim::Limit]),
        holding("refuse-8", 8, Full::Refuse).without(&losing),
        holding("drop-oldest-8", 8, Full::DropOldest).without(&losing),
        holding("drop-newest-8", 8, Full::DropNewest).without(&losing),
        holding("shed-8", 8, Full::Shed).without(&losing),
    ])
}
