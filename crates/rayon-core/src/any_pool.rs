//! One of the pools. Stealing is known by its type, as its join is the hot path; the others are objects.

use pool_bounded::{Bounded, BoundedPool};
use pool_core::{BuildError, Builder, Pool, WorkerThread};
use pool_fair::{Fair, FairPool, Queue};
use pool_mpsc::{Mpsc, MpscPool};
use pool_priority::PriorityPool;
use pool_stealing::StealingPool;

use crate::spec::{PoolSpec, Strategy};

pub(crate) enum AnyPool {
    Stealing(StealingPool),
    Other(Box<dyn Pool>),
}

/// What a pool is built with beside its specification.
pub(crate) struct Plan<H> {
    pub(crate) threads: usize,
    pub(crate) enrolls_caller: bool,
    pub(crate) spawn: H,
}

impl AnyPool {
    pub(crate) fn build<H>(spec: PoolSpec, plan: Plan<H>) -> Result<Self, BuildError>
    where
        H: Fn(WorkerThread) -> std::io::Result<()> + Send + Sync + 'static,
    {
        Ok(match spec.strategy {
            Strategy::Stealing => AnyPool::Stealing(set(StealingPool::builder(), spec, plan).build()?),
            Strategy::Bounded => {
                other(set(BoundedPool::with(Bounded::new(spec.capacity)), spec, plan).build()?)
            }
            Strategy::Mpsc => other(set(MpscPool::with(Mpsc::new()), spec, plan).build()?),
            Strategy::Priority => other(set(PriorityPool::builder(), spec, plan).build()?),
            Strategy::Fair => {
                other(set(FairPool::with(Fair::new([Queue::new("rayon")])), spec, plan).build()?)
            }
        })
    }

    pub(crate) fn as_dyn(&self) -> &dyn Pool {
        match self {
            AnyPool::Stealing(pool) => pool,
            AnyPool::Other(pool) => &**pool,
        }
    }
}

fn other(pool: impl Pool + 'static) -> AnyPool {
    AnyPool::Other(Box::new(pool))
}

fn set<S, H>(builder: Builder<S>, spec: PoolSpec, plan: Plan<H>) -> Builder<S>
where
    S: pool_core::strategy::Strategy,
    H: Fn(WorkerThread) -> std::io::Result<()> + Send + Sync + 'static,
{
    builder
        .threads(plan.threads)
        .helping(spec.helping)
        .enroll_caller(plan.enrolls_caller)
        .spawn_handler(plan.spawn)
}
