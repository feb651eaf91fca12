//! The statistics that the barometer uses, and no others.
//!
//! Times are summarised by their median: a round that the scheduler disturbed is then one round among many,
//! rather than a shift of the result. How well the median is known is said by a percentile bootstrap
//! interval ([`bootstrap_median`]). Engines are compared by ratios *paired* within a round
//! ([`paired_ratio`]), because two engines that run next to each other see the same machine, while absolute
//! times drift by tens of percent over minutes.

/// Resamples behind a bootstrap interval. The end points of a 95 % interval settle to well under a tenth of
/// its width at this number.
pub const RESAMPLES: usize = 2_000;

/// The share of the bootstrap distribution that an interval covers.
pub const CONFIDENCE: f64 = 0.95;

/// The bootstrap draws from a generator with this seed, so that the same samples give the same interval.
const SEED: u64 = 0x0070_6f6f_6c6c_6162;

/// A value with an interval around it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The value.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// A value known without doubt: the interval is a point.
    pub fn exact(value: f64) -> Self {
        Estimate { median: value, low: value, high: value }
    }

    /// All three numbers multiplied by `factor`, which must not be negative.
    pub fn scaled(self, factor: f64) -> Self {
        Estimate { median: self.median * factor, low: self.low * factor, high: self.high * factor }
    }
}

/// The `q`-quantile (`q` from 0 to 1) of `samples` in any order, interpolated linearly between neighbours
/// (type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996). `None` without samples.
/// O(n log n).
pub fn quantile(samples: &[f64], q: f64) -> Option<f64> {
    quantile_of_sorted(&sorted(samples), q)
}

/// The median. `None` without samples.
///
/// ```
/// assert_eq!(pool_lab::numbers::stats::median(&[3.0, 1.0, 2.0]), Some(2.0));
/// assert_eq!(pool_lab::numbers::stats::median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
/// ```
pub fn median(samples: &[f64]) -> Option<f64> {
    quantile(samples, 0.5)
}

/// The median, with the 10th and 90th percentile as its interval: how far samples lie apart.
pub fn spread(samples: &[f64]) -> Option<Estimate> {
    let sorted = sorted(samples);
    Some(Estimate {
        median: quantile_of_sorted(&sorted, 0.5)?,
        low: quantile_of_sorted(&sorted, 0.1)?,
        high: quantile_of_sorted(&sorted, 0.9)?,
    })
}

/// The median, with the 95 % percentile bootstrap interval of that median: how well the median is known.
///
/// The samples are drawn with replacement [`RESAMPLES`] times, and the interval spans the middle
/// [`CONFIDENCE`] of the medians so found (B. Efron, "Bootstrap Methods: Another Look at the Jackknife",
/// Annals of Statistics 7, 1979). The generator has a fixed seed: the same samples in the same order give the
/// same answer. `None` without samples. The interval of one sample is that sample, and is no evidence at all.
pub fn bootstrap_median(samples: &[f64]) -> Option<Estimate> {
    let median = median(samples)?;
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut draw = vec![0.0; samples.len()];
    let mut medians = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        draw.fill_with(|| samples[random.usize(..samples.len())]);
        draw.sort_unstable_by(f64::total_cmp);
        medians.extend(quantile_of_sorted(&draw, 0.5));
    }
    medians.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    // With very few samples the bootstrap distribution is coarse; the median itself always belongs inside.
    let low = quantile_of_sorted(&medians, tail)?.min(median);
    let high = quantile_of_sorted(&medians, 1.0 - tail)?.max(median);
    Some(Estimate { median, low, high })
}

/// The median of `a[i] / b[i]` over rounds `i`, with its bootstrap interval. `None` without rounds.
///
/// # Panics
///
/// When `a` and `b` differ in length: then they are not pairs.
pub fn paired_ratio(a: &[f64], b: &[f64]) -> Option<Estimate> {
    assert_eq!(a.len(), b.len(), "paired ratios need as many rounds of one engine as of the other");
    let ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    bootstrap_median(&ratios)
}

/// The geometric mean of positive values. `None` without values.
///
/// It is the mean that ratios have: the order of engines that it gives does not depend on which engine the
/// ratios are taken against.
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in values {
        sum += value.ln();
        count += 1;
    }
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

/// The factor by which an engine was seen to differ from itself: at least 1, whichever way it differed.
pub fn noise_factor(noise: Estimate) -> f64 {
    noise.high.max(1.0 / noise.low).max(1.0)
}

/// Whether a ratio cannot be told from 1 on a machine with this noise floor: its interval reaches into the
/// band from `1 / f` to `f`, where `f` is the [`noise_factor`] of an engine measured against itself.
///
/// ```
/// use pool_lab::numbers::stats::{Estimate, is_tie};
///
/// let noise = Estimate { median: 1.0, low: 0.98, high: 1.03 };
/// assert!(is_tie(Estimate { median: 1.05, low: 1.02, high: 1.08 }, noise));
/// assert!(!is_tie(Estimate { median: 1.05, low: 1.04, high: 1.06 }, noise));
/// ```
pub fn is_tie(ratio: Estimate, noise: Estimate) -> bool {
    let factor = noise_factor(noise);
    ratio.low <= factor && ratio.high >= 1.0 / factor
}

fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

fn quantile_of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    interpolated(sorted.len(), q, |rank| sorted[rank])
}

/// The `q`-quantile of so many values, of which `at` gives the one of a rank, counted from 0. `None` without values.
pub(super) fn interpolated(count: usize, q: f64, at: impl Fn(usize) -> f64) -> Option<f64> {
    let last = count.checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * last as f64;
    let rank = position.floor() as usize;
    let (below, above) = (at(rank), at((rank + 1).min(last)));
    Some(below + (above - below) * (position - rank as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_and_ignore_order() {
        let samples = [40.0, 10.0, 30.0, 20.0, 50.0];
        assert_eq!(quantile(&samples, 0.0), Some(10.0));
        assert_eq!(quantile(&samples, 0.25), Some(20.0));
        assert_eq!(quantile(&samples, 0.9), Some(46.0));
        assert_eq!(quantile(&samples, 1.0), Some(50.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn spread_is_the_middle_eighty_percent() {
        let samples: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(spread(&samples), Some(Estimate { median: 50.0, low: 10.0, high: 90.0 }));
    }

    #[test]
    fn a_bootstrap_interval_holds_the_median_and_repeats() {
        let samples: Vec<f64> = (0..31).map(|i| 100.0 + f64::from(i * 7 % 31)).collect();
        let first = bootstrap_median(&samples).unwrap();
        assert_eq!(first.median, 115.0);
        assert!(100.0 < first.low && first.low < 115.0, "{first:?}");
        assert!(115.0 < first.high && first.high < 130.0, "{first:?}");
        assert_eq!(bootstrap_median(&samples), Some(first));
    }

    #[test]
    fn a_bootstrap_interval_narrows_as_samples_grow() {
        let width = |n: u32| {
            let samples: Vec<f64> = (0..n).map(|i| f64::from(i) / f64::from(n)).collect();
            let estimate = bootstrap_median(&samples).unwrap();
            estimate.high - estimate.low
        };
        assert!(width(400) < width(25) / 2.0);
    }

    #[test]
    fn a_bootstrap_interval_has_about_its_nominal_coverage() {
        // 300 experiments of 25 draws each from a distribution whose median is 0.5.
        let mut random = fastrand::Rng::with_seed(7);
        let covered = (0..300).filter(|_| {
            let samples: Vec<f64> = (0..25).map(|_| random.f64()).collect();
            let estimate = bootstrap_median(&samples).unwrap();
            estimate.low <= 0.5 && 0.5 <= estimate.high
        });
        let covered = covered.count();
        assert!((270..=299).contains(&covered), "{covered} of 300 intervals held the true median");
    }

    #[test]
    fn one_sample_and_none() {
        assert_eq!(bootstrap_median(&[3.0]), Some(Estimate::exact(3.0)));
        assert_eq!(bootstrap_median(&[]), None);
        assert_eq!(geometric_mean([]), None);
    }

    #[test]
    fn pairing_removes_a_drift_that_both_engines_see() {
        let drift: Vec<f64> = (0..20).map(|i| 1.0 + f64::from(i) / 10.0).collect();
        let a: Vec<f64> = drift.iter().map(|d| 30.0 * d).collect();
        let b: Vec<f64> = drift.iter().map(|d| 10.0 * d).collect();
        let ratio = paired_ratio(&a, &b).unwrap();
        assert!((ratio.low - 3.0).abs() < 1e-9 && (ratio.high - 3.0).abs() < 1e-9, "{ratio:?}");
    }

    #[test]
    #[should_panic(expected = "as many rounds")]
    fn unpaired_rounds_are_refused() {
        paired_ratio(&[1.0], &[1.0, 2.0]);
    }

    #[test]
    fn geometric_mean_of_a_ratio_and_its_inverse_is_one() {
        assert!((geometric_mean([4.0, 0.25]).unwrap() - 1.0).abs() < 1e-12);
        assert!((geometric_mean([1.0, 2.0, 4.0]).unwrap() - 2.0).abs() < 1e-12);
    }

    #[test]
    fn ties_are_symmetric_in_the_noise() {
        let noise = Estimate { median: 0.97, low: 0.9, high: 1.01 };
        assert!((noise_factor(noise) - 1.0 / 0.9).abs() < 1e-12);
        let above = Estimate { median: 1.12, low: 1.10, high: 1.2 };
        let below = Estimate { median: 1.0 / 1.12, low: 1.0 / 1.2, high: 1.0 / 1.10 };
        assert!(is_tie(above, noise) && is_tie(below, noise));
        assert!(!is_tie(Estimate { median: 1.3, low: 1.2, high: 1.4 }, noise));
        assert!(!is_tie(Estimate { median: 0.7, low: 0.6, high: 0.8 }, noise));
    }
}
