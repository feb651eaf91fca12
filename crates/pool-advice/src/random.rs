//! Random numbers of a fixed seed, and durations drawn from a distribution.

use std::time::Duration;

use pool_core::stats::Distribution;

/// SplitMix64.
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn with_seed(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1, without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Exponentially distributed, with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }
}

/// Draws seconds as they were recorded.
#[derive(Clone)]
pub(crate) struct Sampler {
    /// The seconds of each bucket, and how many were recorded in it and those before.
    buckets: Vec<(f64, u64)>,
}

impl Sampler {
    /// Of what is recorded here, times this factor. A bucket tells only the longest that it may hold; the mean is kept exactly.
    pub(crate) fn new(recorded: &Distribution, factor: f64) -> Self {
        let mut buckets: Vec<(f64, u64)> = Vec::new();
        let (mut count, mut sum) = (0, 0.0);
        for (longest, here) in recorded.buckets() {
            count += here;
            sum += longest.as_secs_f64() * here as f64;
            buckets.push((longest.as_secs_f64(), count));
        }
        let correction = if sum > 0.0 { recorded.sum().as_secs_f64() / sum } else { 1.0 };
        buckets.iter_mut().for_each(|(seconds, _)| *seconds *= correction * factor);
        Sampler { buckets }
    }

    /// One of them; zero when there are none.
    pub(crate) fn draw(&self, random: &mut Random) -> f64 {
        let Some((_, count)) = self.buckets.last() else { return 0.0 };
        let number = (random.unit() * *count as f64) as u64;
        let bucket = self.buckets.partition_point(|(_, up_to)| *up_to <= number);
        self.buckets[bucket].0
    }
}

/// As a duration; what is too long for one is the longest.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 100_000;

    fn mean(draw: impl FnMut(usize) -> f64) -> f64 {
        (0..DRAWS).map(draw).sum::<f64>() / DRAWS as f64
    }

    #[test]
    fn draws_have_the_mean_of_what_was_recorded_and_its_values() {
        let mut recorded = Distribution::default();
        (0..3).for_each(|_| recorded.record(Duration::from_millis(1)));
        recorded.record(Duration::from_millis(9));
        let mut random = Random::with_seed(1);
        let sampler = Sampler::new(&recorded, 2.0);
        assert!((mean(|_| sampler.draw(&mut random)) / 6e-3 - 1.0).abs() < 0.02);
        let short = |draw: f64| (draw / 2e-3 - 1.0).abs() < 0.02;
        let long = |draw: f64| (draw / 18e-3 - 1.0).abs() < 0.02;
        let draws: Vec<f64> = (0..1000).map(|_| sampler.draw(&mut random)).collect();
        assert!(draws.iter().all(|draw| short(*draw) || long(*draw)));
        let share = draws.iter().filter(|draw| long(**draw)).count();
        assert!((200..300).contains(&share), "{share} of 1000 are long");
    }

    #[test]
    fn of_nothing_nothing_is_drawn() {
        let sampler = Sampler::new(&Distribution::default(), 1.0);
        assert_eq!(sampler.draw(&mut Random::with_seed(1)), 0.0);
    }

    #[test]
    fn exponential_numbers_have_mean_and_variance_one() {
        let mut random = Random::with_seed(7);
        assert!((mean(|_| random.exponential()) - 1.0).abs() < 0.01);
        assert!((mean(|_| (random.exponential() - 1.0).powi(2)) - 1.0).abs() < 0.03);
    }
}
