//! What `/metrics` shows: requests by their status, and the pool.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use pool_metrics::{NameTaken, Pools};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::backend::Backend;

/// The counters of the server, and the registry that they are in.
pub struct Metrics {
    registry: Registry,
    answered: Family<[(&'static str, String); 1], Counter>,
    in_flight: Gauge,
    read: AtomicU64,
    done: AtomicU64,
}

impl Metrics {
    /// With the pool's, if there is one.
    ///
    /// # Errors
    ///
    /// Never, as long as there is one pool.
    pub fn new(backend: &Backend) -> Result<Self, NameTaken> {
        let mut registry = Registry::default();
        let (answered, in_flight) = (Family::default(), Gauge::default());
        registry.register("http_responses", "Requests that were answered", answered.clone());
        registry.register("http_requests_in_flight", "Requests that are being answered", in_flight.clone());
        if let Backend::Pool(pool) = backend {
            let pools = Pools::new();
            pools.add(pool)?;
            registry.register_collector(Box::new(pools));
        }
        Ok(Metrics { registry, answered, in_flight, read: AtomicU64::new(0), done: AtomicU64::new(0) })
    }

    /// A request was read.
    pub fn begin(&self) {
        self.read.fetch_add(1, SeqCst);
        self.in_flight.inc();
    }

    /// It has its answer.
    pub fn end(&self, status: u16) {
        self.done.fetch_add(1, SeqCst);
        self.in_flight.dec();
        self.answered.get_or_create(&[("status", status.to_string())]).inc();
    }

    /// How many requests were read, and how many have their answers.
    pub fn totals(&self) -> (u64, u64) {
        (self.read.load(SeqCst), self.done.load(SeqCst))
    }

    /// The page for Prometheus.
    pub fn page(&self) -> String {
        let mut page = String::new();
        encode(&mut page, &self.registry).expect("a string takes everything");
        page
    }
}
