//! Jobs in the spans of [tracing](https://docs.rs/tracing): the submitter's span is the job's parent, on whatever worker the job runs.
//!
//! ```
//! use pool_stealing::StealingPool;
//! use pool_tracing::traced;
//!
//! let pool = StealingPool::builder().threads(2).name("requests").build()?;
//! let request = tracing::info_span!("request", id = 7);
//! let handle = request.in_scope(|| {
//!     pool.spawn(traced(&pool, || {
//!         tracing::info!("in the job's span, which is in that of the request");
//!         42
//!     }))
//! })?;
//! assert_eq!(handle.join()?, 42);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! [`traced`] wraps a closure for any way to submit one: `execute`, `spawn_with`, `try_spawn`, `spawn_async`, a scope. What a closure that is not
//! wrapped costs stays as it is, and pool-core knows nothing of this.
//!
//! # The span
//!
//! Its name is `job`, its target `pool`, its level DEBUG. It begins when the closure is wrapped, so wrap it where it is submitted; it is
//! entered while the closure runs, and closed when that has ended or is dropped.
//!
//! | field | |
//! |---|---|
//! | `pool` | the pool's name |
//! | `name` | the job's name, if it was given [one](pool_core::Attributes::name) |
//! | `worker` | the number of the worker that ran it; none where no worker did: its submitter, or a thread that waits for its scope |
//! | `wait_ns` | from there to its start, in nanoseconds |
//! | `run_ns` | from its start to its end |
//! | `panicked` | `true` if it has |
//!
//! The span of a job that never ran has `pool` alone. A job that submits another is its parent in turn.
//!
//! A future needs none of this: `spawn_future(&pool, future.instrument(span))`, with tracing's own `Instrument`, enters the span at each poll.
//!
//! # Costs
//!
//! Where no subscriber wants the span, a look at that. Otherwise two or three readings of the clock and what the subscriber does.

#![forbid(unsafe_code)]

use std::thread;
use std::time::Instant;

use pool_core::{Pool, current, job_name};
use tracing::Span;
use tracing::field::Empty;

/// The closure, in a span for its job, whose parent is the current span. See the crate's page.
///
/// The wrapped closure goes to this pool; in another, the span would have the wrong name and no worker.
///
/// ```
/// use pool_core::{Attributes, Pool, PoolExt, Rejected};
/// use pool_tracing::traced;
/// use std::sync::Arc;
/// fn refresh(pool: &Arc<dyn Pool>, page: u32) -> Result<(), Rejected> {
///     pool.execute_with(Attributes::new().name("refresh"), traced(pool, move || println!("page {page}")))
/// }
/// fn total(pool: &dyn Pool, left: &[u64], right: &[u64]) -> u64 {
///     pool.scope(|scope| {
///         let right = scope.spawn(traced(pool, || right.iter().sum::<u64>()));
///         left.iter().sum::<u64>() + right.join().unwrap()
///     })
/// }
/// ```
pub fn traced<P, F, T>(pool: &P, f: F) -> impl FnOnce() -> T + Send + use<P, F, T>
where
    P: Pool + ?Sized,
    F: FnOnce() -> T + Send,
{
    let span = tracing::debug_span!(
        target: "pool",
        "job",
        pool = pool.name(),
        name = Empty,
        worker = Empty,
        wait_ns = Empty,
        run_ns = Empty,
        panicked = Empty,
    );
    let submitted = (!span.is_disabled()).then(Instant::now);
    let id = pool.id();
    move || {
        let Some(submitted) = submitted else { return f() };
        let started = Instant::now();
        span.record("wait_ns", nanoseconds(submitted, started));
        if let Some(worker) = current().filter(|worker| worker.pool == id) {
            span.record("worker", worker.index);
        }
        if let Some(name) = job_name() {
            span.record("name", &*name);
        }
        let running = Running { span, started };
        running.span.in_scope(f)
    }
}

/// A job's span, until the job has ended, in whatever way.
struct Running {
    span: Span,
    started: Instant,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.span.record("run_ns", nanoseconds(self.started, Instant::now()));
        if thread::panicking() {
            self.span.record("panicked", true);
        }
    }
}

fn nanoseconds(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_nanos()).unwrap_or(u64::MAX)
}

/// The example of the README, so that `cargo test` runs it.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
