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
//! bias, `(n - 1) / n`, is taken out.

use super::pooled::Pooled;
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
    let logs: Vec<f64> = blocks.iter().filter_map(|block| stats::median(block)).map(f64::ln).collect();
    let logs = interval(logs.len(), looks, |drawn| trimmed_mean(drawn.iter().map(|i| logs[*i]).collect()))?;
    Some(Estimate { median: logs.median.exp(), low: logs.low.exp(), high: logs.high.exp() })
}

/// The same of blocks that may be zero, such as counts: the trimmed mean of their medians.
pub fn counts(blocks: &[Vec<f64>], looks: Looks) -> Option<Estimate> {
    let medians: Vec<f64> = blocks.iter().filter_map(|block| stats::median(block)).collect();
    let found =
        interval(medians.len(), looks, |drawn| trimmed_mean(drawn.iter().map(|i| medians[*i]).collect()))?;
    Some(Estimate { low: found.low.max(0.0), ..found })
}

/// A quantile of the values of all blocks together, with its interval.
pub fn pooled_quantile(blocks: &[Vec<f64>], q: f64, looks: Looks) -> Option<Estimate> {
    let blocks: Vec<&[f64]> = blocks.iter().map(Vec::as_slice).filter(|block| !block.is_empty()).collect();
    let pooled = Pooled::new(&blocks);
    let found = interval(blocks.len(), looks, |drawn| pooled.quantile(drawn, q))?;
    Some(Estimate { low: found.low.max(0.0), ..found })
}

/// `a` divided by `b`, paired: value by value within a block, and block by block. Blocks that one of them lacks, which are
/// empty, do not count.
pub fn ratio(a: &[Vec<f64>], b: &[Vec<f64>], looks: Looks) -> Option<Estimate> {
    let divide = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a / b).collect();
    positive(&a.iter().zip(b).map(divide).collect::<Vec<Vec<f64>>>(), looks)
}

/// What a statistic of blocks is, given their numbers, and the interval around it.
fn interval(blocks: usize, looks: Looks, statistic: impl Fn(&[usize]) -> Option<f64>) -> Option<Estimate> {
    let all: Vec<usize> = (0..blocks).collect();
    let value = statistic(&all)?;
    if blocks < 2 {
        return Some(Estimate::exact(value));
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut drawn = all;
    let values = (0..RESAMPLES).filter_map(|_| {
        drawn.fill_with(|| random.usize(..blocks));
        statistic(&drawn)
    });
    let n = blocks as f64;
    let half = student::two_sided(looks.alpha(), blocks - 1)
        * deviation(&values.collect::<Vec<f64>>())
        * (n / (n - 1.0)).sqrt();
    Some(Estimate { median: value, low: value - half, high: value + half })
}

fn trimmed_mean(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let out = values.len() / BLOCKS_A_TRIM;
    let kept = &values[out..values.len() - out];
    (!kept.is_empty()).then(|| kept.iter().sum::<f64>() / kept.len() as f64)
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests;
