//! The product of two matrices, divide and conquer: C += A B by quadrants.
//!
//! The quadrants of C are independent of each other, so they are joined; the two products that add up to a quadrant
//! are not, so they follow each other. A matrix lies in memory quadrant after quadrant, each of them likewise, down to
//! blocks that lie row after row: so a quadrant is a slice, and every level of caches is served alike.

use std::sync::Arc;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

const POWER: Allowed = Allowed::PowerOfTwo { max: 2048 };

/// `join/matmul`.
pub(crate) struct Matmul {
    size: usize,
    leaf: usize,
    a: Vec<f64>,
    b: Vec<f64>,
    c: Vec<f64>,
}

impl Prepare for Matmul {
    const ABOUT: &'static About = &About {
        name: "join/matmul",
        models: "the product of two matrices by quadrants: joins of four, over memory that is read again and again",
        operation: "multiplication",
        parameters: &[
            Rule::new("size", POWER, "256", "rows and columns").quick("32"),
            Rule::new("leaf", POWER, "32", "blocks of at most this size are multiplied in loops"),
        ],
        // With a sensible cut-off, and as good as without: a leaf of 4 takes some 40 ns.
        variants: &["size=256:leaf=32", "size=128:leaf=4"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let (size, leaf) = (parameters.number("size"), parameters.number("leaf"));
        let leaf = leaf.min(size);
        let matrix =
            |value: fn(usize, usize) -> usize| fill(size, leaf, |row, column| value(row, column) as f64);
        let (a, b) = (matrix(|row, column| row + column), matrix(|row, column| row * column + 1));
        Ok(Matmul { size, leaf, a, b, c: vec![0.0; size * size] })
    }

    fn operations(&self) -> u64 {
        (self.size as u64).pow(3)
    }

    fn answer(&self) -> Option<u64> {
        Some(self.hash())
    }
}

impl Matmul {
    /// The product row after row, every element of which counts.
    fn hash(&self) -> u64 {
        let element = |i| product(self.size, i / self.size, i % self.size) as u64;
        (0..self.size * self.size).fold(0, |hash: u64, i| hash.wrapping_mul(31).wrapping_add(element(i)))
    }
}

impl<E: Joins> Workload<E> for Matmul {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.c.fill(0.0);
        let (leaf, a, b, c) = (self.leaf, &self.a[..], &self.b[..], &mut self.c[..]);
        watch.run(|| engine.enter(|context| multiply::<E>(leaf, c, a, b, context)));
        let expected = fill(self.size, self.leaf, |row, column| product(self.size, row, column));
        let wrong = self.c.iter().zip(&expected).filter(|(got, expected)| got != expected);
        check(format!("{} wrong elements", wrong.count()), "0 wrong elements".to_owned())
    }
}

/// C += A B, for matrices of which a side is `leaf` times a power of two.
fn multiply<E: Joins>(leaf: usize, c: &mut [f64], a: &[f64], b: &[f64], context: &mut E::Context<'_>) {
    if c.len() == leaf * leaf {
        return multiply_block(leaf, c, a, b);
    }
    let [c11, c12, c21, c22] = quadrants_mut(c);
    let ([a11, a12, a21, a22], [b11, b12, b21, b22]) = (quadrants(a), quadrants(b));
    let quadrant = |c: &mut [f64], first: [&[f64]; 2], then: [&[f64]; 2], context: &mut E::Context<'_>| {
        multiply::<E>(leaf, c, first[0], first[1], context);
        multiply::<E>(leaf, c, then[0], then[1], context);
    };
    E::join(
        context,
        |context| {
            E::join(
                context,
                |context| quadrant(c11, [a11, b11], [a12, b21], context),
                |context| quadrant(c12, [a11, b12], [a12, b22], context),
            )
        },
        |context| {
            E::join(
                context,
                |context| quadrant(c21, [a21, b11], [a22, b21], context),
                |context| quadrant(c22, [a21, b12], [a22, b22], context),
            )
        },
    );
}

/// The innermost loop runs along rows, which the compiler makes vectors of.
fn multiply_block(leaf: usize, c: &mut [f64], a: &[f64], b: &[f64]) {
    for (c_row, a_row) in c.chunks_exact_mut(leaf).zip(a.chunks_exact(leaf)) {
        for (factor, b_row) in a_row.iter().zip(b.chunks_exact(leaf)) {
            c_row.iter_mut().zip(b_row).for_each(|(sum, b)| *sum += factor * b);
        }
    }
}

fn quadrants(matrix: &[f64]) -> [&[f64]; 4] {
    let (upper, lower) = matrix.split_at(matrix.len() / 2);
    let ((a, b), (c, d)) = (upper.split_at(upper.len() / 2), lower.split_at(lower.len() / 2));
    [a, b, c, d]
}

fn quadrants_mut(matrix: &mut [f64]) -> [&mut [f64]; 4] {
    let (upper, lower) = matrix.split_at_mut(matrix.len() / 2);
    let half = upper.len() / 2;
    let ((a, b), (c, d)) = (upper.split_at_mut(half), lower.split_at_mut(half));
    [a, b, c, d]
}

/// A matrix with these elements.
fn fill(size: usize, leaf: usize, element: impl Fn(usize, usize) -> f64 + Copy) -> Vec<f64> {
    let mut matrix = Vec::with_capacity(size * size);
    fill_from(&mut matrix, size, leaf, (0, 0), element);
    matrix
}

/// Adds the square whose first element is at `row` and `column`.
fn fill_from(
    matrix: &mut Vec<f64>,
    size: usize,
    leaf: usize,
    (row, column): (usize, usize),
    element: impl Fn(usize, usize) -> f64 + Copy,
) {
    if size == leaf {
        matrix.extend((0..size * size).map(|i| element(row + i / size, column + i % size)));
        return;
    }
    let half = size / 2;
    for corner in [(row, column), (row, column + half), (row + half, column), (row + half, column + half)] {
        fill_from(matrix, half, leaf, corner, element);
    }
}

/// An element of the product in closed form: the sum over k of (row + k) (k column + 1).
///
/// All numbers on the way are whole and far below 2^53, so floating point is exact whatever the order.
fn product(size: usize, row: usize, column: usize) -> f64 {
    let sum = size * (size - 1) / 2;
    let squares = (size - 1) * size * (2 * size - 1) / 6;
    (row * column * sum + row * size + column * squares + sum) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closed_form_is_the_sum() {
        for (row, column) in [(0, 0), (1, 2), (7, 3)] {
            let sum: usize = (0..8).map(|k| (row + k) * (k * column + 1)).sum();
            assert_eq!(product(8, row, column), sum as f64);
        }
    }

    #[test]
    fn quadrants_are_slices() {
        let matrix = fill(4, 1, |row, column| (10 * row + column) as f64);
        let [upper_left, upper_right, ..] = quadrants(&matrix);
        assert_eq!(upper_left, [0.0, 1.0, 10.0, 11.0]);
        assert_eq!(upper_right, [2.0, 3.0, 12.0, 13.0]);
        assert_eq!(fill(2, 2, |row, column| (10 * row + column) as f64), [0.0, 1.0, 10.0, 11.0]);
    }
}
