//! What the variances of many engines say about the variance of one.
//!
//! Three blocks hardly tell how far an engine's blocks lie apart: Student's t with two degrees of freedom makes their
//! interval several times as wide as a dozen blocks would. But two dozen engines are measured in the same blocks, and the
//! variances of all of them tell where the variance of one is to be expected, and how much engines differ in it. So an
//! engine's own variance is averaged with what is to be expected, weighted by degrees of freedom: the moderated t of G. K.
//! Smyth, "Linear Models and Empirical Bayes Methods for Assessing Differential Expression in Microarray Experiments", 2004,
//! sections 3 and 6.2. Where engines differ much in how they vary, the weight is small; with many blocks an engine's own
//! variance decides.

/// The weight is never more than that of so many degrees of freedom: an engine that varies more than all others is to show it by
/// a handful of blocks.
const MOST: f64 = 4.0;

/// Of fewer variances nothing is learnt.
const FEWEST: usize = 4;

/// The variance to be expected of a block, before an engine's own blocks are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Of a block.
    pub variance: f64,
    /// The degrees of freedom that it is worth.
    pub freedom: f64,
}

impl Prior {
    /// Nothing is expected: an engine's own blocks decide.
    pub const NONE: Prior = Prior { variance: 0.0, freedom: 0.0 };

    /// From variances of blocks, each with its degrees of freedom. Variances of 0 are left out.
    ///
    /// ```
    /// use pool_lab::numbers::prior::Prior;
    ///
    /// let alike = Prior::of(&[(1.1, 4), (0.9, 4), (1.0, 4), (1.2, 4), (0.8, 4)]);
    /// assert!(0.8 < alike.variance && alike.variance < 1.3 && alike.freedom > 3.0);
    /// let unlike = Prior::of(&[(0.001, 4), (90.0, 4), (0.5, 4), (7.0, 4), (0.02, 4)]);
    /// assert!(unlike.freedom < 1.0);
    /// assert_eq!(Prior::of(&[(1.0, 4)]), Prior::NONE);
    /// ```
    pub fn of(variances: &[(f64, usize)]) -> Self {
        let known: Vec<(f64, f64)> = variances
            .iter()
            .filter(|(variance, freedom)| *variance > 0.0 && *freedom > 0)
            .map(|(variance, freedom)| (variance.ln(), *freedom as f64 / 2.0))
            .collect();
        if known.len() < FEWEST {
            return Prior::NONE;
        }
        let n = known.len() as f64;
        // The logarithm of each, less what its own degrees of freedom shift it by on average.
        let logs: Vec<f64> = known.iter().map(|(log, half)| log - digamma(*half) + half.ln()).collect();
        let mean = logs.iter().sum::<f64>() / n;
        let apart = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // What they lie apart by more than chance explains.
        let apart = apart - known.iter().map(|(_, half)| trigamma(*half)).sum::<f64>() / n;
        let freedom = freedom_of(apart);
        let half = freedom / 2.0;
        Prior { variance: (mean + digamma(half) - half.ln()).exp(), freedom }
    }
}

/// The degrees of freedom of which half has this trigamma; no more than [`MOST`].
fn freedom_of(apart: f64) -> f64 {
    if apart <= trigamma(MOST / 2.0) {
        return MOST;
    }
    // It falls from infinity on.
    let (mut low, mut high) = (1e-3, MOST);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if trigamma(middle / 2.0) > apart { low = middle } else { high = middle }
    }
    high
}

/// The derivative of the logarithm of the gamma function (Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964,
/// 6.3.5 and 6.3.18).
fn digamma(x: f64) -> f64 {
    if x < 8.0 {
        return digamma(x + 1.0) - 1.0 / x;
    }
    let square = 1.0 / (x * x);
    x.ln() - 0.5 / x - square * (1.0 / 12.0 - square * (1.0 / 120.0 - square / 252.0))
}

/// The derivative of [`digamma`] (6.4.6 and 6.4.12).
fn trigamma(x: f64) -> f64 {
    if x < 8.0 {
        return trigamma(x + 1.0) + 1.0 / (x * x);
    }
    let square = 1.0 / (x * x);
    (1.0 + 0.5 / x + square * (1.0 / 6.0 - square * (1.0 / 30.0 - square / 42.0))) / x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_functions_have_their_known_values() {
        let euler = 0.577_215_664_901_532_9;
        assert!((digamma(1.0) + euler).abs() < 1e-9);
        assert!((digamma(0.5) + euler + 2.0 * 2.0_f64.ln()).abs() < 1e-9);
        let pi_squared = std::f64::consts::PI.powi(2);
        assert!((trigamma(1.0) - pi_squared / 6.0).abs() < 1e-9);
        assert!((trigamma(0.5) - pi_squared / 2.0).abs() < 1e-9);
    }

    #[test]
    fn engines_that_vary_alike_lend_each_other_all_and_others_little() {
        // Variances of draws from one distribution, as sums of squares of normal ones.
        let mut random = fastrand::Rng::with_seed(7);
        let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let mut variance = |of: f64| ((0..3).map(|_| of * normal().powi(2)).sum::<f64>() / 3.0, 3_usize);
        let alike: Vec<(f64, usize)> = (0..40).map(|_| variance(2.0)).collect();
        let found = Prior::of(&alike);
        assert!(1.4 < found.variance && found.variance < 2.8 && found.freedom > 2.0, "{found:?}");
        let unlike: Vec<(f64, usize)> = (0..40).map(|i| variance(2.0 * 4.0_f64.powi(i % 8))).collect();
        assert!(Prior::of(&unlike).freedom < 1.5, "{:?}", Prior::of(&unlike));
    }

    #[test]
    fn nothing_is_learnt_from_few_or_from_blocks_that_do_not_vary() {
        assert_eq!(Prior::of(&[(0.0, 3); 9]), Prior::NONE);
        assert_eq!(Prior::of(&[(1.0, 3), (2.0, 3), (1.0, 3), (1.0, 0)]), Prior::NONE);
    }
}
