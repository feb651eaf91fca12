//! What a pool has counted and timed, for serde (feature `serde`). Durations are whole nanoseconds.

use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::stats::Distribution;

/// As a summary: how many, their sum and mean, and the quantiles.
impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let durations = [
            ("sum_ns", self.sum()),
            ("min_ns", self.min()),
            ("mean_ns", self.mean()),
            ("p50_ns", self.p50()),
            ("p90_ns", self.p90()),
            ("p99_ns", self.p99()),
            ("p999_ns", self.p999()),
            ("max_ns", self.max()),
        ];
        let mut summary = serializer.serialize_struct("Distribution", 1 + durations.len())?;
        summary.serialize_field("count", &self.count())?;
        for (name, duration) in durations {
            summary.serialize_field(name, &nanos_of(duration))?;
        }
        summary.end()
    }
}

fn nanos_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// For a field that is a duration.
pub(crate) mod nanos {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(super::nanos_of(*duration))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use crate::stats::WorkerStats;
    use crate::{Counts, Stats, Timings};

    #[test]
    fn statistics_come_back_as_they_were() {
        let worker =
            WorkerStats { completed: 3, busy: Duration::from_nanos(1_000_000_007), ..Default::default() };
        let counts = Counts { submitted: 4, completed: 3, queued: 1, ..Default::default() };
        let stats = Stats { counts, longest_queue: 2, workers: vec![worker], ..Default::default() };
        let value = serde_json::to_value(&stats).unwrap();
        assert_eq!(value["counts"]["submitted"], 4);
        assert_eq!(value["workers"][0]["busy_ns"], 1_000_000_007_u64);
        assert_eq!(serde_json::from_value::<Stats>(value).unwrap(), stats);
    }

    #[test]
    fn fields_that_an_older_version_did_not_write_are_zero() {
        let counts: Counts = serde_json::from_value(json!({ "submitted": 1 })).unwrap();
        assert_eq!(counts, Counts { submitted: 1, ..Default::default() });
    }

    #[test]
    fn times_are_a_summary() {
        let mut timings = Timings::default();
        timings.run_time.record(Duration::from_nanos(100));
        let value = serde_json::to_value(&timings).unwrap();
        assert_eq!(value["run_time"]["count"], 1);
        assert_eq!((&value["run_time"]["p999_ns"], &value["run_time"]["sum_ns"]), (&json!(100), &json!(100)));
        assert_eq!(value["queue_wait"]["max_ns"], 0);
    }
}
