//! All ways to put n queens on a board of n by n so that none attacks another: an irregular search tree.
//!
//! At each row the free columns are split into two halves, which are searched in a join, and so on down to one
//! column.

use std::sync::Arc;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

/// The number of solutions for n queens, from n = 0 (sequence A000170 of the OEIS).
const SOLUTIONS: [u64; 15] = [1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2_680, 14_200, 73_712, 365_596];

/// `join/nqueens`.
pub(crate) struct NQueens {
    n: u32,
    alone: u32,
    choices: u64,
}

impl Prepare for NQueens {
    const ABOUT: &'static About = &About {
        name: "join/nqueens",
        models: "a search whose tree is irregular: all placements of n queens",
        operation: "choice",
        parameters: &[
            Rule::new("n", Allowed::Number { min: 4, max: 14 }, "11", "queens").quick("6"),
            Rule::new(
                "alone",
                Allowed::Number { min: 0, max: 14 },
                "0",
                "last rows that are searched without joins",
            ),
        ],
        // As a benchmark of joins does it, and as a user should.
        variants: &["alone=0", "alone=5"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let n = parameters.number("n") as u32;
        Ok(NQueens { n, alone: parameters.number("alone") as u32, choices: choices(Board::empty(n)) })
    }

    fn operations(&self) -> u64 {
        self.choices
    }

    fn answer(&self) -> Option<u64> {
        Some(SOLUTIONS[self.n as usize])
    }
}

impl<E: Joins> Workload<E> for NQueens {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let (board, alone) = (Board::empty(self.n), self.alone);
        let solutions =
            watch.run(|| engine.enter(|context| search::<E>(board, board.free(), alone, context)));
        check(solutions, SOLUTIONS[self.n as usize])
    }
}

/// What the queens on the rows above forbid in the row to be filled next. Bit i stands for column i.
#[derive(Clone, Copy)]
struct Board {
    all: u32,
    columns: u32,
    falling: u32,
    rising: u32,
}

impl Board {
    fn empty(n: u32) -> Self {
        Board { all: (1 << n) - 1, columns: 0, falling: 0, rising: 0 }
    }

    fn rows_left(self) -> u32 {
        (self.all & !self.columns).count_ones()
    }

    fn is_full(self) -> bool {
        self.columns == self.all
    }

    fn free(self) -> u32 {
        self.all & !(self.columns | self.falling | self.rising)
    }

    fn with_queen(self, bit: u32) -> Self {
        Board {
            columns: self.columns | bit,
            falling: (self.falling | bit) << 1,
            rising: (self.rising | bit) >> 1,
            ..self
        }
    }
}

/// Splits a set of at least two columns into its lower and its upper half.
fn halves(set: u32) -> (u32, u32) {
    let mut upper = set;
    for _ in 0..set.count_ones() / 2 {
        upper &= upper - 1;
    }
    (set & !upper, upper)
}

/// The number of solutions with the next queen in one of the `candidates`.
fn search<E: Joins>(board: Board, candidates: u32, alone: u32, context: &mut E::Context<'_>) -> u64 {
    if board.rows_left() <= alone {
        return search_alone(board, candidates);
    }
    match candidates.count_ones() {
        0 => u64::from(board.is_full()),
        1 => {
            let next = board.with_queen(candidates);
            search::<E>(next, next.free(), alone, context)
        }
        _ => {
            let (lower, upper) = halves(candidates);
            let (a, b) = E::join(
                context,
                |c| search::<E>(board, lower, alone, c),
                |c| search::<E>(board, upper, alone, c),
            );
            a + b
        }
    }
}

fn search_alone(board: Board, mut candidates: u32) -> u64 {
    let mut solutions = u64::from(board.is_full());
    while candidates != 0 {
        let bit = candidates & candidates.wrapping_neg();
        candidates &= !bit;
        let next = board.with_queen(bit);
        solutions += search_alone(next, next.free());
    }
    solutions
}

/// The number of joins when nothing is searched alone: one less than there are candidates in each row that has any.
fn choices(board: Board) -> u64 {
    let mut candidates = board.free();
    let mut count = u64::from(candidates.count_ones().saturating_sub(1));
    while candidates != 0 {
        let bit = candidates & candidates.wrapping_neg();
        candidates &= !bit;
        count += choices(board.with_queen(bit));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_disjoint_and_even() {
        for set in [0b11, 0b1010, 0b1111_0001, 0b1000_0000_0001] {
            let (lower, upper) = halves(set);
            assert_eq!((lower | upper, lower & upper), (set, 0));
            assert_eq!(lower.count_ones(), set.count_ones() / 2);
        }
    }
}
