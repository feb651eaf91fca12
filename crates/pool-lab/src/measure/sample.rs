//! What one sample came to.

use crate::metric::Metric;
use crate::metrics::latency::LATENCIES;
use crate::numbers::stats;
use crate::workload::Watch;

/// What one sample came to.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Nanoseconds for each operation. Of a workload that gives latencies, their median.
    pub(super) time: f64,
    operations: f64,
    pub(super) watch: Watch,
}

impl Sample {
    pub(super) fn new(watch: Watch, operations: f64) -> Self {
        let time = stats::median(watch.values(LATENCIES));
        let time = time.unwrap_or_else(|| watch.elapsed().as_nanos() as f64 / operations);
        Sample { time, operations, watch }
    }

    /// A sample of which only the time is known.
    #[cfg(test)]
    pub(super) fn of_time(time: f64) -> Self {
        Sample { time, ..Sample::default() }
    }

    /// What the counter of this metric counted, for each operation.
    pub(super) fn count(&self, metric: &Metric) -> Option<f64> {
        self.watch.count(metric).map(|count| count as f64 / self.operations)
    }
}
