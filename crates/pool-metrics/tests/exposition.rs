//! What a scrape sees: every job is accounted for, histograms have their sums, and the formats hold.

mod support {
    pub mod exposition;
}

use std::sync::Arc;
use std::time::Duration;

use pool_bounded::{Bounded, BoundedPool, Overflow};
use pool_core::{Pool, PoolExt, Timing};
use pool_metrics::Pools;
use pool_stealing::StealingPool;
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

use self::support::exposition::Exposition;

fn registry(pools: &Pools) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(pools.clone()));
    registry
}

fn page(registry: &Registry) -> String {
    let mut page = String::new();
    prometheus_text::encode(&mut page, registry).unwrap();
    page
}

#[test]
fn all_that_a_pool_has_counted_is_there() {
    let strategy = Bounded::new(1).overflow(Overflow::Reject);
    let pool =
        Arc::new(BoundedPool::with(strategy).name("all").threads(1).timing(Timing::Every).build().unwrap());
    let pools = Pools::new();
    pools.add(&pool).unwrap();
    let registry = registry(&pools);
    (0..3).for_each(|_| pool.spawn(|| ()).unwrap().join().unwrap());
    pool.spawn(|| std::panic::resume_unwind(Box::new(()))).unwrap().join().unwrap_err();
    let (started, running) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let held = pool
        .spawn(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        })
        .unwrap();
    running.recv().unwrap();
    let queued = pool.spawn(|| ()).unwrap();
    drop(pool.execute(|| ()).unwrap_err());

    let busy = Exposition::parse(&page(&registry));
    let value = |name: &str| busy.value(name, &[("pool", "all")]);
    assert_eq!(value("pool_jobs_submitted_total"), 7.0);
    assert_eq!(
        (value("pool_jobs_queued"), value("pool_jobs_running"), value("pool_jobs_queued_max")),
        (1.0, 1.0, 1.0)
    );
    let ended = |outcome| busy.value("pool_jobs_ended_total", &[("pool", "all"), ("outcome", outcome)]);
    let outcomes = ["completed", "panicked", "cancelled", "expired", "rejected", "discarded"].map(ended);
    assert_eq!(outcomes, [3.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(
        (value("pool_workers"), value("pool_workers_wanted"), value("pool_workers_blocked")),
        (1.0, 1.0, 0.0)
    );
    assert_eq!(busy.value("pool_worker_jobs_total", &[("pool", "all"), ("worker", "0")]), 4.0);

    assert!(queued.cancel());
    drop(release);
    held.join().unwrap();
    assert!(pool.wait_idle(None));
    let idle = Exposition::parse(&page(&registry));
    let stats = pool.stats();
    let ended: f64 = idle.samples("pool_jobs_ended_total").map(|sample| sample.value).sum();
    assert_eq!((idle.value("pool_jobs_submitted_total", &[("pool", "all")]), ended), (7.0, 7.0));
    assert_eq!(stats.counts.accounted(), 7);
    assert!(idle.value("pool_worker_busy_seconds_total", &[("worker", "0")]) > 0.0);
}

#[test]
fn histograms_have_buckets_and_an_exact_sum() {
    let pool =
        Arc::new(StealingPool::builder().name("timed").threads(2).timing(Timing::Every).build().unwrap());
    let pools = Pools::with_bounds([Duration::from_nanos(1), Duration::from_secs(1000)]);
    pools.add(&pool).unwrap();
    (0..200).for_each(|_| pool.execute(|| ()).unwrap());
    assert!(pool.wait_idle(None));
    let exposition = Exposition::parse(&page(&registry(&pools)));
    let timings = pool.timings().unwrap();
    for (name, durations) in [
        ("pool_job_wait_seconds", &timings.queue_wait),
        ("pool_job_run_seconds", &timings.run_time),
        ("pool_worker_wake_up_seconds", &timings.wake_up),
    ] {
        let value = |suffix: &str| exposition.value(&format!("{name}{suffix}"), &[("pool", "timed")]);
        assert_eq!(value("_count"), durations.count() as f64);
        assert_eq!(value("_sum"), durations.sum().as_secs_f64());
        let buckets: Vec<(f64, f64)> = exposition
            .samples(&format!("{name}_bucket"))
            .map(|sample| (sample.label("le").unwrap().parse().unwrap(), sample.value))
            .collect();
        let all = durations.count() as f64;
        assert_eq!(buckets[1..], [(1000.0, all), (f64::INFINITY, all)], "they are cumulative");
        assert!(buckets[0].0 == 1e-9 && buckets[0].1 <= all, "{buckets:?}");
    }
    assert_eq!(timings.run_time.count(), 200);
}

#[test]
fn pools_are_told_apart_and_come_and_go() {
    let pools = Pools::new();
    let registry = registry(&pools);
    assert_eq!(page(&registry), "", "nothing is said of no pools");
    let bounded = Arc::new(BoundedPool::builder().threads(1).build().unwrap());
    let any: Arc<dyn Pool> = Arc::new(StealingPool::builder().threads(2).build().unwrap());
    pools.add(&bounded).unwrap();
    pools.add_as("a \"quoted\" name\\", &any).unwrap();
    let exposition = Exposition::parse(&page(&registry));
    let workers: Vec<(&str, f64)> = exposition
        .samples("pool_workers")
        .map(|sample| (sample.label("pool").unwrap(), sample.value))
        .collect();
    assert_eq!(workers, [("bounded", 1.0), ("a \"quoted\" name\\", 2.0)]);
    assert!(exposition.samples("pool_job_wait_seconds_count").next().is_none(), "neither times its jobs");
    drop(any);
    assert_eq!(Exposition::parse(&page(&registry)).samples("pool_workers").count(), 1);
}

#[test]
fn open_metrics_has_the_same() {
    let pool = Arc::new(BoundedPool::builder().threads(1).timing(Timing::Every).build().unwrap());
    let pools = Pools::new();
    pools.add(&pool).unwrap();
    pool.spawn(|| ()).unwrap().join().unwrap();
    let registry = registry(&pools);
    let mut open_metrics = String::new();
    text::encode(&mut open_metrics, &registry).unwrap();
    assert!(open_metrics.contains("# TYPE pool_jobs_submitted counter\n"));
    assert!(open_metrics.contains("# UNIT pool_worker_busy_seconds seconds\n"));
    assert!(open_metrics.ends_with("# EOF\n"));
    let names = |page: &str| Exposition::parse(page).names();
    assert_eq!(names(&open_metrics), names(&page(&registry)));
}
