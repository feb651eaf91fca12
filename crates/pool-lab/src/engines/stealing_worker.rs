//! Our work-stealing pool, joined by the worker's own handle instead of the pool's.

use pool_stealing::{StealingPool, Worker, with_worker};

use super::ours::{PIN, pinning};
use super::row::Row;
use crate::engine::{Joins, Spec, SpecError, Start};

pub(super) fn row() -> Row {
    Row::ours("stealing-worker", "pool-stealing", "stealing, joined by `Worker::join`")
        .options(&[PIN])
        .joins::<StealingWorker>()
        .counted()
        .not_a_pool("it is `stealing`, and differs in joins only")
}

struct StealingWorker {
    pool: StealingPool,
}

impl Start for StealingWorker {
    fn start(spec: &Spec) -> Result<Self, SpecError> {
        let pool = StealingPool::builder().threads(spec.threads()).pin(pinning(spec)).build();
        Ok(StealingWorker { pool: pool.map_err(|error| spec.build_error(error))? })
    }

    /// Dropping the pool joins its threads.
    fn stop(self) {}
}

impl Joins for StealingWorker {
    type Context<'c> = Worker<'c>;

    fn enter<R: Send>(&self, root: impl FnOnce(&mut Worker<'_>) -> R + Send) -> R {
        with_worker(&self.pool, |mut worker| root(&mut worker))
    }

    #[inline]
    fn join<A, B, RA, RB>(worker: &mut Worker<'_>, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut Worker<'_>) -> RA + Send,
        B: FnOnce(&mut Worker<'_>) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        worker.join(|mut worker| a(&mut worker), |mut worker| b(&mut worker))
    }
}
