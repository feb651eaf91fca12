//! How long jobs wait and run, as distributions.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Which jobs a pool times. Set with [`Builder::timing`](crate::Builder::timing), read with
/// [`Pool::timings`](crate::Pool::timings).
///
/// A timed job costs three readings of the clock (at its submission, start and end), one allocation, and the
/// recording in histograms that only its worker writes: some 150 ns in all. One that a scope or a waiter runs
/// costs two readings and no allocation.
///
/// ```
/// # use pool_core::{BuildError, Pool, ThreadPool, Timing};
/// # use pool_core::strategy::Strategy;
/// # use std::num::NonZeroU32;
/// // One job in 64: cheap enough to leave it on.
/// const ONE_IN_64: Timing = Timing::Sampled(NonZeroU32::new(64).unwrap());
/// fn observed<S: Strategy>(strategy: S) -> Result<ThreadPool<S>, BuildError> {
///     ThreadPool::with(strategy).timing(ONE_IN_64).build()
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timing {
    /// None. A job costs a branch.
    #[default]
    Off,
    /// One out of so many, picked at random: jobs often come in a rhythm, and picking each n-th would fall in
    /// with it. The wait and the run time of a job are picked independently.
    Sampled(NonZeroU32),
    /// Every job.
    Every,
}

/// How long the jobs of a pool have taken. With the feature `serde` it can be written, as its quantiles, and not read back.
///
/// ```
/// # fn report(pool: &dyn pool_core::Pool) {
/// if let Some(timings) = pool.timings() {
///     println!("99 of 100 jobs started within {:?}", timings.queue_wait.p99());
///     println!("one in 1,000 ran for longer than {:?}", timings.run_time.p999());
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Timings {
    /// From the submission of a job to its start, waiting for room in a full queue and the hook before the job
    /// included. Jobs of scopes, and jobs that their waiter ran in place, have none.
    pub queue_wait: Distribution,
    /// From the start of a job to its end, wherever it ran; hooks excluded.
    pub run_time: Distribution,
    /// The wait of those jobs for which a worker had to be woken: they were submitted while it waited for work, and
    /// were the first that it ran then.
    pub wake_up: Distribution,
}

impl Timings {
    /// Adds what another pool has timed, or another part of this one.
    pub fn merge(&mut self, other: &Timings) {
        self.queue_wait.merge(&other.queue_wait);
        self.run_time.merge(&other.run_time);
        self.wake_up.merge(&other.wake_up);
    }

    /// What has been timed since an earlier snapshot of the same pool.
    ///
    /// ```
    /// # use pool_core::Pool;
    /// # use std::time::Duration;
    /// /// Is it slow now, whatever it was before?
    /// fn p99_of_the_last_minute(pool: &dyn Pool) -> Option<Duration> {
    ///     let before = pool.timings()?;
    ///     std::thread::sleep(Duration::from_secs(60));
    ///     Some(pool.timings()?.delta_since(&before).run_time.p99())
    /// }
    /// ```
    pub fn delta_since(&self, earlier: &Timings) -> Timings {
        Timings {
            queue_wait: self.queue_wait.delta_since(&earlier.queue_wait),
            run_time: self.run_time.delta_since(&earlier.run_time),
            wake_up: self.wake_up.delta_since(&earlier.wake_up),
        }
    }
}

/// Durations, counted in a histogram (HdrHistogram) from 1 ns to 1 hour with two significant digits, and their sum.
///
/// A quantile is off by at most 1 %, and the sum is exact. What is longer than an hour counts as an hour, but for the sum. Takes about
/// 35 KiB.
#[derive(Clone)]
pub struct Distribution {
    histogram: Histogram<u64>,
    sum: Duration,
}

/// One hour, in nanoseconds.
const LONGEST: u64 = 3_600_000_000_000;

impl Distribution {
    pub(crate) fn record(&mut self, duration: Duration) {
        self.histogram.saturating_record(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        self.sum = self.sum.saturating_add(duration);
    }

    /// Adds these durations.
    pub fn merge(&mut self, other: &Distribution) {
        self.histogram.add(&other.histogram).expect("all histograms have the same bounds");
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// The durations that have been counted since an earlier snapshot of the same. What that has and this has not is left out.
    pub fn delta_since(&self, earlier: &Distribution) -> Distribution {
        let mut delta = Distribution { sum: self.sum.saturating_sub(earlier.sum), ..Distribution::default() };
        for bucket in self.histogram.iter_recorded() {
            let longest = bucket.value_iterated_to();
            let count = bucket.count_at_value().saturating_sub(earlier.histogram.count_at(longest));
            if count > 0 {
                delta.histogram.record_n(longest, count).expect("it is in the bounds of the histogram");
            }
        }
        delta
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The sum of all.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The buckets that are not empty, from the shortest durations to the longest: the longest duration that each counts, and how many it has
    /// counted. For an exporter that makes a histogram of its own of it.
    ///
    /// ```
    /// # use pool_core::stats::Distribution;
    /// # use std::time::Duration;
    /// /// How many took no longer than this. One that took up to 1 % less than that may be left out.
    /// fn within(limit: Duration, durations: &Distribution) -> u64 {
    ///     durations.buckets().take_while(|(longest, _)| *longest <= limit).map(|(_, count)| count).sum()
    /// }
    /// # assert_eq!(within(Duration::MAX, &Distribution::default()), 0);
    /// ```
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let buckets = self.histogram.iter_recorded();
        buckets.map(|bucket| (Duration::from_nanos(bucket.value_iterated_to()), bucket.count_at_value()))
    }

    /// The duration that this share of all is not longer than: 0.5 is the median. Zero when there are none.
    ///
    /// ```
    /// # use pool_core::stats::Distribution;
    /// assert_eq!(Distribution::default().quantile(0.5), std::time::Duration::ZERO);
    /// ```
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(share))
    }

