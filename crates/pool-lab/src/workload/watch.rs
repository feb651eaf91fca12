//! The stop-watch that a workload runs while it does what is measured.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use crate::metric::{Counter, Metric, Series, Source};
use crate::metrics;
use crate::metrics::latency::LATENCIES;

/// Adds up what the measured parts of a workload took: time, what the counters of the table of metrics count, and the values
/// that the workload gives, such as latencies.
///
/// A workload runs it around the measured part only, so that what it prepares and checks is not counted.
#[derive(Debug)]
pub struct Watch {
    elapsed: Duration,
    counts: Vec<Count>,
    values: BTreeMap<Series, Vec<f64>>,
    time_is_cpu: bool,
}

/// What one counter came to.
#[derive(Debug)]
struct Count {
    metric: &'static Metric,
    counter: Counter,
    /// When the measured part began.
    before: Option<u64>,
    /// In all measured parts; `None` where there was none, or the system does not tell.
    total: Option<u64>,
}

/// How a counter is read.
type Read = fn(&Counter) -> Option<u64>;

impl Count {
    /// What all other threads have used is a difference of two numbers, and may seem to shrink.
    fn end(&mut self, read: Read) {
        if let (Some(before), Some(after)) = (self.before, read(&self.counter)) {
            *self.total.get_or_insert_default() += after.saturating_sub(before);
        }
    }
}

impl Watch {
    /// A watch that shows nothing yet.
    pub fn new() -> Self {
        let count = |metric: &&'static Metric| match metric.source {
            Source::Counter(counter) => Some(Count { metric, counter, before: None, total: None }),
            _ => None,
        };
        let counts = metrics::ALL.iter().filter_map(count).collect();
        Watch { elapsed: Duration::ZERO, counts, values: BTreeMap::new(), time_is_cpu: false }
    }

    /// Runs `measured`, and adds what it took.
    pub fn run<R>(&mut self, measured: impl FnOnce() -> R) -> R {
        self.measure(|counter| (counter.of_process)(), measured)
    }

    /// Does nothing for so long, and adds what all threads but this one use meanwhile.
    pub fn sit_still(&mut self, length: Duration) {
        self.measure(|counter| (counter.of_others)(), || thread::sleep(length));
    }

    /// The clock is read innermost, and the counters that cost most to read next to it: a call of getrusage takes about a
    /// microsecond.
    fn measure<R>(&mut self, read: Read, measured: impl FnOnce() -> R) -> R {
        for count in self.counts.iter_mut().rev() {
            count.before = read(&count.counter);
        }
        let start = Instant::now();
        let result = measured();
        self.elapsed += start.elapsed();
        self.counts.iter_mut().for_each(|count| count.end(read));
        result
    }

    /// From now on the time taken is the processor time, where the system can say.
    pub fn time_is_cpu(&mut self) {
        self.time_is_cpu = true;
    }

    /// Adds a time that was computed, not taken.
    pub fn computed(&mut self, time: Duration) {
        self.elapsed += time;
    }

    /// Shows this time from now on, which was computed, and leaves the counters as they are.
    pub fn set_time(&mut self, time: Duration) {
        self.elapsed = time;
    }

    /// Adds what another process took. Counters of this process say nothing of it.
    pub fn told(&mut self, elapsed: Duration, cpu: Duration) {
        self.elapsed += elapsed;
        for count in self.counts.iter_mut().filter(|count| *count.metric == metrics::CPU_PER_OP) {
            *count.total.get_or_insert_default() += cpu.as_nanos() as u64;
        }
    }

    /// Adds one value of this series.
    pub fn add(&mut self, series: Series, value: f64) {
        self.values.entry(series).or_default().push(value);
    }

    /// Adds one latency. A workload that does so is measured by its latencies, not by the time it took.
    pub fn latency(&mut self, latency: Duration) {
        self.add(LATENCIES, latency.as_nanos() as f64);
    }

    /// Makes what was measured since the watch showed this much, and had so many latencies, longer by this share of it.
    ///
    /// The time passes: the calling thread spins within a measured part. Latencies, whose end is past, are lengthened
    /// instead.
    pub fn slow_down(&mut self, elapsed: Duration, latencies: usize, share: f64) {
        if let Some(values) = self.values.get_mut(&LATENCIES).filter(|values| !values.is_empty()) {
            values.iter_mut().skip(latencies).for_each(|value| *value *= 1.0 + share);
            return;
        }
        let extra = self.elapsed().saturating_sub(elapsed).mul_f64(share);
        self.run(|| {
            let start = Instant::now();
            while start.elapsed() < extra {
                std::hint::spin_loop();
            }
        });
    }

    /// Time in the measured parts: their processor time where that is asked for, and of a workload that adds latencies,
    /// their sum.
    pub fn elapsed(&self) -> Duration {
        match self.count(&metrics::CPU_PER_OP) {
            Some(nanoseconds) if self.time_is_cpu => Duration::from_nanos(nanoseconds),
            _ => match self.values(LATENCIES) {
                [] => self.elapsed,
                latencies => Duration::from_nanos(latencies.iter().sum::<f64>() as u64),
            },
        }
    }

    /// What the counter of this metric counted in the measured parts; `None` when no part was, or where the system does not
    /// tell.
    pub fn count(&self, metric: &Metric) -> Option<u64> {
        self.counts.iter().find(|count| count.metric == metric)?.total
    }

    /// How many latencies were added.
    pub fn latencies(&self) -> usize {
        self.values(LATENCIES).len()
    }

    /// The values of this series, in the order in which they came.
    pub fn values(&self, series: Series) -> &[f64] {
        self.values.get(&series).map_or(&[], Vec::as_slice)
    }
}

