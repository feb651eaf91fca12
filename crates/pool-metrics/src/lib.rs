//! What thread pools have counted and timed, for [Prometheus](https://prometheus.io) and OpenTelemetry.
//!
//! Everything is read from [`Pool::stats`](pool_core::Pool::stats) and [`timings`](pool_core::Pool::timings) at each export: a job costs
//! what it costs without. [`Pools`] is the list of pools to read; any [`Pool`](pool_core::Pool) will do, also behind `Arc<dyn Pool>`, and
//! each has its name in the label `pool`.
//!
//! ```
//! # #[cfg(feature = "prometheus")] {
//! use std::num::NonZeroU32;
//! use std::sync::Arc;
//! use pool_bounded::{Bounded, BoundedPool};
//! use pool_core::Timing;
//! use pool_metrics::Pools;
//! use prometheus_client::encoding::prometheus_text::encode;
//! use prometheus_client::registry::Registry;
//!
//! // The histograms need timing; one job in 16 costs hardly anything.
//! let timing = Timing::Sampled(NonZeroU32::new(16).unwrap());
//! let requests = BoundedPool::with(Bounded::new(1024)).name("requests").threads(2).timing(timing).build()?;
//! let requests = Arc::new(requests);
//!
//! let pools = Pools::new();
//! pools.add(&requests)?;
//! let mut registry = Registry::default();
//! registry.register_collector(Box::new(pools));
//!
//! requests.spawn(|| ())?.join()?;
//! // What a handler of `/metrics` answers:
//! let mut page = String::new();
//! encode(&mut page, &registry)?;
//! assert!(page.contains("\npool_jobs_submitted_total{pool=\"requests\"} 1\n"));
//! # }
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # The metrics
//!
//! The names are those of tokio-metrics, where it has the same thing, as Prometheus wants them: a unit, and `_total` for what only grows.
//!
//! | metric | labels | | in tokio-metrics |
//! |---|---|---|---|
//! | `pool_jobs_submitted_total` | | jobs submitted, accepted or not | `spawned_tasks_count` |
//! | `pool_jobs_ended_total` | `outcome` | `completed`, `panicked`, `cancelled`, `expired`, `rejected` or `discarded` | |
//! | `pool_jobs_queued` | | jobs that wait | `global_queue_depth` |
//! | `pool_jobs_queued_max` | | the longest queue that was seen | |
//! | `pool_jobs_running` | | jobs that have started and not ended | |
//! | `pool_workers` | | workers that there are | `workers_count` |
//! | `pool_workers_wanted` | | workers that there should be | |
//! | `pool_workers_blocked` | | workers that are blocked, for whom others may stand in | |
//! | `pool_worker_failed_starts_total` | | threads that could not be started | |
//! | `pool_handler_panics_total` | | panics of handlers and hooks | |
//! | `pool_worker_jobs_total` | `worker` | jobs that it ran | |
//! | `pool_worker_busy_seconds_total` | `worker` | time that it did not wait for work | `total_busy_duration` |
//! | `pool_worker_parks_total` | `worker` | how often it waited for work | `total_park_count` |
//! | `pool_worker_steals_total` | `worker` | how often it took work from another | `total_steal_operations` |
//! | `pool_worker_stolen_jobs_total` | `worker` | jobs that it took | `total_steal_count` |
//! | `pool_worker_replaced_total` | `worker` | how often it died and was replaced | |
//! | `pool_job_wait_seconds` | (histogram) | from submission to start | `scheduled_duration` |
//! | `pool_job_run_seconds` | (histogram) | from start to end | `poll_duration` |
//! | `pool_worker_wake_up_seconds` | (histogram) | the wait of jobs that woke a worker | |
//!
//! In one scrape they are of one moment for each pool, so that submitted jobs are never fewer than ended, queued and running ones
//! together, and as many at rest. The histograms are there when the pool was built with a
//! [timing](pool_core::Builder::timing); where it is sampled, they are of the sample. Their sums are exact, and a job is in the next bucket
//! at most if it took up to 1 % less than the bound.
//!
//! # Names of pools
//!
//! Two pools of one name would be one series, so the second is [refused](NameTaken). By default a pool is called as its strategy: give it
//! a [name](pool_core::Builder::name), or export it [under another](Pools::add_as).
//!
//! # A dashboard
//!
//! `grafana/dashboard.json` beside this crate's sources, to be imported into Grafana: rates, outcomes, queue, waits, run times and
//! workers, for each pool. Its variables are the data source and the pools.
//!
//! # OpenTelemetry
//!
//! With the feature `opentelemetry`, `Pools::observe` makes observable instruments of the same, named `pool.jobs_submitted` and so on.
//! OpenTelemetry has no observable histogram, and to feed a histogram of the other kind would be work for each job. So each of the
//! three is what Prometheus makes of a histogram: counters `pool.job_wait.bucket` (jobs that took no longer than the attribute `le` says),
//! `pool.job_wait.count` and `pool.job_wait.sum`.
//!
//! With the feature `prometheus`, which is on by default, [`Pools`] is a
//! [`Collector`](https://docs.rs/prometheus-client/latest/prometheus_client/collector/trait.Collector.html).

#![forbid(unsafe_code)]
// Without any exporter there is only the list.
#![cfg_attr(not(any(feature = "prometheus", feature = "opentelemetry")), allow(dead_code))]

#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
mod buckets;
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
mod families;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod pools;
#[cfg(feature = "prometheus")]
mod prometheus;

pub use self::pools::{NameTaken, Pools};
