//! What a reader of OpenTelemetry collects.

use std::collections::BTreeMap;
use std::sync::Arc;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use pool_bounded::BoundedPool;
use pool_core::Timing;
use pool_metrics::Pools;

/// Each number by its instrument and its attributes, as `pool.jobs_submitted{pool=a}`.
fn numbers(collected: &ResourceMetrics) -> BTreeMap<String, f64> {
    let mut numbers = BTreeMap::new();
    for metric in collected.scope_metrics().flat_map(|scope| scope.metrics()) {
        let mut put = |attributes: Vec<String>, value: f64| {
            numbers.insert(format!("{}{{{}}}", metric.name(), attributes.join(",")), value);
        };
        macro_rules! points {
            ($data:expr, $number:ty) => {
                $data.data_points().for_each(|point| {
                    let mut attributes: Vec<String> =
                        point.attributes().map(|pair| format!("{}={}", pair.key, pair.value)).collect();
                    attributes.sort();
                    put(attributes, point.value() as f64);
                })
            };
        }
        match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                assert!(sum.is_monotonic());
                points!(sum, u64)
            }
            AggregatedMetrics::U64(MetricData::Gauge(gauge)) => points!(gauge, u64),
            AggregatedMetrics::F64(MetricData::Sum(sum)) => {
                assert_eq!(metric.unit(), "s");
                points!(sum, f64)
            }
            other => panic!("{}: {other:?}", metric.name()),
        }
    }
    numbers
}

#[test]
fn a_reader_collects_what_the_pools_have_counted() {
    let build = |name: &str| {
        Arc::new(BoundedPool::builder().name(name).threads(1).timing(Timing::Every).build().unwrap())
    };
    let (a, b) = (build("a"), build("b"));
    let pools = Pools::new();
    pools.add(&a).unwrap();
    let exporter = InMemoryMetricExporter::default();
    let provider =
        SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter.clone()).build()).build();
    pools.observe(&provider.meter("pools"));
    pools.add(&b).unwrap();
    let collect = || {
        provider.force_flush().unwrap();
        numbers(exporter.get_finished_metrics().unwrap().last().unwrap())
    };

    (0..5).for_each(|_| a.spawn(|| ()).unwrap().join().unwrap());
    assert!(a.wait_idle(None));
    let first = collect();
    assert_eq!((first["pool.jobs_submitted{pool=a}"], first["pool.jobs_submitted{pool=b}"]), (5.0, 0.0));
    assert_eq!(first["pool.jobs_ended{outcome=completed,pool=a}"], 5.0);
    assert_eq!((first["pool.workers{pool=a}"], first["pool.jobs_queued{pool=a}"]), (1.0, 0.0));
    assert!(first["pool.worker_busy{pool=a,worker=0}"] > 0.0);
    assert_eq!(first["pool.job_run.count{pool=a}"], 5.0);
    assert_eq!(first["pool.job_run.sum{pool=a}"], a.timings().unwrap().run_time.sum().as_secs_f64());
    assert_eq!(
        (first["pool.job_run.bucket{le=+Inf,pool=a}"], first["pool.job_run.bucket{le=60,pool=a}"]),
        (5.0, 5.0)
    );

    (0..4).for_each(|_| b.spawn(|| ()).unwrap().join().unwrap());
    assert!(b.wait_idle(None));
    drop(a);
    let second = collect();
    assert_eq!(second["pool.jobs_submitted{pool=b}"], 4.0, "each collection reads anew");
    provider.shutdown().unwrap();
}

/// All instruments of a collection see one reading, also while jobs move.
#[test]
fn a_collection_adds_up() {
    let pool = Arc::new(BoundedPool::builder().name("moving").threads(2).build().unwrap());
    let pools = Pools::new();
    pools.add(&pool).unwrap();
    let exporter = InMemoryMetricExporter::default();
    let provider =
        SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter.clone()).build()).build();
    pools.observe(&provider.meter("pools"));
    std::thread::scope(|threads| {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let pool = &pool;
        threads.spawn(move || {
            while let Err(std::sync::mpsc::TryRecvError::Empty) = stopped.try_recv() {
                pool.execute(|| ()).unwrap();
            }
        });
        for _ in 0..20 {
            provider.force_flush().unwrap();
            let numbers = numbers(exporter.get_finished_metrics().unwrap().last().unwrap());
            let ended: f64 = numbers
                .iter()
                .filter(|(name, _)| name.starts_with("pool.jobs_ended{"))
                .map(|(_, jobs)| jobs)
                .sum();
            let here = numbers["pool.jobs_queued{pool=moving}"] + numbers["pool.jobs_running{pool=moving}"];
            assert!(ended + here <= numbers["pool.jobs_submitted{pool=moving}"], "{numbers:?}");
            exporter.reset();
        }
        drop(stop);
    });
    provider.shutdown().unwrap();
}
