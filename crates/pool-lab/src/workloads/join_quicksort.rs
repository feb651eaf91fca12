//! Quicksort that joins its two halves: fork-join over memory that is written.

use std::fmt;
use std::sync::Arc;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Failure, Prepare, Watch, Workload, check};

/// Slices of at most this length are sorted by insertion.
const SMALL: usize = 24;

/// `join/quicksort`.
pub(crate) struct Quicksort {
    input: Vec<u32>,
    sorted: Vec<u32>,
    work: Vec<u32>,
    alone: usize,
}

impl Prepare for Quicksort {
    const ABOUT: &'static About = &About {
        name: "join/quicksort",
        models: "sorting random numbers in place, both parts of each partition in a join",
        operation: "number sorted",
        parameters: &[
            Rule::new("numbers", Allowed::COUNT, "200000", "numbers to sort").quick("1000"),
            Rule::new(
                "alone",
                Allowed::Number { min: 0, max: u32::MAX as u64 },
                "0",
                "slices of at most this length are sorted without joins",
            ),
            Rule::new("seed", Allowed::SEED, "1", "draws the numbers"),
        ],
        // As a benchmark of joins does it, and as a user should.
        variants: &["alone=0", "alone=500"],
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        let mut random = fastrand::Rng::with_seed(parameters.number("seed") as u64);
        let input: Vec<u32> = (0..parameters.number("numbers")).map(|_| random.u32(..)).collect();
        let mut sorted = input.clone();
        sorted.sort_unstable();
        Ok(Quicksort { work: input.clone(), input, sorted, alone: parameters.number("alone") })
    }

    fn operations(&self) -> u64 {
        self.input.len() as u64
    }
}

impl<E: Joins> Workload<E> for Quicksort {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        self.work.copy_from_slice(&self.input);
        let (work, alone) = (&mut self.work[..], self.alone);
        watch.run(|| engine.enter(|context| quicksort::<E>(work, alone, context)));
        check(Order::of(&self.work, &self.sorted), Order::Right)
    }
}

fn quicksort<E: Joins>(slice: &mut [u32], alone: usize, context: &mut E::Context<'_>) {
    if slice.len() <= alone.max(SMALL) {
        return quicksort_alone(slice);
    }
    let (low, high) = partition(slice);
    E::join(context, |c| quicksort::<E>(low, alone, c), |c| quicksort::<E>(high, alone, c));
}

fn quicksort_alone(slice: &mut [u32]) {
    if slice.len() <= SMALL {
        return insertion_sort(slice);
    }
    let (low, high) = partition(slice);
    quicksort_alone(low);
    quicksort_alone(high);
}

fn insertion_sort(slice: &mut [u32]) {
    for end in 1..slice.len() {
        let value = slice[end];
        let place = slice[..end].iter().rposition(|x| *x <= value).map_or(0, |i| i + 1);
        slice.copy_within(place..end, place + 1);
        slice[place] = value;
    }
}

/// Splits the slice at the median of its first, middle and last number (Lomuto's scheme), leaving that one out.
fn partition(slice: &mut [u32]) -> (&mut [u32], &mut [u32]) {
    let last = slice.len() - 1;
    let mut three = [0, last / 2, last];
    three.sort_unstable_by_key(|i| slice[*i]);
    slice.swap(three[1], last);
    let pivot = slice[last];
    let mut end_of_low = 0;
    for i in 0..last {
        if slice[i] < pivot {
            slice.swap(i, end_of_low);
            end_of_low += 1;
        }
    }
    slice.swap(end_of_low, last);
    let (low, rest) = slice.split_at_mut(end_of_low);
    (low, &mut rest[1..])
}

/// How a result compares with the sorted input.
#[derive(PartialEq)]
enum Order {
    Right,
    WrongAt(usize),
}

impl Order {
    fn of(got: &[u32], expected: &[u32]) -> Self {
        got.iter().zip(expected).position(|(a, b)| a != b).map_or(Order::Right, Order::WrongAt)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Order::Right => f.write_str("in order"),
            Order::WrongAt(index) => write!(f, "the wrong number at index {index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insertion_sort_sorts_duplicates_too() {
        let mut slice = [5, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];
        insertion_sort(&mut slice);
        assert_eq!(slice, [1, 1, 2, 3, 4, 5, 5, 5, 5, 6, 9]);
    }

    #[test]
    fn partition_leaves_the_pivot_between() {
        let mut slice: Vec<u32> = (0..100).map(|i| i * 37 % 101).collect();
        let (low, high) = partition(&mut slice);
        assert_eq!(low.len() + high.len(), 99);
        assert!(low.iter().max() < high.iter().min());
    }
}
