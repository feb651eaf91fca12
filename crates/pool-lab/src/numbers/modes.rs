//! Whether times fall into two groups.

use super::stats;

/// The two values around which times gather.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Modes {
    /// The median of the lower group.
    pub low: f64,
    /// The median of the upper group.
    pub high: f64,
    /// The share of samples in the lower group.
    pub share_of_low: f64,
}

/// Fewer samples say nothing of their distribution.
const FEWEST: usize = 10;

/// A group that has a smaller share of the samples is a few outliers.
const LEAST_SHARE: f64 = 0.2;

/// The distance of the groups in standard deviations. A mixture of two equal normal distributions has two peaks when its
/// means are two deviations apart (M. F. Schilling, A. E. Watkins and W. Watkins, "Is Human Height Bimodal?", The American
/// Statistician 56, 2002). Cutting one normal distribution in its middle leaves halves that are 2.65 of their own
/// deviations apart, so twice that.
const APART: f64 = 5.3;

/// Groups that are closer than this factor matter to nobody.
const LEAST_FACTOR: f64 = 1.15;

/// The two modes of times that have two: the cut between two groups of logarithms with the least squares around their means
/// (the natural breaks of G. F. Jenks, for two classes), when the groups are far enough apart and neither is small. `None`
/// for all others.
///
/// ```
/// use pool_lab::numbers::modes::modes;
///
/// let times = [10.0, 10.1, 20.2, 9.9, 20.0, 19.8, 10.0, 20.1, 10.2, 9.8];
/// let found = modes(&times).unwrap();
/// assert!((found.low - 10.0).abs() < 1e-9 && found.share_of_low == 0.6);
/// assert!(modes(&[10.0, 10.1, 10.2, 9.9, 10.0, 9.8, 10.0, 10.1, 10.2, 9.8]).is_none());
/// ```
pub fn modes(times: &[f64]) -> Option<Modes> {
    if times.len() < FEWEST || times.iter().any(|time| *time <= 0.0) {
        return None;
    }
    let mut logs: Vec<f64> = times.iter().map(|time| time.ln()).collect();
    logs.sort_unstable_by(f64::total_cmp);
    let least = ((logs.len() as f64 * LEAST_SHARE).ceil() as usize).max(2);
    let cuts = least..=logs.len() - least;
    let within = |cut: &usize| squares(&logs[..*cut]) + squares(&logs[*cut..]);
    let cut = cuts.min_by(|a, b| within(a).total_cmp(&within(b)))?;
    let (low, high) = logs.split_at(cut);
    let distance = mean(high) - mean(low);
    let deviation = (within(&cut) / (logs.len() - 2) as f64).sqrt();
    let apart = distance > APART * deviation && distance > LEAST_FACTOR.ln();
    let of = |group: &[f64]| stats::median(group).map(f64::exp);
    let found = Modes { low: of(low)?, high: of(high)?, share_of_low: cut as f64 / logs.len() as f64 };
    apart.then_some(found)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(seed: u64, draw: impl Fn(&mut fastrand::Rng) -> f64) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..30).map(|_| draw(&mut random)).collect()
    }

    fn normal(random: &mut fastrand::Rng) -> f64 {
        (0..12).map(|_| random.f64()).sum::<f64>() - 6.0
    }

    #[test]
    fn two_groups_are_found_with_both_values() {
        for seed in 0..50 {
            let times = draws(seed, |random| {
                let mode = if random.f64() < 0.5 { 5.0 } else { 30.0 };
                mode * (1.0 + 0.1 * normal(random))
            });
            let found = modes(&times).unwrap();
            assert!((4.5..5.5).contains(&found.low) && (27.0..33.0).contains(&found.high), "{found:?}");
        }
    }

    #[test]
    fn one_group_is_hardly_ever_taken_for_two() {
        let two = |draw: fn(&mut fastrand::Rng) -> f64| {
            (0..200).filter(|seed| modes(&draws(*seed, draw)).is_some()).count()
        };
        assert!(two(|random| 100.0 * (0.2 * normal(random)).exp()) <= 4);
        assert!(two(|random| 100.0 * (1.0 + random.f64())) <= 4);
    }

    #[test]
    fn a_few_outliers_are_no_group() {
        let mut times = vec![10.0; 18];
        times.extend([50.0, 60.0]);
        assert_eq!(modes(&times), None);
        assert_eq!(modes(&[1.0, 9.0]), None);
    }
}
