//! What came of the check, as data.
//!
//! What is measured is the median of what the rounds have measured: a stall of the machine, which may set the p99 of a whole second, counts in
//! its own round only.

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
    pub(super) quiet: Vec<Vec<Times>>,
    pub(super) disturbed: Vec<Vec<Times>>,
}

/// A p99.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) expected: Duration,
    /// The median of the rounds, the least and the greatest.
    pub(super) measured: Duration,
    pub(super) least: Duration,
    pub(super) greatest: Duration,
}

/// How what was expected compares with what was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    Near,
    /// It is near to what some rounds have measured, or between them.
    Undecided,
    Far,
}

/// So far a p99 may be off, as a share.
const NEAR: f64 = 0.3;

impl Check {
    /// The smallest size whose p99 from submission to end is at most a tenth longer than with any other that was tried.
    pub(super) fn best(&self) -> Option<usize> {
        let tried = || {
            self.trials.iter().filter_map(|trial| Some((trial.forecast.threads, trial.pairs()?[1].measured)))
        };
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

    /// The wait and the response. `None` if nothing was tried.
    ///
    /// Rounds that were disturbed count only where all were.
    pub(super) fn pairs(&self) -> Option<[Pair; 2]> {
        let expected = self.forecast.expected?;
        let rounds = if self.quiet.is_empty() { &self.disturbed } else { &self.quiet };
        let pair = |expected: Duration, of: fn(&Times) -> f64| {
            let p99 = |round: &Vec<Times>| {
                let times: Vec<f64> = round.iter().map(of).collect();
                stats::quantile(&times, 0.99)
            };
            let p99s: Vec<f64> = rounds.iter().filter_map(p99).collect();
            let at = |share| stats::quantile(&p99s, share).map(Duration::from_secs_f64);
            Some(Pair { expected, measured: at(0.5)?, least: at(0.0)?, greatest: at(1.0)? })
        };
        Some([pair(expected.wait.p99, |job| job.to_start)?, pair(expected.response.p99, |job| job.to_end)?])
    }
}

impl Pair {
    /// By how much what was expected exceeds what was measured, as a share of that.
    pub(super) fn excess(&self) -> f64 {
        excess(self.expected, self.measured)
    }

    pub(super) fn verdict(&self) -> Verdict {
        if self.excess().abs() <= NEAR {
            Verdict::Near
        } else if excess(self.expected, self.least) >= -NEAR && excess(self.expected, self.greatest) <= NEAR {
            Verdict::Undecided
        } else {
            Verdict::Far
        }
    }
}

fn excess(expected: Duration, measured: Duration) -> f64 {
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
                .map(|millis| vec![Times { to_start: 1e-3, to_end: 1e-3 * millis as f64 }])
                .into_iter()
                .collect(),
            disturbed: vec![vec![Times { to_start: 1.0, to_end: 2.0 }]; usize::from(response.is_some())],
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
        assert_eq!(trial.pairs().unwrap().map(|pair| pair.measured), [second / 1_000, second / 100]);
        trial.quiet.clear();
        assert_eq!(trial.pairs().unwrap().map(|pair| pair.measured), [second, 2 * second]);
        trial.disturbed.clear();
        assert_eq!(trial.pairs(), None);
    }

    #[test]
    fn rounds_that_differ_leave_it_undecided() {
        let pair = |expected, [least, measured, greatest]: [u32; 3]| Pair {
            expected: expected * SECOND,
            measured: measured * SECOND,
            least: least * SECOND,
            greatest: greatest * SECOND,
        };
        assert_eq!(pair(3, [2, 2, 2]).excess(), 0.5);
        assert_eq!(pair(1, [2, 2, 2]).excess(), -0.5);
        assert_eq!(pair(12, [10, 10, 10]).verdict(), Verdict::Near);
        assert_eq!(pair(8, [1, 10, 30]).verdict(), Verdict::Near);
        assert_eq!(pair(20, [9, 10, 11]).verdict(), Verdict::Far);
        assert_eq!(pair(20, [9, 10, 16]).verdict(), Verdict::Undecided);
        assert_eq!(pair(5, [7, 10, 11]).verdict(), Verdict::Undecided);
        assert_eq!(pair(4, [7, 10, 11]).verdict(), Verdict::Far);
    }

    #[test]
    fn a_stall_counts_in_its_own_round() {
        let mut check = check(&[(2, Some(10))]);
        let stalled = vec![Times { to_start: 1.0, to_end: 2.0 }];
        let fine = check.trials[0].quiet[0].clone();
        check.trials[0].quiet.extend([stalled, fine]);
        let [_, response] = check.trials[0].pairs().unwrap();
        assert_eq!(
            (response.measured, response.least, response.greatest),
            (SECOND / 100, SECOND / 100, 2 * SECOND)
        );
    }
}
