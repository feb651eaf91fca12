//! From the fine buckets of a pool's histograms to those of an exporter.

use std::time::Duration;

use pool_core::stats::Distribution;

/// How many of the durations are not longer than each of the bounds and longer than the one before, and last how many are longer than all. The
/// bounds ascend.
pub(crate) fn between(bounds: &[Duration], durations: &Distribution) -> Vec<u64> {
    let mut counts = vec![0; bounds.len() + 1];
    for (longest, count) in durations.buckets() {
        counts[bounds.partition_point(|bound| *bound < longest)] += count;
    }
    counts
}

#[cfg(test)]
mod tests {
    use pool_core::{Pool, ThreadPool, Timing};
    use pool_stealing::Stealing;

    use super::*;

    #[test]
    fn each_duration_is_in_one_bucket() {
        let pool = ThreadPool::with(Stealing::default()).threads(1).timing(Timing::Every).build().unwrap();
        (0..100).for_each(|_| pool.execute(|| ()).unwrap());
        assert!(pool.wait_idle(None));
        let timings = Pool::timings(&pool).unwrap();
        let run_time = &timings.run_time;
        let hour = Duration::from_secs(3700);
        assert_eq!(between(&[], run_time), [100]);
        assert_eq!(between(&[hour], run_time), [100, 0]);
        assert_eq!(between(&[Duration::ZERO, run_time.max(), hour], run_time)[2..], [0, 0]);
        let counts = between(&[run_time.p50(), run_time.max()], run_time);
        assert!(counts[0] >= 50 && counts[0] + counts[1] == 100 && counts[2] == 0, "{counts:?}");
    }
}
