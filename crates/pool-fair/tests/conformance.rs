//! The contract of `Pool`, on this strategy.

use std::process::ExitCode;

use pool_conformance::{Claim, Subject};
use pool_fair::{Fair, Queue};

fn main() -> ExitCode {
    pool_conformance::main([
        // Jobs of one queue are first in, first out.
        Subject::strategy("fair", Fair::default).claiming(&[Claim::Fifo]),
        // Limits that are out of reach.
        Subject::strategy("fair-limits", || {
            Fair::new([Queue::new("a").limit(1 << 40).at_once(1 << 40), Queue::new("b").weight(9)])
        })
        .claiming(&[Claim::Fifo]),
        Subject::strategy("fair-64", || Fair::new([Queue::new("a").limit(64)]))
            .queue_of(64)
            .claiming(&[Claim::Fifo])
            .without(&[Claim::TakesAll, Claim::NestedWaits]),
    ])
}
