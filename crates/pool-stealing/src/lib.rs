//! A work-stealing pool: for recursions, for many small jobs, for anything that computes.
//!
//! ```
//! use pool_stealing::StealingPool;
//!
//! let pool = StealingPool::new()?;
//! let (left, right) = pool.join(|| 20, || 22);
//! assert_eq!(pool.spawn(move || left + right)?.join()?, 42);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! The [guide](pool_core::guide) shows how to do the common things on any pool: deadlines, timeouts, for_each, cancelling, scopes, panics,
//! graceful shutdown, async code. What differs here is recursion: it costs nanoseconds a level.
//!
//! ```
//! use pool_stealing::StealingPool;
//!
//! fn sort<T: Ord + Send>(pool: &StealingPool, items: &mut [T]) {
//!     if items.len() <= 1_000 {
//!         return items.sort_unstable();
//!     }
//!     let middle = items.len() / 2;
//!     let (below, _, above) = items.select_nth_unstable(middle);
//!     pool.join(|| sort(pool, below), || sort(pool, above));
//! }
//!
//! let pool = StealingPool::builder().threads(2).build()?;
//! let mut numbers: Vec<u32> = (0..10_000).rev().collect();
//! pool.install(|| sort(&pool, &mut numbers));
//! assert!(numbers.is_sorted());
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # The discipline
//!
//! Each worker has a deque of the jobs that it spawns, from which the others steal when they have nothing to do (after Blumofe
//! and Leiserson, 1999, on crossbeam-deque's Chase-Lev deques). Jobs from outside go through one injector. Submitting
//! and taking a job take O(1), a search O(workers).
//!
//! No order is promised. Mostly a worker runs the newest of the jobs that it has spawned first, and those of others only when it
//! has none: depth first, so that of jobs that spawn jobs few are queued at a time. Thieves take the oldest. Every 64th time the
//! injector goes before a worker's own, so that jobs which keep spawning jobs do not lock out the rest of the world. The jobs of a
//! scope lie in the scope, and run in the same order. [`Stealing::order`] has the oldest run first instead.
//!
//! # Memory
//!
//! A queued job takes 32 bytes. A worker's deque grows by doubling, and gives the room that a burst has left back when its
//! worker has been at rest for one second: after 3,000,000 jobs that one job has spawned, 128 MiB at once, and 16 KiB of it at
//! rest (measured; `pool-lab/tests/kept.rs` counts it). Each worker keeps room for up to 1,024 jobs, 32 KiB, and for the forks that
//! it has nested: 2 KiB, 128 KiB where they nested 16,384 deep. Jobs from outside lie in blocks of 63, which are freed as
//! they are taken.
//!
//! # Fork-join
//!
//! A `join` leaves its second half in the caller's frame, on a stack of pointers that is mostly the worker's own: nothing
//! is allocated, and no locked instruction is executed without thieves (but for the worker's first join, and where joins nest
//! 256, 512, 1,024 ... deep for the first time: then the stack grows). Every half can be stolen at any moment, also
//! one below a long leaf, and a worker that waits for a thief runs what the thief has forked, and nothing else. Where joins
//! nest deeper than 16,384, the innermost run in order.
//!
//! [`Worker`] is for recursions that do hardly anything but join: each half gets the handle of the worker that runs it, which
//! saves finding it out.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(loom, allow(dead_code, unused_imports))]

mod calls;
mod demand;
mod fork_buffer;
mod split;
mod sync;

#[cfg(loom)]
mod model;

mod frame;
mod header;
mod join;
mod steal;
mod waiting;
mod worker;

#[cfg(not(loom))]
mod pool;

// What the workers share. In loom's models there are no jobs.
#[cfg(not(loom))]
mod channel;
#[cfg(not(loom))]
mod current_worker;
#[cfg(loom)]
mod loom_pool;
#[cfg(not(loom))]
mod refill;
#[cfg(not(loom))]
mod worker_queues;
#[cfg(loom)]
use loom_pool::{channel, current_worker, worker_queues};

#[cfg(not(loom))]
pub use crate::pool::{
    global::global, inlet::StealingInlet, outlet::StealingOutlet, strategy::Stealing, strategy::StealingPool,
    strategy::with_current_worker, strategy::with_worker,
};
#[cfg(not(loom))]
pub use crate::worker::Worker;

/// The example of the README, so that `cargo test` runs it.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
