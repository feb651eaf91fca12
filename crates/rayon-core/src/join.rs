//! Fork-join.

use std::marker::PhantomData;

use pool_core::strategy::join_claimable;
use pool_stealing::{Worker, with_current_worker, with_worker};

use crate::any_pool::AnyPool;
use crate::registry::{Registry, current_or_global};

/// How a half of a [`join_context`] came to run.
#[derive(Debug)]
pub struct FnContext {
    migrated: bool,
    not_send: PhantomData<*mut ()>,
}

impl FnContext {
    #[inline(always)]
    fn new(migrated: bool) -> Self {
        FnContext { migrated, not_send: PhantomData }
    }

    /// Whether it runs on another thread than the one that has called the join.
    #[inline]
    pub fn migrated(&self) -> bool {
        self.migrated
    }
}

/// Runs both closures, possibly at once, and returns both results.
///
/// # Panics
///
/// Both run, whatever panics; then a panic goes on, the first closure's before the second's.
#[inline]
pub fn join<A, B, RA, RB>(oper_a: A, oper_b: B) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    with_current_worker(|worker| match worker {
        Some(worker) => worker.join(|_| oper_a(), |_| oper_b()),
        None => join_elsewhere(|_| oper_a(), |_| oper_b()),
    })
}

/// As [`join`]; each closure learns whether it runs on another thread than the caller's.
///
/// # Panics
///
/// As for [`join`].
#[inline]
pub fn join_context<A, B, RA, RB>(oper_a: A, oper_b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    with_current_worker(|worker| match worker {
        Some(worker) => join_on(&worker, oper_a, oper_b, false),
        None => join_elsewhere(oper_a, oper_b),
    })
}

/// The join of a worker of the stealing pool.
#[inline(always)]
fn join_on<A, B, RA, RB>(worker: &Worker<'_>, a: A, b: B, migrated: bool) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    worker.join(|_| a(FnContext::new(migrated)), |worker| b(FnContext::new(migrated || worker.is_stolen())))
}

#[cold]
#[inline(never)]
fn join_elsewhere<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    join_in(&current_or_global(), a, b)
}

/// The join of a thread that may be none of this pool's.
fn join_in<A, B, RA, RB>(registry: &Registry, a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    match &registry.pool {
        AnyPool::Stealing(pool) => with_worker(pool, |worker| join_on(&worker, a, b, true)),
        AnyPool::Other(pool) => {
            let migrated = registry.index_here().is_none();
            registry.install(|| {
                let owner = registry.index_here();
                let b = || b(FnContext::new(migrated || registry.index_here() != owner));
                join_claimable(&**pool, || a(FnContext::new(migrated)), b)
            })
        }
    }
}
