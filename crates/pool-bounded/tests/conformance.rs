//! The contract of `Pool`, on this strategy, with room for everything and with hardly any.

use std::process::ExitCode;
use std::time::Duration;

use pool_bounded::{Bounded, CoDel, Overflow};
use pool_conformance::{Claim, Subject};

fn main() -> ExitCode {
    let roomy = || Bounded::new(1 << 17);
    let policy = |name: &str, capacity: usize, overflow: Overflow| {
        Subject::strategy(name, move || Bounded::new(capacity).overflow(overflow)).queue_of(capacity)
    };
    // It sheds nothing in an hour; what it does when it sheds is tested elsewhere.
    const HOUR: Duration = Duration::from_secs(3600);
    let patient = CoDel::default().interval(HOUR).target(HOUR / 2);
    pool_conformance::main([
        Subject::strategy("bounded", roomy).claiming(&[Claim::Fifo]),
        policy("bounded-1-block", 1, Overflow::Block).claiming(&[Claim::Fifo]),
        policy("bounded-64-block", 64, Overflow::Block).claiming(&[Claim::Fifo]),
        // The submitter is one runner more.
        policy("bounded-1-caller-runs", 1, Overflow::CallerRuns).without(&[Claim::Limit]),
        policy("bounded-64-reject", 64, Overflow::Reject).without(&[Claim::TakesAll, Claim::NestedWaits]),
        policy("bounded-64-drop-oldest", 64, Overflow::DropOldest)
            .without(&[Claim::TakesAll, Claim::NestedWaits]),
        policy("bounded-64-shed", 64, Overflow::Shed(patient))
            .without(&[Claim::TakesAll, Claim::NestedWaits]),
        policy("bounded-64-drop-newest", 64, Overflow::DropNewest)
            .without(&[Claim::TakesAll, Claim::NestedWaits]),
    ])
}
