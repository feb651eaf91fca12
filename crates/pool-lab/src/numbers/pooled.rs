//! Quantiles of the values of blocks that are drawn again and again.

use super::stats;

/// The values of some blocks, sorted once.
pub(super) struct Pooled {
    /// Each value with the number of its block.
    values: Vec<(f64, usize)>,
    /// How many values each block has.
    counts: Vec<usize>,
}

impl Pooled {
    /// Empty blocks are left out.
    pub(super) fn new(blocks: &[Vec<f64>]) -> Self {
        let blocks: Vec<&Vec<f64>> = blocks.iter().filter(|block| !block.is_empty()).collect();
        let numbered = |(i, block): (usize, &&Vec<f64>)| block.iter().map(move |value| (*value, i)).collect();
        let mut values: Vec<(f64, usize)> =
            blocks.iter().enumerate().flat_map(|block| -> Vec<_> { numbered(block) }).collect();
        values.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        Pooled { values, counts: blocks.iter().map(|block| block.len()).collect() }
    }

    pub(super) fn blocks(&self) -> usize {
        self.counts.len()
    }

    /// The quantile as [`stats::quantile`] has it, when each block is there so many times. O(n), and less the nearer it lies to an
    /// end.
    pub(super) fn quantile(&self, weights: &[usize], q: f64) -> Option<f64> {
        let total: usize = self.counts.iter().zip(weights).map(|(count, weight)| count * weight).sum();
        stats::quantile_by_rank(total, q, |rank| self.ranked(weights, rank, total))
    }

    /// The value that has so many below it.
    fn ranked(&self, weights: &[usize], rank: usize, total: usize) -> f64 {
        if rank < total / 2 {
            nth(self.values.iter(), weights, rank)
        } else {
            nth(self.values.iter().rev(), weights, total - 1 - rank)
        }
    }
}

fn nth<'v>(values: impl Iterator<Item = &'v (f64, usize)>, weights: &[usize], n: usize) -> f64 {
    let mut passed = 0;
    for (value, block) in values {
        passed += weights[*block];
        if passed > n {
            return *value;
        }
    }
    unreachable!("the rank is below the sum of all weights")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_that_of_all_drawn_values_put_together() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..200 {
            let count = random.usize(1..6);
            let blocks: Vec<Vec<f64>> =
                (0..count).map(|_| (0..random.usize(1..9)).map(|_| random.f64()).collect()).collect();
            let weights: Vec<usize> = (0..count).map(|_| random.usize(0..3)).collect();
            let q = random.f64();
            let all: Vec<f64> = blocks
                .iter()
                .zip(&weights)
                .flat_map(|(block, weight)| (0..*weight).flat_map(|_| block.clone()).collect::<Vec<f64>>())
                .collect();
            assert_eq!(Pooled::new(&blocks).quantile(&weights, q), stats::quantile(&all, q));
        }
    }
}
