//! The Fibonacci recursion with a join at every call and no cut-off: nothing but the cost of a join.
//! It runs on the engine's own static path.

use std::hint::black_box;
use std::sync::Arc;

use crate::engine::Joins;
use crate::engine::settings::{Allowed, Rule, Settings};
use crate::workload::{About, Counted, Failure, Prepare, Watch, Workload, check};

/// `join/fib`.
pub(crate) struct Fib {
    n: u32,
}

impl Prepare for Fib {
    const ABOUT: &'static About = &About {
        name: "join/fib",
        models: "fib(n) by joining fib(n - 1) and fib(n - 2), down to n = 1: the bare cost of a join",
        operation: "join",
        parameters: &[Rule::new("n", Allowed::Number { min: 2, max: 45 }, "30", "which number").quick("12")],
        headline: Some(""),
        counted: Some(Counted { path: "join", parameter: "n", sizes: (14, 22) }),
        ..About::DEFAULT
    };

    fn prepare(parameters: &Settings) -> Result<Self, Failure> {
        Ok(Fib { n: parameters.number("n") as u32 })
    }

    /// fib(n) calls with n of at least 2 each join once; there are fib(n + 1) - 1 of them.
    fn operations(&self) -> u64 {
        closed_form(self.n + 1) - 1
    }

    fn answer(&self) -> Option<u64> {
        Some(closed_form(self.n))
    }
}

impl<E: Joins> Workload<E> for Fib {
    fn iterate(&mut self, engine: &Arc<E>, watch: &mut Watch) -> Result<(), Failure> {
        let n = black_box(self.n);
        let answer = watch.run(|| engine.enter(|context| fib::<E>(n, context)));
        check(answer, closed_form(self.n))
    }
}

fn fib<E: Joins>(n: u32, context: &mut E::Context<'_>) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = E::join(context, move |c| fib::<E>(n - 1, c), move |c| fib::<E>(n - 2, c));
    a + b
}

/// The n-th Fibonacci number, by Binet's formula, which rounds right for n up to 70.
fn closed_form(n: u32) -> u64 {
    let root = 5_f64.sqrt();
    (((1.0 + root) / 2.0).powi(n as i32) / root).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_form_is_the_recursion() {
        let (mut a, mut b) = (0_u64, 1_u64);
        for n in 0..=46 {
            assert_eq!(closed_form(n), a);
            (a, b) = (b, a + b);
        }
    }
}
