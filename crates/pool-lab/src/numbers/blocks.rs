//! Estimates from blocks.
//!
//! The samples of one pool resemble each other for as long as the pool lives: where its memory lies and where its
//! threads sit is decided once. So the samples are no independent draws; the blocks are, since each has pools of its own.
//! An interval says what other blocks would have given, and comes from drawing whole blocks with replacement (A. C.
//! Davison and D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8).
//!
//! With a handful of blocks the percentiles of such draws are too narrow: of four blocks they reach no further than the
//! outermost. So the draws give the standard error, and Student's t with one degree of freedom less than there are blocks
//! gives the width (T. C. Hesterberg, "What Teachers Should Know about the Bootstrap", 2015, section 4). The draw's own
//! bias, `(n - 1) / n`, is taken out. What other engines of the group show widens or narrows the interval of a ratio of few blocks
//! ([`Prior`]).

use super::pooled::Pooled;
use super::prior::Prior;
use super::stats::{self, Estimate};
use super::student;

/// The share of intervals that miss, over all looks together.
pub const ALPHA: f64 = 0.05;

/// Draws behind a standard error. It is then known to 3 %.
const RESAMPLES: usize = 500;

/// The draws come from a generator with this seed, so that the same blocks give the same interval.
const SEED: u64 = 0x0070_6f6f_6c6c_6162;

/// Of so many blocks at either end of the order the mean leaves one out: a block that the machine spoilt is then no shift
/// of the result.
const BLOCKS_A_TRIM: usize = 5;

/// How often a measurement looks at its intervals, and may end because of what it sees.
///
/// Each look is a chance to be wrong. Were each interval one of 95 %, a measurement that ends at the first interval which
/// excludes 1 would be wrong far more often than one time in 20. So with `n` looks each interval misses with probability
/// `0.05 / n` (Bonferroni): all of them together hold the value in at least 95 of 100 measurements, whichever look was the
/// last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks(pub usize);

impl Looks {
    /// The measurement looks once, when it is over.
    pub const ONE: Looks = Looks(1);

    fn alpha(self) -> f64 {
        ALPHA / self.0.max(1) as f64
    }
}

/// The typical value of positive blocks, such as times or ratios: the trimmed geometric mean of their medians, with its
/// interval. `None` without blocks. The interval of one block is a point, and no evidence at all.
///
/// ```
/// use pool_lab::numbers::blocks::{self, Looks};
///
/// let blocks = [vec![10.0, 11.0], vec![12.0, 12.5], vec![9.5, 10.5], vec![11.0, 11.5]];
/// let estimate = blocks::positive(&blocks, Looks::ONE).unwrap();
/// assert!(estimate.low < 10.9 && 10.9 < estimate.median && estimate.median < 11.1 && 11.1 < estimate.high);
/// ```
pub fn positive(blocks: &[Vec<f64>], looks: Looks) -> Option<Estimate> {
    of_logs(&logs(blocks), looks, Prior::NONE)
}

/// The same of blocks that may be zero, such as counts: the trimmed mean of their medians.
pub fn counts(blocks: &[Vec<f64>], looks: Looks) -> Option<Estimate> {
    let medians: Vec<f64> = blocks.iter().filter_map(|block| stats::median(block)).collect();
    let found = of_mean(&medians, looks, Prior::NONE)?;
    Some(Estimate { low: found.low.max(0.0), ..found })
}

/// A quantile of the values of all blocks together, with its interval; of its logarithm where nothing is zero, since latencies
/// reach far up and never below zero.
pub fn pooled_quantile(blocks: &[Vec<f64>], q: f64, looks: Looks) -> Option<Estimate> {
    let blocks: Vec<&[f64]> = blocks.iter().map(Vec::as_slice).filter(|block| !block.is_empty()).collect();
    let pooled = Pooled::new(&blocks);
    let quantile = |drawn: &[usize]| pooled.quantile(drawn, q);
    if blocks.iter().copied().flatten().any(|value| *value <= 0.0) {
        let found = interval(blocks.len(), looks, quantile)?;
        return Some(Estimate { low: found.low.max(0.0), ..found });
    }
    let median = quantile(&(0..blocks.len()).collect::<Vec<usize>>())?;
    let found = interval(blocks.len(), looks, |drawn| quantile(drawn).map(f64::ln))?;
    Some(Estimate { median, low: found.low.exp().min(median), high: found.high.exp().max(median) })
}

