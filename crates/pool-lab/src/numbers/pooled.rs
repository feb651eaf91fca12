//! Quantiles of the values of several blocks together, for many draws of blocks.

use super::stats;

/// The values of several blocks in order: sorted once, whatever blocks are drawn then.
pub(super) struct Pooled {
    /// Each value with the number of its block.
    sorted: Vec<(f64, usize)>,
    /// How many values each block has.
    lengths: Vec<usize>,
}

impl Pooled {
    /// O(n log n) in the number of values.
    pub(super) fn new(blocks: &[&[f64]]) -> Self {
        let numbered = blocks.iter().enumerate();
        let mut sorted: Vec<(f64, usize)> =
            numbered.flat_map(|(number, block)| block.iter().map(move |value| (*value, number))).collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Pooled { sorted, lengths: blocks.iter().map(|block| block.len()).collect() }
    }

    /// The quantile of all values of the drawn blocks; those of a block that was drawn twice count twice. O(n), and less for
    /// quantiles near either end.
    pub(super) fn quantile(&self, drawn: &[usize], q: f64) -> Option<f64> {
        let mut times = vec![0_usize; self.lengths.len()];
        drawn.iter().for_each(|block| times[*block] += 1);
        let count: usize = drawn.iter().map(|block| self.lengths[*block]).sum();
        stats::interpolated(count, q, |rank| match 2 * rank < count {
            true => nth(self.sorted.iter(), &times, rank),
            false => nth(self.sorted.iter().rev(), &times, count - 1 - rank),
        })
    }
}

/// The value with this rank, counted from 0, where each counts as often as its block was drawn.
fn nth<'v>(values: impl Iterator<Item = &'v (f64, usize)>, times: &[usize], rank: usize) -> f64 {
    let mut seen = 0;
    for (value, block) in values {
        seen += times[*block];
        if seen > rank {
            return *value;
        }
    }
    unreachable!("a rank is less than the number of values")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by sorting what was drawn.
    fn by_sorting(blocks: &[&[f64]], drawn: &[usize], q: f64) -> Option<f64> {
        let all: Vec<f64> = drawn.iter().flat_map(|block| blocks[*block]).copied().collect();
        stats::quantile(&all, q)
    }

    #[test]
    fn it_is_the_quantile_of_what_was_drawn() {
        let mut random = fastrand::Rng::with_seed(9);
        for count in [1, 2, 3, 8, 20] {
            // Whole numbers, so that many are equal, of blocks that are not equally long.
            let block = |random: &mut fastrand::Rng| -> Vec<f64> {
                (0..random.usize(1..60)).map(|_| f64::from(random.u32(0..40))).collect()
            };
            let blocks: Vec<Vec<f64>> = (0..count).map(|_| block(&mut random)).collect();
            let blocks: Vec<&[f64]> = blocks.iter().map(Vec::as_slice).collect();
            let pooled = Pooled::new(&blocks);
            for _ in 0..50 {
                let drawn: Vec<usize> = (0..count).map(|_| random.usize(..count)).collect();
                for q in [0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999, 1.0] {
                    assert_eq!(pooled.quantile(&drawn, q), by_sorting(&blocks, &drawn, q), "{drawn:?}, {q}");
                }
            }
        }
        assert_eq!(Pooled::new(&[]).quantile(&[], 0.5), None);
    }
}
