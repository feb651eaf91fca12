//! The conformance suite on strategies that are as small as can be, so that the suite itself is tested here, and what
//! pool-core keeps for all strategies.

#[path = "support/deque.rs"]
mod deque;
#[path = "support/hoarding.rs"]
mod hoarding;
/// The example of the crate's documentation.
#[path = "support/lifo.rs"]
mod lifo;
#[path = "support/watched.rs"]
mod watched;

use std::process::ExitCode;

use pool_conformance::{Claim, Subject};

use self::deque::{Deque, End, Full};

fn main() -> ExitCode {
    let holding = |name: &str, capacity: usize, full: Full| {
        Subject::strategy(name, move || Deque::holding(capacity, full))
            .claiming(&[Claim::Fifo])
            .queue_of(capacity)
    };
    let losing = [Claim::TakesAll];
    pool_conformance::main([
        Subject::strategy("fifo", || Deque::taking_from(End::Oldest)).claiming(&[Claim::Fifo]),
        // As short as an example may be: it does not ask whether a job goes on.
        Subject::strategy("example", || lifo::Lifo).without(&[Claim::Reentry]),
        Subject::strategy("lifo", || Deque::taking_from(End::Newest)),
        Subject::strategy("watched", || watched::Watched {
            deque: Deque::taking_from(End::Oldest),
            expected: Default::default(),
        })
        .claiming(&[Claim::Fifo]),
        // As pool-mpsc with a batch: what a worker has taken waits for it.
        Subject::strategy("hoarding", || hoarding::Hoarding).without(&[
            Claim::Parallel,
            Claim::InnerShutdown,
            Claim::ShutdownNow,
            Claim::Replacement,
        ]),
        holding("wait-1", 1, Full::Wait),
        holding("wait-8", 8, Full::Wait),
        holding("run-here-1", 1, Full::RunHere).without(&[Claim::Limit]),
        holding("refuse-8", 8, Full::Refuse).without(&losing),
        holding("drop-oldest-8", 8, Full::DropOldest).without(&losing),
        holding("drop-newest-8", 8, Full::DropNewest).without(&losing),
        holding("shed-8", 8, Full::Shed).without(&losing),
    ])
}
