//! A real Prometheus server scrapes pools under load, and its query API says what the pools have counted. Says so and does nothing where
//! `prometheus` and `promtool` are not installed; `.ci/prometheus` installs them.

mod support {
    pub mod page;
    pub mod prometheus;
}

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use pool_bounded::{Bounded, BoundedPool, Overflow};
use pool_core::{Attributes, Pool, PoolExt, Timing};
use pool_metrics::Pools;
use pool_stealing::StealingPool;
use prometheus_client::registry::Registry;

use self::support::page::Page;
use self::support::prometheus::{Prometheus, is_installed};

fn pools() -> (Arc<BoundedPool>, Arc<dyn Pool>, Registry) {
    let strategy = Bounded::new(64).overflow(Overflow::Reject);
    let requests =
        BoundedPool::with(strategy).name("requests").threads(2).timing(Timing::Every).build().unwrap();
    let (requests, other) =
        (Arc::new(requests), StealingPool::builder().name("other").threads(2).build().unwrap());
    let other: Arc<dyn Pool> = Arc::new(other);
    let pools = Pools::new();
    pools.add(&requests).unwrap();
    pools.add(&other).unwrap();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(pools));
    (requests, other, registry)
}

/// Jobs of every fate.
fn load(requests: &BoundedPool, other: &dyn Pool, number: u64) {
    let attributes = match number % 5 {
        0 => Attributes::new().start_within(Duration::from_nanos(number % 1000)),
        _ => Attributes::new(),
    };
    let job = move || {
        if number.is_multiple_of(1000) {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        (0..number % 2000).fold(number, |sum, next| std::hint::black_box(sum ^ next))
    };
    // Many are rejected, some are cancelled.
    if let Ok(handle) = requests.spawn_with(attributes, job)
        && number.is_multiple_of(7)
    {
        handle.cancel();
    }
    if number.is_multiple_of(3) {
        other.execute(|| ()).unwrap();
    }
}

#[test]
fn the_query_api_says_what_the_pools_have_counted() {
    if !is_installed("prometheus") {
        println!("skipped: prometheus is not installed");
        return;
    }
    let (requests, other, registry) = pools();
    let (page, scrapes) = Page::serve(registry);
    let prometheus = Prometheus::start(page.port());
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        threads.spawn(|| {
            (0..).take_while(|_| !stop.load(Relaxed)).for_each(|number| load(&requests, &*other, number));
        });
        // Some scrapes under load.
        (0..6).for_each(|_| scrapes.wait());
        stop.store(true, Relaxed);
    });
    assert!(requests.wait_idle(None) && other.wait_idle(None));
    // The one that is under way may have read the pools before; the next begins when that has been taken in; and so has the next one when
    // another begins.
    (0..3).for_each(|_| scrapes.wait());

    let value = |query: &str| prometheus.value(query);
    for pool in [&*requests as &dyn Pool, &*other] {
        let (name, stats) = (pool.name(), pool.stats());
        let counts = stats.counts;
        assert!(counts.completed > 1000, "{counts}");
        let of_pool = |metric: &str| value(&format!("{metric}{{pool=\"{name}\"}}"));
        assert_eq!(of_pool("pool_jobs_submitted_total"), counts.submitted as f64);
        for (outcome, jobs) in [
            ("completed", counts.completed),
            ("panicked", counts.panicked),
            ("cancelled", counts.cancelled),
            ("expired", counts.expired),
            ("rejected", counts.rejected),
            ("discarded", counts.discarded),
        ] {
            let query = format!("pool_jobs_ended_total{{pool=\"{name}\",outcome=\"{outcome}\"}}");
            assert_eq!(value(&query), jobs as f64, "{query}");
        }
        assert_eq!((of_pool("pool_jobs_queued"), of_pool("pool_jobs_running")), (0.0, 0.0));
        let workers = format!("sum(pool_worker_jobs_total{{pool=\"{name}\"}})");
        assert_eq!(value(&workers), stats.workers.iter().map(|worker| worker.jobs()).sum::<u64>() as f64);
        // Counters never fell, and in no scrape had more jobs ended than were submitted.
        assert_eq!(value(&format!("resets(pool_jobs_submitted_total{{pool=\"{name}\"}}[10m])")), 0.0);
    }
    let accounted = "(pool_jobs_submitted_total - on(pool) (sum by(pool)(pool_jobs_ended_total) \
                     + on(pool) pool_jobs_queued + on(pool) pool_jobs_running))";
    assert!(value(&format!("min(min_over_time({accounted}[10m:100ms]))")) >= 0.0);

    let timings = requests.timings().unwrap();
    for (name, durations) in
        [("pool_job_wait_seconds", timings.queue_wait), ("pool_job_run_seconds", timings.run_time)]
    {
        assert_eq!(value(&format!("{name}_count")), durations.count() as f64);
        assert_eq!(value(&format!("{name}_sum")), durations.sum().as_secs_f64());
        assert_eq!(value(&format!("{name}_bucket{{le=\"+Inf\"}}")), durations.count() as f64);
        // The median is in the bucket in which Prometheus finds it, of which the bounds are a factor of 2.5 apart at most.
        let median = value(&format!("histogram_quantile(0.5, {name}_bucket)"));
        let ratio = median / durations.p50().as_secs_f64();
        assert!((0.39..2.6).contains(&ratio), "{name}: {median} against {:?}", durations.p50());
    }
    assert_eq!(value("count(pool_job_run_seconds_count)"), 1.0, "the other pool is not timed");
    assert_eq!(value("up"), 1.0);
}

#[test]
fn promtool_finds_nothing_to_complain_about() {
    if !is_installed("promtool") {
        println!("skipped: promtool is not installed");
        return;
    }
    let (requests, other, registry) = pools();
    (0..2000).for_each(|number| load(&requests, &*other, number));
    let mut page = String::new();
    prometheus_client::encoding::prometheus_text::encode(&mut page, &registry).unwrap();
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&said).as_ref()), (Some(0), ""), "{page}");
}
