//! Work of a given amount: a chain of steps, each of which needs the one before.
//!
//! Its length is a number of steps, so all engines do the same work and its result can be checked. How many steps take
//! how long is found out once a process.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Does so many steps, and returns what only they can give.
///
/// A step is no linear function, since a compiler makes one of several linear ones.
pub(crate) fn chain(seed: u32, steps: u32) -> u64 {
    steps_from(u64::from(seed) << 1 | 1, steps)
}

fn steps_from(start: u64, steps: u32) -> u64 {
    (0..steps).fold(start, |x, _| (x ^ (x >> 29)).wrapping_mul(6_364_136_223_846_793_005))
}

/// What chains of these lengths give, all with this seed: in the time that the longest takes, besides sorting.
pub(crate) fn chains(seed: u32, lengths: &[u32]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_unstable_by_key(|i| lengths[*i]);
    let mut results = vec![0; lengths.len()];
    let (mut done, mut x) = (0, chain(seed, 0));
    for i in order {
        x = steps_from(x, lengths[i] - done);
        done = lengths[i];
        results[i] = x;
    }
    results
}

/// About how many steps fill this time on an undisturbed core; at least one.
pub(crate) fn steps_in(time: Duration) -> u32 {
    static STEPS_PER_NANOSECOND: OnceLock<f64> = OnceLock::new();
    let rate = STEPS_PER_NANOSECOND.get_or_init(rate);
    ((time.as_nanos() as f64 * rate) as u32).max(1)
}

/// The best of several tries, as whatever disturbs them makes them slower.
fn rate() -> f64 {
    const STEPS: u32 = 200_000;
    let time = |_| {
        let start = Instant::now();
        black_box(chain(black_box(1), black_box(STEPS)));
        start.elapsed()
    };
    let best = (0..10).map(time).min().unwrap_or_default();
    f64::from(STEPS) / best.as_nanos().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_and_the_seed_count() {
        assert_eq!(chain(0, 0), 1);
        assert_eq!(chain(0, 1), 6_364_136_223_846_793_005);
        assert_ne!(chain(1, 10), chain(2, 10));
        assert_ne!(chain(1, 10), chain(1, 11));
    }

    #[test]
    fn many_chains_are_each_what_one_is() {
        let lengths = [7, 0, 3, 3, 1_000];
        assert_eq!(chains(5, &lengths), lengths.map(|length| chain(5, length)));
    }

    #[test]
    fn longer_times_have_more_steps() {
        assert_eq!(steps_in(Duration::ZERO), 1);
        assert!(steps_in(Duration::from_millis(2)) > steps_in(Duration::from_millis(1)));
    }
}
