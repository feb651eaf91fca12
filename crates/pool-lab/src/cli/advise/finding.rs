//! What came of the check, as data.

use std::time::Duration;

use pool_advice::{Advice, Forecast};

use super::load::Times;
use crate::numbers::stats;

/// A size is as good as the best if its p99 is so many times as long: as the advice sees it.
const AS_GOOD: f64 = 1.1;

/// What came of one situation.
pub(super) struct Check {
    pub(super) sleep: f64,
    pub(super) at: f64,
    pub(super) advice: Advice,
    /// A size each, ascending.
    pub(super) trials: Vec<Trial>,
}

/// What was expected of a size, and what came of it.
pub(super) struct Trial {
    pub(super) forecast: Forecast,
    /// The jobs of rounds that nothing disturbed, and of those that something did.
    pub(super) quiet: Vec<Times>,
    pub(super) disturbed: Vec<Times>,
}

impl Check {
    /// The smallest size whose p99 from submission to end is at most a tenth longer than with any other that was tried.
    pub(super) fn best(&self) -> Option<usize> {
        let tried =
            || self.trials.iter().filter_map(|trial| Some((trial.forecast.threads, trial.pairs()?[1].1)));
        let least = tried().map(|(_, p99)| p99).min()?;
        tried().find(|(_, p99)| *p99 <= least.mul_f64(AS_GOOD)).map(|(threads, _)| threads)
    }

    pub(super) fn recommended(&self) -> Option<usize> {
        self.advice.recommended.map(|forecast| forecast.threads)
    }
}

impl Trial {
    pub(super) fn new(forecast: Forecast) -> Self {
        Trial { forecast, quiet: Vec::new(), disturbed: Vec::new() }
    }

    /// Whether the size is large enough to be tried.
    pub(super) fn is_tried(&self) -> bool {
        self.forecast.expected.is_some()
    }

    /// The wait and the response that were expected, each with what was measured. `None` if nothing was tried.
    ///
    /// Rounds that were disturbed count only where all were.
    pub(super) fn pairs(&self) -> Option<[(Duration, Duration); 2]> {
        let expected = self.forecast.expected?;
        let jobs = if self.quiet.is_empty() { &self.disturbed } else { &self.quiet };
        let p99 = |of: fn(&Times) -> f64| {
            let times: Vec<f64> = jobs.iter().map(of).collect();
            stats::quantile(&times, 0.99).map(Duration::from_secs_f64)
        };
        Some([(expected.wait.p99, p99(|job| job.to_start)?), (expected.response.p99, p99(|job| job.to_end)?)])
    }
}

/// By how much what was expected exceeds what was measured, as a share of that.
pub(super) fn excess((expected, measured): (Duration, Duration)) -> f64 {
    expected.as_secs_f64() / measured.as_secs_f64().max(f64::MIN_POSITIVE) - 1.0
}

#[cfg(test)]
pub(super) mod tests {
    use pool_advice::Observation;
    use pool_core::Timings;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Of jobs that compute for 10 ms, one in 20, on so many CPUs; tried with these sizes, with milliseconds to the end.
    pub(crate) fn check(trials: &[(usize, Option<u64>)]) -> Check {
        let mut timings = Timings::default();
        (0..2_000).for_each(|_| timings.run_time.record(Duration::from_millis(10)));
        let mut observation = Observation::default();
        (observation.elapsed, observation.cpus, observation.threads) = (400 * SECOND, 2, 2);
        (observation.jobs, observation.timings) = (20_000, Some(timings));
        let trial = |(threads, response): &(usize, Option<u64>)| Trial {
            quiet: response
                .map(|millis| Times { to_start: 1e-3, to_end: 1e-3 * millis as f64 })
                .into_iter()
                .collect(),
            disturbed: vec![Times { to_start: 1.0, to_end: 2.0 }; usize::from(response.is_some())],
            ..Trial::new(observation.forecasts([*threads])[0])
        };
        let trials = trials.iter().map(trial).collect();
        Check { sleep: 0.0, at: 0.25, advice: observation.advice(), trials }
    }

    #[test]
    fn the_best_is_the_smallest_that_is_as_good_as_any() {
        assert_eq!(check(&[(1, None), (2, Some(30)), (3, Some(21)), (4, Some(20))]).best(), Some(3));
        assert_eq!(check(&[(1, None), (2, Some(20)), (3, Some(21))]).best(), Some(2));
        assert_eq!(check(&[(1, None)]).best(), None);
    }

    #[test]
    fn what_was_disturbed_counts_where_nothing_else_is_there() {
        let mut check = check(&[(2, Some(10))]);
        let trial = &mut check.trials[0];
        let second = Duration::from_secs(1);
        assert_eq!(trial.pairs().unwrap().map(|(_, measured)| measured), [second / 1_000, second / 100]);
        trial.quiet.clear();
        assert_eq!(trial.pairs().unwrap().map(|(_, measured)| measured), [second, 2 * second]);
        trial.disturbed.clear();
        assert_eq!(trial.pairs(), None);
    }

    #[test]
    fn what_exceeds_is_a_share_of_what_was_measured() {
        assert_eq!(excess((3 * SECOND, 2 * SECOND)), 0.5);
        assert_eq!(excess((SECOND, 2 * SECOND)), -0.5);
    }
}
