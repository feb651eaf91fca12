//! The stop-watch that a workload runs while it does what is measured.

use std::thread;
use std::time::{Duration, Instant};

use crate::system;
use crate::system::os::{self, Usage};

/// Adds up what the measured parts of a workload took: time, processor time, context switches, allocations, latencies.
///
/// A workload runs it around the measured part only, so that what it prepares and checks is not counted.
#[derive(Debug, Default)]
pub struct Watch {
    elapsed: Duration,
    cpu: Option<Duration>,
    switches: Option<u64>,
    allocations: Option<u64>,
    latencies: Vec<Duration>,
    to_ideal: Vec<f64>,
    lags: Vec<Duration>,
    time_is_cpu: bool,
}

impl Watch {
    /// A watch that shows nothing yet.
    pub fn new() -> Self {
        Watch::default()
    }

    /// Runs `measured`, and adds what it took.
    pub fn run<R>(&mut self, measured: impl FnOnce() -> R) -> R {
        // The clock is read innermost: a call of getrusage takes about a microsecond.
        let (allocations, before) = (system::allocations(), os::usage());
        let start = Instant::now();
        let result = measured();
        self.elapsed += start.elapsed();
        let after = os::usage();
        self.add_usage(before, after);
        *self.allocations.get_or_insert_default() += system::allocations().wrapping_sub(allocations);
        result
    }

    fn add_usage(&mut self, before: Option<Usage>, after: Option<Usage>) {
        let (Some(before), Some(after)) = (before, after) else { return };
        *self.cpu.get_or_insert_default() += after.cpu.saturating_sub(before.cpu);
        *self.switches.get_or_insert_default() +=
            after.voluntary_switches.saturating_sub(before.voluntary_switches);
    }

    /// Does nothing for so long, and adds what all threads but this one use meanwhile.
    pub fn sit_still(&mut self, length: Duration) {
        let allocations = system::allocations();
        let before = os::usage_of_others();
        let start = Instant::now();
        thread::sleep(length);
        self.elapsed += start.elapsed();
        let after = os::usage_of_others();
        self.add_usage(before, after);
        *self.allocations.get_or_insert_default() += system::allocations().wrapping_sub(allocations);
    }

    /// From now on the time taken is the processor time, where the system can say.
    pub fn time_is_cpu(&mut self) {
        self.time_is_cpu = true;
    }

    /// Adds how long something took against the least that it can take.
    pub fn against_ideal(&mut self, took: Duration, ideal: Duration) {
        self.to_ideal.push(took.as_secs_f64() / ideal.as_secs_f64());
    }

    /// Adds how late a job was submitted by the workload itself.
    pub fn lag(&mut self, lag: Duration) {
        self.lags.push(lag);
    }

    /// Adds a time that was computed, not taken.
    pub fn computed(&mut self, time: Duration) {
        self.elapsed += time;
    }

    /// Adds one latency. A workload that does so is measured by its latencies, not by the time it took.
    pub fn latency(&mut self, latency: Duration) {
        self.latencies.push(latency);
    }

    /// Time in the measured parts: their processor time where that is asked for, and of a workload that records
    /// latencies, their sum.
    pub fn elapsed(&self) -> Duration {
        match self.cpu {
            Some(cpu) if self.time_is_cpu => cpu,
            _ if self.latencies.is_empty() => self.elapsed,
            _ => self.latencies.iter().sum(),
        }
    }

    /// Processor time of the whole process in the measured parts, where the system can say.
    pub fn cpu(&self) -> Option<Duration> {
        self.cpu
    }

    /// Voluntary context switches of the whole process in the measured parts, where the system can say.
    pub fn switches(&self) -> Option<u64> {
        self.switches
    }

    /// Allocations of the whole process in the measured parts; `None` when no part was.
    pub fn allocations(&self) -> Option<u64> {
        self.allocations
    }

    /// What [`against_ideal`](Self::against_ideal) was told: 1 is ideal.
    pub fn to_ideal(&self) -> &[f64] {
        &self.to_ideal
    }

    /// What [`lag`](Self::lag) was told.
    pub fn lags(&self) -> &[Duration] {
        &self.lags
    }

    /// The latencies, in the order in which they came.
    pub fn latencies(&self) -> &[Duration] {
        &self.latencies
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
        assert!(watch.latencies().is_empty());
    }

    #[test]
    fn allocations_are_counted_while_it_runs() {
        let mut watch = Watch::new();
        assert_eq!(watch.allocations(), None);
        watch.run(|| drop(std::hint::black_box(Box::new(1))));
        assert!(watch.allocations() >= Some(1));
    }

    #[cfg(unix)]
    #[test]
    fn processor_time_takes_the_place_of_elapsed_time() {
        let mut watch = Watch::new();
        watch.run(|| thread::sleep(Duration::from_millis(1)));
        watch.time_is_cpu();
        assert_eq!(Some(watch.elapsed()), watch.cpu());
    }

    #[test]
    fn latencies_take_the_place_of_elapsed_time() {
        let mut watch = Watch::new();
        watch.run(|| std::hint::black_box(1));
        watch.latency(Duration::from_secs(100));
        watch.latency(Duration::from_secs(20));
        assert_eq!(watch.elapsed(), Duration::from_secs(120));
        assert_eq!(watch.latencies().len(), 2);
    }
}
