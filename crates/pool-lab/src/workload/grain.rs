//! The same work in pieces of different length: from which length on does it matter who runs them?

use std::time::Duration;

use super::effort;
use super::failure::{Failure, check};
use crate::engine::settings::{Allowed, Rule, Settings};

/// An iteration has about so much work, but [`FEWEST`] pieces at least.
const WORK: Duration = Duration::from_millis(2);
const FEWEST: u32 = 16;

/// Pieces of equal length. Piece i computes a chain with the seed i.
#[derive(Clone, Copy)]
pub(crate) struct Pieces {
    pub(crate) count: u32,
    steps: u32,
    expected: u64,
}

impl Pieces {
    /// How long a piece is.
    pub(crate) const LENGTH: Rule =
        Rule::new("length", Allowed::EFFORT, "2us", "how long each job computes").quick("200us");

    /// What these parameters ask for.
    pub(crate) fn new(parameters: &Settings) -> Self {
        let length = parameters.duration("length").max(Duration::from_nanos(1));
        let work = if parameters.is_quick() { Duration::ZERO } else { WORK };
        let count = (work.div_duration_f64(length) as u32).max(FEWEST);
        let steps = effort::steps_in(length);
        let results = (0..count).map(|i| effort::chain(i, steps));
        Pieces { count, steps, expected: results.fold(0, u64::wrapping_add) }
    }

    /// What runs this piece, for jobs to hold.
    pub(crate) fn run(self) -> impl Fn(u32) -> u64 + Copy + Send + Sync {
        let steps = self.steps;
        move |i| effort::chain(i, steps)
    }

    /// Whether the pieces' results add up to the right sum.
    pub(crate) fn check(&self, sum: u64) -> Result<(), Failure> {
        check(sum, self.expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_pieces_are_more_and_every_piece_counts() {
        let of = |length: &str| {
            let mut settings = Settings::new(const { &[Pieces::LENGTH] });
            settings.set(length).unwrap();
            Pieces::new(&settings)
        };
        assert_eq!((of("length=1ms").count, of("length=1us").count), (FEWEST, 2_000));
        let pieces = of("length=1us");
        let sum = (0..pieces.count).map(pieces.run()).fold(0, u64::wrapping_add);
        pieces.check(sum).unwrap();
        assert!(pieces.check(sum.wrapping_sub(pieces.run()(7))).is_err());
    }
}