    /// The shortest. Zero when there are none.
    pub fn min(&self) -> Duration {
        Duration::from_nanos(self.histogram.min())
    }

    /// The average. Zero when there are none.
    pub fn mean(&self) -> Duration {
        let nanos = self.sum.as_nanos().checked_div(u128::from(self.count())).unwrap_or(0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The median.
    pub fn p50(&self) -> Duration {
        self.quantile(0.5)
    }

    /// What 9 of 10 are not longer than.
    pub fn p90(&self) -> Duration {
        self.quantile(0.9)
    }

    /// What 99 of 100 are not longer than.
    pub fn p99(&self) -> Duration {
        self.quantile(0.99)
    }

    /// What 999 of 1,000 are not longer than.
    pub fn p999(&self) -> Duration {
        self.quantile(0.999)
    }

    /// The longest. Zero when there are none.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.histogram.max())
    }
}

impl Default for Distribution {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, 2).expect("the bounds are valid");
        Distribution { histogram, sum: Duration::ZERO }
    }
}

impl fmt::Debug for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Distribution")
            .field("count", &self.count())
            .field("min", &self.min())
            .field("mean", &self.mean())
            .field("p50", &self.p50())
            .field("p90", &self.p90())
            .field("p99", &self.p99())
            .field("p999", &self.p999())
            .field("max", &self.max())
            .finish()
    }
}

/// In one line, such as `5 times: p50 1.2µs, p90 2µs, p99 3µs, p99.9 3µs, max 3µs`.
impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} times: p50 {:?}, p90 {:?}, p99 {:?}, p99.9 {:?}, max {:?}",
            self.count(),
            self.p50(),
            self.p90(),
            self.p99(),
            self.p999(),
            self.max()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(range: std::ops::RangeInclusive<u64>) -> Distribution {
        let mut durations = Distribution::default();
        range.for_each(|micros| durations.record(Duration::from_micros(micros)));
        durations
    }

    fn is_near(found: Duration, micros: f64) -> bool {
        (found.as_secs_f64() * 1e6 / micros - 1.0).abs() <= 0.01
    }

    #[test]
    fn quantiles_are_within_a_hundredth() {
        let durations = micros(1..=1000);
        assert_eq!(durations.count(), 1000);
        let found = [durations.p50(), durations.p90(), durations.p99(), durations.p999(), durations.max()];
        for (found, expected) in found.into_iter().zip([500.0, 900.0, 990.0, 999.0, 1000.0]) {
            assert!(is_near(found, expected), "{found:?}, not {expected} us");
        }
        assert!(is_near(durations.mean(), 500.5) && is_near(durations.min(), 1.0), "{durations:?}");
    }

    #[test]
    fn an_empty_one_is_all_zero() {
        let none = Distribution::default();
        assert_eq!(none.count(), 0);
        for duration in [none.min(), none.mean(), none.p50(), none.p999(), none.max()] {
            assert_eq!(duration, Duration::ZERO);
        }
    }

    #[test]
    fn what_is_beyond_an_hour_counts_as_an_hour() {
        let mut durations = Distribution::default();
        durations.record(Duration::MAX);
        durations.record(Duration::ZERO);
        assert_eq!(durations.count(), 2);
        assert!(is_near(durations.max(), 3.6e9));
    }

    #[test]
    fn sums_are_as_if_all_were_recorded_in_one() {
        let mut sum = Timings { run_time: micros(1..=500), ..Timings::default() };
        sum.merge(&Timings { run_time: micros(501..=1000), ..Timings::default() });
        assert_eq!(sum.run_time.histogram, micros(1..=1000).histogram);
        assert_eq!((sum.queue_wait.count(), sum.wake_up.count()), (0, 0));
        assert_eq!(sum.run_time.sum(), Duration::from_micros(500_500), "to the nanosecond");
        assert_eq!(sum.run_time.mean(), Duration::from_nanos(500_500));
    }

    #[test]
    fn a_delta_is_what_came_after() {
        let (earlier, later) = (micros(1..=500), micros(1..=1000));
        let delta = later.delta_since(&earlier);
        assert_eq!((delta.count(), delta.sum()), (500, later.sum() - earlier.sum()));
        assert!(is_near(delta.min(), 501.0) && is_near(delta.max(), 1000.0), "{delta:?}");
        let mut again = earlier.clone();
        again.merge(&delta);
        assert!(again.buckets().eq(later.buckets()));
        // Of what is not earlier, nothing is made up.
        let none = earlier.delta_since(&later);
        assert_eq!((none.count(), none.sum(), none.max()), (0, Duration::ZERO, Duration::ZERO));
        let timings = Timings { wake_up: later, ..Timings::default() };
        assert_eq!(timings.delta_since(&Timings::default()).wake_up.count(), 1000);
    }

    #[test]
    fn buckets_hold_all_in_order() {
        let mut durations = micros(1..=1000);
        durations.record(Duration::ZERO);
        let buckets: Vec<(Duration, u64)> = durations.buckets().collect();
        assert!(buckets.is_sorted_by(|one, next| one.0 < next.0));
        assert_eq!(buckets.iter().map(|(_, count)| count).sum::<u64>(), 1001);
        assert_eq!(buckets[0], (Duration::ZERO, 1));
        assert!(buckets.iter().all(|(_, count)| *count > 0));
        assert_eq!(buckets.last().map(|(longest, _)| *longest), Some(durations.max()));
    }
}
