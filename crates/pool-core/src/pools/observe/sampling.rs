//! Which jobs are timed, and when the job that a thread is about to start was submitted.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use crate::observe::timing::Timing;

thread_local! {
    // Neither has a destructor.
    /// When the job was submitted that this thread is about to start.
    static SUBMITTED: Cell<Option<Instant>> = const { Cell::new(None) };
    static DICE: Cell<u32> = const { Cell::new(0) };
}

/// When the job was submitted that this thread is about to start, if it is stamped. Asked once for each job.
pub(crate) fn take_submitted() -> Option<Instant> {
    SUBMITTED.take()
}

/// Whether the next job is to be timed.
pub(crate) fn picks(timing: Timing) -> bool {
    match timing {
        Timing::Off => false,
        Timing::Sampled(of) => throw().is_multiple_of(of.get()),
        Timing::Every => true,
    }
}

/// A random number (Marsaglia's xorshift): it need not be a good one.
fn throw() -> u32 {
    let mut dice = DICE.get();
    if dice == 0 {
        dice = RandomState::new().hash_one(0_u8) as u32 | 1;
    }
    dice ^= dice << 13;
    dice ^= dice >> 17;
    dice ^= dice << 5;
    DICE.set(dice);
    dice
}

/// Shows the time of submission to the instrumentation of the job that starts, until it is dropped: there may be nothing left
/// to start.
pub(crate) struct Submitted;

impl Submitted {
    pub(crate) fn show(submitted: Instant) -> Self {
        SUBMITTED.set(Some(submitted));
        Submitted
    }
}

impl Drop for Submitted {
    fn drop(&mut self) {
        SUBMITTED.set(None);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn one_in_n_is_picked() {
        let picked = |timing| (0..100_000).filter(|_| picks(timing)).count();
        assert_eq!((picked(Timing::Off), picked(Timing::Every)), (0, 100_000));
        let tenth = picked(Timing::Sampled(NonZeroU32::new(10).unwrap()));
        // Ten standard deviations.
        assert!((9_000..11_000).contains(&tenth), "{tenth}");
    }
}
