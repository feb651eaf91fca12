//! A value for each worker.

use std::fmt;
use std::sync::{Mutex, PoisonError, TryLockError};

use crossbeam_utils::CachePadded;

use crate::current::{PoolId, current};
use crate::sync::lock;

/// A value for each worker of a pool, made when the worker first asks for it, and read together when all is done: sums, caches,
/// buffers. From [`PoolExt::worker_local`](crate::PoolExt::worker_local).
///
/// Belongs to the place that a worker has in the pool: one that replaces a worker that died, and one that comes when a pool grows
/// again, goes on with the value of the one before. One in a [spare slot](crate::Builder::spare_threads) has a value of its own.
/// All threads that are no workers of the pool share one more.
///
/// A thread that finds its place in use gets another value, which is kept like the rest. That happens to threads outside that ask at
/// once, and to a job that is run inside [`with`](WorkerLocal::with) by a worker that waits there. So nothing ever waits here, and
/// there may be more values than workers.
pub struct WorkerLocal<T, F = fn() -> T> {
    pool: PoolId,
    make: F,
    /// One for each worker, and one for all other threads.
    places: Box<[CachePadded<Mutex<Option<T>>>]>,
    /// Those of threads that have found their place in use.
    others: Mutex<Vec<T>>,
}

impl<T, F: Fn() -> T> WorkerLocal<T, F> {
    pub(crate) fn new(pool: PoolId, workers: usize, make: F) -> Self {
        let places = (0..=workers).map(|_| CachePadded::default()).collect();
        WorkerLocal { pool, make, places, others: Mutex::default() }
    }

    /// Calls `f` with the value of the worker that the calling thread is. Costs a lock that nobody else wants.
    ///
    /// # Panics
    ///
    /// With what `f` panics with, or what makes the value; a value stays as `f` has left it.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let outside = self.places.len() - 1;
        let worker = current().filter(|worker| worker.pool == self.pool).map(|worker| worker.index);
        let mut place = match self.places[worker.unwrap_or(outside)].try_lock() {
            Ok(place) => place,
            Err(TryLockError::Poisoned(place)) => place.into_inner(),
            Err(TryLockError::WouldBlock) => return self.with_another(f),
        };
        f(place.get_or_insert_with(&self.make))
    }

    #[cold]
    fn with_another<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        /// Puts the value back, also if `f` panics.
        struct Lent<'a, T>(&'a Mutex<Vec<T>>, Option<T>);
        impl<T> Drop for Lent<'_, T> {
            fn drop(&mut self) {
                lock(self.0).extend(self.1.take());
            }
        }
        let kept = lock(&self.others).pop();
        let mut lent = Lent(&self.others, Some(kept.unwrap_or_else(&self.make)));
        f(lent.1.as_mut().expect("it was put there a line above"))
    }
}

impl<T, F> WorkerLocal<T, F> {
    /// All values that were made, in the order of the workers, then those of other threads.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let places = self.places.iter_mut();
        let places =
            places.filter_map(|place| place.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut());
        places.chain(self.others.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T, F> IntoIterator for WorkerLocal<T, F> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    /// All values that were made, in the order of the workers, then those of other threads.
    fn into_iter(self) -> Self::IntoIter {
        let places = self.places.into_iter().map(CachePadded::into_inner);
        let values = places.filter_map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner));
        let others = self.others.into_inner().unwrap_or_else(PoisonError::into_inner);
        values.chain(others).collect::<Vec<T>>().into_iter()
    }
}

impl<T, F> fmt::Debug for WorkerLocal<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerLocal").field("pool", &self.pool).finish_non_exhaustive()
    }
}