/// `a` divided by `b`, paired: value by value within a block, and block by block. Blocks that one of them lacks, which are
/// empty, do not count. `prior` is what is expected of the variance of the logarithms; see [`log_variance`].
pub fn ratio(a: &[Vec<f64>], b: &[Vec<f64>], looks: Looks, prior: Prior) -> Option<Estimate> {
    of_logs(&log_ratios(a, b), looks, prior)
}

/// How much the logarithm of `a` divided by `b` varies from block to block, and the degrees of freedom. `None` with less than two
/// blocks.
pub fn log_variance(a: &[Vec<f64>], b: &[Vec<f64>]) -> Option<(f64, usize)> {
    let logs = log_ratios(a, b);
    (logs.len() > 1).then(|| (variance(&logs), logs.len() - 1))
}

fn log_ratios(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<f64> {
    let divide = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a / b).collect();
    logs(&a.iter().zip(b).map(divide).collect::<Vec<Vec<f64>>>())
}

fn logs(blocks: &[Vec<f64>]) -> Vec<f64> {
    blocks.iter().filter_map(|block| stats::median(block)).map(f64::ln).collect()
}

fn of_logs(logs: &[f64], looks: Looks, prior: Prior) -> Option<Estimate> {
    let found = of_mean(logs, looks, prior)?;
    Some(Estimate { median: found.median.exp(), low: found.low.exp(), high: found.high.exp() })
}

/// The trimmed mean of blocks, with its interval.
fn of_mean(blocks: &[f64], looks: Looks, prior: Prior) -> Option<Estimate> {
    let value = trimmed_mean(blocks.to_vec())?;
    let n = blocks.len();
    if n < 2 {
        return Some(Estimate::exact(value));
    }
    let own = if n < BLOCKS_A_TRIM {
        // What draws of a plain mean would come to.
        variance(blocks) / n as f64
    } else {
        drawn_variance(n, |drawn| trimmed_mean(drawn.iter().map(|i| blocks[*i]).collect()))
    };
    let freedom = (n - 1) as f64 + prior.freedom;
    let expected = prior.variance / n as f64;
    let moderated = (own * (n - 1) as f64 + expected * prior.freedom) / freedom;
    Some(around(value, moderated, freedom, looks))
}

/// What a statistic of blocks is, given their numbers, and the interval around it.
fn interval(blocks: usize, looks: Looks, statistic: impl Fn(&[usize]) -> Option<f64>) -> Option<Estimate> {
    let value = statistic(&(0..blocks).collect::<Vec<usize>>())?;
    if blocks < 2 {
        return Some(Estimate::exact(value));
    }
    let variance = drawn_variance(blocks, statistic);
    Some(around(value, variance, (blocks - 1) as f64, looks))
}

fn around(value: f64, variance: f64, freedom: f64, looks: Looks) -> Estimate {
    let half = student::two_sided(looks.alpha(), freedom as usize) * variance.sqrt();
    Estimate { median: value, low: value - half, high: value + half }
}

/// The variance of a statistic, by drawing blocks with replacement.
fn drawn_variance(blocks: usize, statistic: impl Fn(&[usize]) -> Option<f64>) -> f64 {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut drawn = vec![0; blocks];
    let values: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            drawn.fill_with(|| random.usize(..blocks));
            statistic(&drawn)
        })
        .collect();
    let (n, draws) = (blocks as f64, values.len() as f64);
    variance(&values) * (draws - 1.0) / draws * n / (n - 1.0)
}

fn trimmed_mean(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let out = values.len() / BLOCKS_A_TRIM;
    let kept = &values[out..values.len() - out];
    (!kept.is_empty()).then(|| kept.iter().sum::<f64>() / kept.len() as f64)
}

/// The variance of the distribution that these come from. At least two.
fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)
}

#[cfg(test)]
mod tests;
