//! [orx-parallel](orx_parallel)'s parallel iterators on any pool: maps, filters, reductions, sums, searches, over slices, ranges,
//! collections and iterators.
//!
//! ```
//! use orx_parallel::*;
//! use pool_orx::on;
//! use pool_stealing::StealingPool;
//!
//! let pool = StealingPool::new()?;
//! let words = vec!["borrowed", "from", "here"];
//! let lengths: Vec<usize> = words.par().runner(on(&pool)).map(|word| word.len()).filter(|length| *length > 4).collect();
//! assert_eq!(lengths, [8]);
//! let sum: usize = (0..1_000).into_par().runner(on(&pool)).map(|n| n * n).sum();
//! assert_eq!(sum, 332_833_500);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! [`on`] takes any [`Pool`], also as an object: `on(&*pool)` of an `Arc<dyn Pool>`.
//!
//! A computation is one scope of the pool, with a job for each worker that takes items until none are left. Inside a job of the pool,
//! the worker that waits for it runs the computation's own jobs, so computations nest without a deadlock, also on one worker. A
//! panic comes out when all have ended. The pool's queue and its limits do not matter to it, as to any
//! [scope](pool_core::PoolExt::scope).
//!
//! For a loop over a slice that needs no iterators there are [`map`](pool_core::PoolExt::map), `for_each`, `for_each_mut`,
//! `for_each_chunk_mut` and `map_reduce` in pool-core itself.

#![forbid(unsafe_code)]

use std::fmt;
use std::num::NonZeroUsize;

use orx_parallel::{ParRunner, Runner};
use pool_core::{JobOrder, Pool, PoolExt, SharedScope};

/// What orx-parallel's `runner(..)` takes, for this pool: chunks whose size adapts to the items, as is its default.
///
/// ```
/// use std::sync::Arc;
/// use orx_parallel::*;
/// use pool_core::Pool;
/// use pool_orx::on;
/// /// On whichever pool, with a limit of its own to the number of workers.
/// fn longest(pool: &Arc<dyn Pool>, lines: &[String]) -> Option<usize> {
///     lines.par().runner(on(&**pool)).num_threads(4).map(|line| line.len()).max()
/// }
/// ```
pub fn on<P: Pool + ?Sized>(pool: &P) -> impl ParRunner {
    Runner::adaptive_with_pool(OrxPool::of(pool))
}

/// A pool for orx-parallel, for runners other than that of [`on`].
///
/// ```
/// use orx_parallel::*;
/// use pool_orx::OrxPool;
/// use pool_stealing::StealingPool;
/// let pool = StealingPool::new()?;
/// let runner = Runner::fixed_with_pool(OrxPool::of(&pool));
/// assert_eq!((0..100).into_par().runner(runner).map(|n| n * 2).sum::<usize>(), 9_900);
/// # Ok::<(), pool_core::BuildError>(())
/// ```
pub struct OrxPool<'a, P: ?Sized>(&'a P);

impl<'a, P: Pool + ?Sized> OrxPool<'a, P> {
    /// Of this pool.
    pub fn of(pool: &'a P) -> Self {
        OrxPool(pool)
    }
}

/// Where a computation starts its jobs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'s, 'scope>(&'s SharedScope<'scope>);

impl<P: Pool + ?Sized> orx_parallel::ThreadPool for OrxPool<'_, P> {
    type ScopeRef<'s, 'env, 'scope>
        = Place<'s, 'scope>
    where
        'scope: 's,
        'env: 'scope + 's;

    fn scope<'env, 'scope, F>(&'env self, f: F)
    where
        'env: 'scope,
        for<'s> F: FnOnce(Place<'s, 'scope>) + Send,
    {
        self.0.shared_scope(JobOrder::OldestFirst, |scope| f(Place(scope)));
    }

    fn max_num_threads(&self) -> NonZeroUsize {
        // A pool that scales may have none at the moment.
        NonZeroUsize::new(self.0.threads()).unwrap_or(NonZeroUsize::MIN)
    }
}

impl<'s, 'env, 'scope> orx_parallel::Scope<'s, 'env, 'scope> for Place<'s, 'scope> {
    fn run<W>(self, work: W)
    where
        'scope: 's,
        'env: 'scope + 's,
        W: FnOnce() + Send + 'scope + 'env,
    {
        self.0.execute(move |_| work());
    }
}

impl<P: ?Sized> Clone for OrxPool<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: ?Sized> Copy for OrxPool<'_, P> {}

impl<P: Pool + ?Sized> fmt::Debug for OrxPool<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OrxPool").field(&self.0.name()).finish()
    }
}
