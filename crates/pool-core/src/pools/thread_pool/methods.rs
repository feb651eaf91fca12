//! What [`Pool`] and [`PoolExt`] offer, as methods of the pool itself: a program that names its pool imports neither.
//!
//! `execute`, `spawn` and `join` are not here: they have a shorter way of their own, in the parent.

use std::sync::Arc;
use std::time::Duration;

use super::ThreadPool;
use crate::adapter::PoolContext;
use crate::error::{BroadcastError, ResizeError, Unsupported};
use crate::strategy::{Strategy, Urgency};
use crate::{
    Attributes, Counts, Job, JobHandle, JobOrder, MapOrdered, Pool, PoolExt, PoolState, Rejected, Scope,
    SharedScope, Shutdown, SpawnAsync, SpawnError, Stats, Submit, Timer, Timings, WorkerLocal,
};

/// Methods that call those of a trait. After each signature, in brackets, comes what its `where` says.
macro_rules! methods {
    ($trait:ident: $(
        fn $name:ident $(<$($generic:tt),*>)? ($($argument:ident: $type:ty),*) -> $output:ty $([$($bounds:tt)*])?;
    )*) => {
        impl<S: Strategy> ThreadPool<S> {$(
            #[doc = concat!("As [`", stringify!($trait), "::", stringify!($name), "`], which says what it does and what goes wrong.")]
            #[inline]
            pub fn $name $(<$($generic),*>)? (&self, $($argument: $type),*) -> $output
            $(where $($bounds)*)?
            {
                $trait::$name(self, $($argument),*)
            }
        )*}
    };
}

// Jobs.
methods! { PoolExt:
    fn execute_with<F>(attributes: impl Into<Attributes>, f: F) -> Result<(), Rejected> [F: FnOnce() + Send + 'static];
    fn try_execute<F>(f: F) -> Result<(), Rejected> [F: FnOnce() + Send + 'static];
    fn execute_after<F>(delay: Duration, f: F) -> Result<Timer, Rejected> [F: FnOnce() + Send + 'static];
    fn execute_every<F>(period: Duration, f: F) -> Result<Timer, Rejected> [F: FnMut() + Send + 'static];
    fn execute_timeout<F>(wait: Duration, f: F) -> Result<(), Rejected> [F: FnOnce() + Send + 'static];
    fn spawn_with<F, T>(attributes: impl Into<Attributes>, f: F) -> Result<JobHandle<T>, Rejected>
        [F: FnOnce() -> T + Send + 'static, T: Send + 'static];
    fn try_spawn<F, T>(f: F) -> Result<JobHandle<T>, SpawnError<F>>
        [F: FnOnce() -> T + Send + 'static, T: Send + 'static];
    fn try_spawn_with<F, T>(attributes: impl Into<Attributes>, f: F) -> Result<JobHandle<T>, SpawnError<F>>
        [F: FnOnce() -> T + Send + 'static, T: Send + 'static];
    fn spawn_async<F, T>(f: F) -> SpawnAsync<'_, Self, F, T>
        [F: FnOnce() -> T + Send + 'static, T: Send + 'static];
    fn spawn_async_with<F, T>(attributes: impl Into<Attributes>, f: F) -> SpawnAsync<'_, Self, F, T>
        [F: FnOnce() -> T + Send + 'static, T: Send + 'static];
}
methods! { Pool:
    fn submit(job: Job, submit: Submit) -> Result<(), Rejected>;
}

// Jobs for given workers.
methods! { PoolExt:
    fn execute_on<F>(worker: usize, f: F) -> Result<(), Rejected> [F: FnOnce() + Send + 'static];
    fn execute_keyed<F>(key: u64, f: F) -> Result<(), Rejected> [F: FnOnce() + Send + 'static];
    fn spawn_on<F, T>(worker: usize, f: F) -> Result<JobHandle<T>, Rejected>
        [F: FnOnce() -> T + Send + 'static, T: Send + 'static];
    fn broadcast<F, R>(f: F) -> Result<Vec<R>, BroadcastError> [F: Fn(usize) -> R + Sync, R: Send];
    fn spawn_broadcast<F, T>(f: F) -> Result<Vec<JobHandle<T>>, Rejected>
        [F: Fn(usize) -> T + Clone + Send + 'static, T: Send + 'static];
}
methods! { Pool:
    fn submit_to(worker: usize, job: Job) -> Result<(), Rejected>;
    fn submit_keyed(key: u64, job: Job) -> Result<(), Rejected>;
}

// Work that borrows.
methods! { PoolExt:
    fn scope<'env, F, R>(body: F) -> R [F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R];
    fn scope_fifo<'env, F, R>(body: F) -> R [F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R];
    fn shared_scope<'env, F, R>(order: JobOrder, body: F) -> R [F: FnOnce(&SharedScope<'env>) -> R];
    fn install<F, R>(f: F) -> R [F: FnOnce() -> R + Send, R: Send];
    fn map<'items, T, R, F>(items: &'items [T], f: F) -> Vec<R>
        [T: Sync, R: Send, F: Fn(&'items T) -> R + Sync];
    fn for_each<'items, T, F>(items: &'items [T], f: F) -> () [T: Sync, F: Fn(&'items T) + Sync];
    fn for_each_mut<'items, T, F>(items: &'items mut [T], f: F) -> () [T: Send, F: Fn(&'items mut T) + Sync];
    fn for_each_chunk_mut<'items, T, F>(items: &'items mut [T], size: usize, f: F) -> ()
        [T: Send, F: Fn(usize, &'items mut [T]) + Sync];
    fn map_reduce<'items, T, R, F, C>(items: &'items [T], f: F, combine: C) -> Option<R>
        [T: Sync, R: Send, F: Fn(&'items T) -> R + Sync, C: Fn(R, R) -> R + Sync];
    fn map_ordered<I, F, R>(items: I, most: usize, f: F) -> MapOrdered<'_, I::IntoIter, R>
        [I: IntoIterator<Item: Send + 'static>, F: Fn(I::Item) -> R + Send + Sync + 'static, R: Send + 'static];
    fn worker_local<T, F>(make: F) -> WorkerLocal<T, F> [F: Fn() -> T];
}

// The life of the pool.
methods! { Pool:
    fn state() -> PoolState;
    fn pause() -> Result<(), Unsupported>;
    fn resume() -> Result<(), Unsupported>;
    fn resize(threads: usize) -> Result<(), ResizeError>;
    fn cancel_running() -> usize;
    fn wait_idle(limit: Option<Duration>) -> bool;
    fn shutdown() -> Shutdown;
    fn shutdown_timeout(limit: Duration) -> Result<Shutdown, Unsupported>;
    fn shutdown_now() -> (Vec<Job>, Shutdown);
    fn shutdown_now_timeout(limit: Duration) -> Result<(Vec<Job>, Shutdown), Unsupported>;
}

// What is known about it.
methods! { Pool:
    fn name() -> &str;
    fn threads() -> usize;
    fn present_workers() -> Vec<usize>;
    fn urgency() -> &Urgency;
    fn counts() -> Counts;
    fn stats() -> Stats;
    fn timings() -> Option<Timings>;
    fn context() -> &Arc<PoolContext>;
}
