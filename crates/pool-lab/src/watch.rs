//! The stop-watch that a workload runs while it does what is measured.

use std::time::{Duration, Instant};

use crate::os;

/// Adds up what the measured parts of a workload took: time, processor time, context switches, latencies.
///
/// A workload runs it around the measured part only, so that what it prepares and checks is not counted.
#[derive(Debug, Default)]
pub struct Watch {
    elapsed: Duration,
    cpu: Option<Duration>,
    switches: Option<u64>,
    latencies: Vec<Duration>,
}

impl Watch {
    /// A watch that shows nothing yet.
    pub fn new() -> Self {
        Watch::default()
    }

    /// Runs `measured`, and adds what it took.
    pub fn run<R>(&mut self, measured: impl FnOnce() -> R) -> R {
        // The clock is read innermost: a call of getrusage takes about a microsecond.
        let before = os::usage();
        let start = Instant::now();
        let result = measured();
        self.elapsed += start.elapsed();
        if let (Some(before), Some(after)) = (before, os::usage()) {
            *self.cpu.get_or_insert_default() += after.cpu.saturating_sub(before.cpu);
            *self.switches.get_or_insert_default() +=
                after.voluntary_switches.saturating_sub(before.voluntary_switches);
        }
        result
    }

    /// Adds a time that was computed, not taken.
    pub fn computed(&mut self, time: Duration) {
        self.elapsed += time;
    }

    /// Adds one latency. A workload that does so is measured by its latencies, not by the time it took.
    pub fn latency(&mut self, latency: Duration) {
        self.latencies.push(latency);
    }

    /// Time in the measured parts; of a workload that records latencies, their sum.
    pub fn elapsed(&self) -> Duration {
        if self.latencies.is_empty() { self.elapsed } else { self.latencies.iter().sum() }
    }

    /// Processor time of the whole process in the measured parts, where the system can say.
    pub fn cpu(&self) -> Option<Duration> {
        self.cpu
    }

    /// Voluntary context switches of the whole process in the measured parts, where the system can say.
    pub fn switches(&self) -> Option<u64> {
        self.switches
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
    fn latencies_take_the_place_of_elapsed_time() {
        let mut watch = Watch::new();
        watch.run(|| std::hint::black_box(1));
        watch.latency(Duration::from_secs(100));
        watch.latency(Duration::from_secs(20));
        assert_eq!(watch.elapsed(), Duration::from_secs(120));
        assert_eq!(watch.latencies().len(), 2);
    }
}
