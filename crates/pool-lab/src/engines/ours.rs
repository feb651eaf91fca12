//! What our pools have in common as engines: everything but their settings.

use std::sync::Arc;

use pool_core::strategy::Strategy;
use pool_core::{JobHandle, Pinning, Pool, Priority, QueueId, Submit, ThreadPool};

use super::row::Row;
use crate::engine::settings::{Allowed, Rule};
use crate::engine::{Handles, IsPool, Jobs, Joins, Loops, Scopes, Spec, SpecError, Start, Survives};

/// An option of all of them.
pub(crate) const PIN: Rule =
    Rule::new("pin", Allowed::Choice(&["no", "yes"]), "no", "whether each worker is bound to a CPU");

/// What the option says.
pub(crate) fn pinning(spec: &Spec) -> Pinning {
    // A strategy of another crate may have options of its own, and not this one.
    let has_pin = spec.engine().options.iter().any(|rule| rule.name == PIN.name);
    if has_pin && spec.options().text("pin") == "yes" { Pinning::RoundRobin } else { Pinning::None }
}

/// A strategy whose settings a spec can give.
pub trait FromSpec: Strategy {
    /// Reads the settings.
    fn from_spec(spec: &Spec) -> Self;

    /// The number of queued jobs beyond which it may lose some.
    fn loses_beyond(_: &Spec) -> Option<usize> {
        None
    }
}

/// The row of one of our pools in the table; all of them can do everything.
pub(super) fn row<S: FromSpec>(name: &'static str, package: &'static str, about: &'static str) -> Row {
    strategy::<S>(Row::ours(name, package, about)).counted()
}

/// What a pool with this strategy can do, whoever wrote it.
pub(super) fn strategy<S: FromSpec>(row: Row) -> Row {
    row.jobs_and_joins::<Ours<S>>()
        .survives::<Ours<S>>()
        .handles::<Ours<S>>()
        .scopes::<Ours<S>>()
        .loops::<Ours<S>>()
        .own_pool::<Ours<S>>()
}

/// One of our pools, static all the way.
struct Ours<S: Strategy> {
    pool: ThreadPool<S>,
    loses_beyond: Option<usize>,
}

fn start<S: FromSpec>(spec: &Spec) -> Result<ThreadPool<S>, SpecError> {
    let (threads, headroom) = (spec.threads(), spec.headroom());
    let mut builder = ThreadPool::with(S::from_spec(spec))
        .threads(threads)
        .max_threads(threads + headroom)
        .spare_threads(headroom)
        .timing(spec.timing())
        .pin(pinning(spec));
    if let Some(watcher) = spec.watcher() {
        builder = builder.observer(watcher.clone());
    }
    let pool = builder.build().map_err(|error| spec.build_error(error))?;
    if let Some(watcher) = spec.watcher() {
        watcher.started(pool.context());
    }
    Ok(pool)
}

impl<S: FromSpec> IsPool for Ours<S> {
    fn build(spec: &Spec) -> Result<Arc<dyn Pool>, SpecError> {
        Ok(Arc::new(start::<S>(spec)?))
    }
}

impl<S: FromSpec> Start for Ours<S> {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        Ok(Ours { pool: start(spec)?, loses_beyond: S::loses_beyond(spec) })
    }

    /// Dropping the pool joins its threads.
    fn stop(self) {}

    fn loses_beyond(&self) -> Option<usize> {
        self.loses_beyond
    }
}

/// Why no job is refused: the pool runs, and a case never queues more jobs than the pool holds.
const ACCEPTED: &str = "a running pool with room accepts jobs";

impl<S: FromSpec> Jobs for Ours<S> {
    #[inline]
    fn execute<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.pool.execute(job).expect(ACCEPTED);
    }

    fn execute_urgent<F: FnOnce() + Send + 'static>(&self, job: F) {
        self.pool.execute_with(Submit::default().priority(Priority::URGENT), job).expect(ACCEPTED);
    }

    fn execute_of<F: FnOnce() + Send + 'static>(&self, tenant: u16, job: F) {
        self.pool.execute_with(QueueId::new(tenant), job).expect(ACCEPTED);
    }

    #[inline]
    fn offer<F: FnOnce() + Send + 'static>(&self, job: F) {
        // A rejected job is dropped, as one is that the pool gives up later.
        drop(self.pool.execute(job));
    }
}

impl<S: FromSpec> Survives for Ours<S> {}

impl<S: FromSpec> Handles for Ours<S> {
    type Handle<T: Send + 'static> = JobHandle<T>;

    #[inline]
    fn spawn<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, job: F) -> JobHandle<T> {
        self.pool.spawn(job).expect(ACCEPTED)
    }

    fn wait<T: Send + 'static>(&self, handle: JobHandle<T>) -> T {
        handle.join().expect("a workload's jobs neither panic nor are they cancelled")
    }
}

impl<S: FromSpec> Joins for Ours<S> {
    type Context<'c> = &'c ThreadPool<S>;

    fn enter<R: Send>(&self, root: impl FnOnce(&mut &ThreadPool<S>) -> R + Send) -> R {
        pool_core::strategy::install(&self.pool, || root(&mut &self.pool))
    }

    #[inline]
    fn join<A, B, RA, RB>(context: &mut &ThreadPool<S>, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut &ThreadPool<S>) -> RA + Send,
        B: FnOnce(&mut &ThreadPool<S>) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        let pool = *context;
        pool.join(move || a(&mut { pool }), move || b(&mut { pool }))
    }
}

impl<S: FromSpec> Scopes for Ours<S> {
    fn scope_each<F: Fn(usize) + Send + Sync>(&self, jobs: usize, job: F) {
        let job = &job;
        self.pool.scope(|scope| (0..jobs).for_each(|i| scope.execute(move || job(i))));
    }
}

impl<S: FromSpec> Loops for Ours<S> {
    fn for_each<T: Sync, F: Fn(&T) + Send + Sync>(&self, items: &[T], f: F) {
        // A vector of nothing takes no memory.
        drop(self.pool.map(items, f));
    }
}