impl Default for Watch {
    fn default() -> Self {
        Watch::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_results_come_back() {
        let mut watch = Watch::new();
        assert_eq!(watch.run(|| 42), 42);
        let once = watch.elapsed();
        watch.run(|| std::hint::black_box(1));
        assert!(watch.elapsed() >= once);
        assert!(watch.values(LATENCIES).is_empty());
    }

    #[test]
    fn allocations_are_counted_while_it_runs() {
        let mut watch = Watch::new();
        assert_eq!(watch.count(&metrics::ALLOCS_PER_OP), None);
        watch.run(|| drop(std::hint::black_box(Box::new(1))));
        assert!(watch.count(&metrics::ALLOCS_PER_OP) >= Some(1));
    }

    #[cfg(unix)]
    #[test]
    fn processor_time_takes_the_place_of_elapsed_time() {
        let mut watch = Watch::new();
        watch.run(|| thread::sleep(Duration::from_millis(1)));
        watch.time_is_cpu();
        assert_eq!(Some(watch.elapsed().as_nanos() as u64), watch.count(&metrics::CPU_PER_OP));
    }

    #[test]
    fn slowing_down_takes_the_share_of_what_was_measured_last() {
        let mut watch = Watch::new();
        watch.computed(Duration::from_secs(100));
        let before = watch.elapsed();
        watch.computed(Duration::from_millis(10));
        watch.slow_down(before, 0, 0.1);
        assert!(watch.elapsed() >= Duration::from_secs(100) + Duration::from_millis(11));
        watch.latency(Duration::from_nanos(100));
        watch.latency(Duration::from_nanos(200));
        watch.slow_down(Duration::ZERO, 1, 0.5);
        assert_eq!(watch.values(LATENCIES), [100.0, 300.0]);
    }

    #[test]
    fn latencies_take_the_place_of_elapsed_time() {
        let mut watch = Watch::new();
        watch.run(|| std::hint::black_box(1));
        watch.latency(Duration::from_secs(100));
        watch.latency(Duration::from_secs(20));
        assert_eq!(watch.elapsed(), Duration::from_secs(120));
        assert_eq!(watch.values(LATENCIES).len(), 2);
    }
}
