//! Draws when jobs arrive and how long they are.

use fastrand::Rng;

/// How jobs arrive. Times are in mean gaps.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arrivals {
    /// Each at a moment of its own: a Poisson process.
    Poisson,
    /// Several at the same moment: bursts are a Poisson process, their sizes geometric with mean [`BURST`].
    Bursty,
}

/// How long jobs are. Lengths are in mean lengths.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lengths {
    /// Exponentially distributed.
    Exponential,
    /// Pareto distributed with shape [`SHAPE`], cut off at [`MOST`] times the least: about 30 mean lengths.
    Pareto,
}

/// The mean number of jobs in a burst.
const BURST: f64 = 10.0;

const SHAPE: f64 = 1.3;
const MOST: f64 = 100.0;

impl Arrivals {
    /// When `jobs` jobs arrive, in order, in as many mean gaps. Given their number, the arrivals of a Poisson process are
    /// independent and uniform.
    pub(super) fn draw(self, jobs: usize, random: &mut Rng) -> Vec<f64> {
        let length = jobs as f64;
        let mut due = Vec::with_capacity(jobs);
        while due.len() < jobs {
            let size = match self {
                Arrivals::Poisson => 1,
                Arrivals::Bursty => 1 + (random_tail(random).ln() / (1.0 - 1.0 / BURST).ln()) as usize,
            };
            let moment = length * random.f64();
            due.extend(std::iter::repeat_n(moment, size.min(jobs - due.len())));
        }
        due.sort_unstable_by(f64::total_cmp);
        due
    }
}

impl Lengths {
    /// The lengths of `jobs` jobs, whose mean is 1.
    pub(super) fn draw(self, jobs: usize, random: &mut Rng) -> Vec<f64> {
        let stratum = 1.0 / jobs as f64;
        let tails = (0..jobs).map(|i| (i as f64 + random_tail(random)) * stratum);
        let mut lengths: Vec<f64> = tails.map(|tail| self.at(tail)).collect();
        random.shuffle(&mut lengths);
        let mean = lengths.iter().sum::<f64>() * stratum;
        lengths.iter_mut().for_each(|length| *length /= mean);
        lengths
    }

    /// The length that this share of jobs exceeds.
    fn at(self, tail: f64) -> f64 {
        match self {
            Lengths::Exponential => -tail.ln(),
            Lengths::Pareto => tail.powf(-1.0 / SHAPE).min(MOST),
        }
    }
}

/// Uniform, above 0 and at most 1.
fn random_tail(random: &mut Rng) -> f64 {
    1.0 - random.f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOBS: usize = 20_000;

    fn gaps(arrivals: Arrivals, seed: u64) -> Vec<f64> {
        let due = arrivals.draw(JOBS, &mut Rng::with_seed(seed));
        assert_eq!(due.len(), JOBS);
        due.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn the_same_seed_draws_the_same_and_another_something_else() {
        for arrivals in [Arrivals::Poisson, Arrivals::Bursty] {
            assert_eq!(gaps(arrivals, 3), gaps(arrivals, 3));
            assert_ne!(gaps(arrivals, 3), gaps(arrivals, 4));
        }
        for lengths in [Lengths::Exponential, Lengths::Pareto] {
            let draw = |seed| lengths.draw(100, &mut Rng::with_seed(seed));
            assert_eq!(draw(3), draw(3));
            assert_ne!(draw(3), draw(4));
        }
    }

    #[test]
    fn gaps_have_their_mean_and_those_of_a_poisson_process_are_exponential() {
        let poisson = gaps(Arrivals::Poisson, 1);
        assert!((mean(&poisson) - 1.0).abs() < 0.01, "{}", mean(&poisson));
        let longer = |than: f64| poisson.iter().filter(|gap| **gap > than).count() as f64 / JOBS as f64;
        for than in [0.5, 1.0, 2.0] {
            assert!((longer(than) - (-than).exp()).abs() < 0.015, "{than}: {}", longer(than));
        }
    }

    #[test]
    fn bursts_have_ten_jobs_in_the_mean() {
        let bursty = gaps(Arrivals::Bursty, 1);
        assert!((mean(&bursty) - 1.0).abs() < 0.01, "{}", mean(&bursty));
        let bursts = 1 + bursty.iter().filter(|gap| **gap > 0.0).count();
        let size = JOBS as f64 / bursts as f64;
        assert!((9.0..11.0).contains(&size), "{size}");
    }

    #[test]
    fn lengths_have_the_mean_one_and_the_tail_of_their_distribution() {
        let of = |lengths: Lengths, jobs| {
            let drawn = lengths.draw(jobs, &mut Rng::with_seed(1));
            assert!((mean(&drawn) - 1.0).abs() < 1e-9);
            drawn
        };
        let share = |drawn: &[f64], than: f64| {
            drawn.iter().filter(|length| **length > than).count() as f64 / drawn.len() as f64
        };
        let exponential = of(Lengths::Exponential, JOBS);
        assert!((share(&exponential, 2.0) - (-2.0_f64).exp()).abs() < 0.01);
        let pareto = of(Lengths::Pareto, JOBS);
        assert!((0.004..0.009).contains(&share(&pareto, 15.0)), "{}", share(&pareto, 15.0));
        assert!((25.0..35.0).contains(&pareto.iter().copied().fold(0.0, f64::max)));
        assert_eq!(of(Lengths::Pareto, 1), [1.0]);
    }
}
