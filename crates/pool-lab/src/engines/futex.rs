//! No pool: one thread that sleeps on one futex, and a place for one job. The least that waking a thread can cost.
//!
//! `std::thread::park` is a futex and nothing more on Linux. The thread does not spin before it sleeps.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::row::Row;
use crate::engine::{Jobs, Spec, SpecError, Start};
use crate::workloads::latency_ping::Ping;

pub(super) fn row() -> Row {
    Row::no_pool(
        "futex",
        "no pool: one parked thread is woken (`thread::park`)",
        "a queue, a second thread to choose from",
    )
    .does::<Futex, Ping>()
    .not_a_pool("it has room for one job")
}

type Job = Box<dyn FnOnce() + Send>;

/// What the thread and the one that wakes it share.
#[derive(Default)]
struct Place {
    job: Mutex<Option<Job>>,
    ends: AtomicBool,
}

impl Place {
    fn put(&self, job: Job) {
        let before = self.job.lock().unwrap_or_else(PoisonError::into_inner).replace(job);
        assert!(before.is_none(), "there is room for one job, and one is there");
    }

    fn take(&self) -> Option<Job> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub(crate) struct Futex {
    place: Arc<Place>,
    thread: JoinHandle<()>,
}

/// A job put, or `ends` set, before `unpark` is seen after the `park` that the `unpark` ends; so no wake-up is lost.
fn work(place: &Place) {
    while !place.ends.load(Ordering::Relaxed) {
        match place.take() {
            Some(job) => job(),
            None => thread::park(),
        }
    }
}

impl Start for Futex {
    /// There is one thread, whatever the spec says.
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let place = Arc::new(Place::default());
        let shared = Arc::clone(&place);
        let thread = thread::Builder::new().spawn(move || work(&shared));
        Ok(Futex { place, thread: thread.map_err(|error| spec.build_error(error))? })
    }

    fn stop(self) {
        self.place.ends.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        // A thread that panicked has ended, too.
        let _ = self.thread.join();
    }
}

impl Jobs for Futex {
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.place.put(Box::new(job));
        self.thread.thread().unpark();
    }
}
