//! What a thread pool promises, and everything that thread pools share.
//!
//! Pools differ in one thing, how a job travels from the thread that submits it to the worker that runs it. That
//! is a [strategy]: a channel with one [`Inlet`](strategy::Inlet) and an [`Outlet`](strategy::Outlet) for each worker. This crate is the rest, written once:
//!
//! | | |
//! |---|---|
//! | [`Pool`], [`PoolExt`] | the contract, object safe, and what every pool can do with it |
//! | [`ThreadPool`] | slots, named threads, counting, panics, replacement of lost workers, shutdown |
//! | [`Builder`] | how many workers, and whether that changes: [`Scaling`], spare slots, the CPU limit |
//! | [`block_in_place`] | a job that is going to block |
//! | [`Job`], [`JobHandle`], [`Scope`] | a unit of work; waiting for it; work that borrows |
//! | [`JoinSet`], [`join_all`], [`join_any`] | waiting for several jobs |
//! | [`Attributes`], [`CancelToken`] | what a job may ask for: urgency, a name, a deadline, a run limit, to tell when it does not run; how it is told to stop |
//! | [`SpawnError`], [`SpawnAsync`] | a closure that comes back; waiting for room without blocking a thread |
//! | [`Stats`], [`Timings`] | what a pool has counted, and how long its jobs took (with feature `serde` to be stored) |
//! | [`strategy`] | what it takes to write a strategy |
//! | [`adapter`] | what it takes to make another crate's pool a [`Pool`] |
//! | [`reentry`] | what it takes to run work that goes on in several jobs, such as futures |
//! | [`stats`], [`error`] | the parts of what was counted; everything that can go wrong |
//!
//! A program uses one of the strategy crates (pool-mpsc, pool-bounded, pool-priority, pool-stealing, pool-fair), each an alias of
//! [`ThreadPool`], or is written against `Arc<dyn Pool>` and takes any.
//!
//! # A strategy of your own
//!
//! A stack of jobs: the newest runs first. It passes the whole suite of the crate pool-conformance, which tests
//! what every pool promises, and names the rule that is broken by a strategy that does not pass.
//!
//! ```
#![doc = include_str!("../tests/support/lifo.rs")]
//!
//! let pool = ThreadPool::with(Lifo).threads(2).build()?;
//! assert_eq!(pool.join(|| 20, || 22), (20, 22));
//! assert_eq!(pool.spawn(|| "done")?.join()?, "done");
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # Where the unsafe code is
//!
//! In `job` (erasing a closure and its lifetime), in `sync::gate` (dropping the inlet while others might use it), in
//! `job::task::payload` (moving a claimed closure out, and its result in), in `sync::task_ref` and `job::task` (a pointer that its
//! owners count, and its erasure), in the callers of the lifetime erasure, `scope` (with `scope::shared`) and `lend`, whose obligation
//! it is to wait, in `loops` (results that were written where they stay), and in `sync::fences` and `os` (calls to the operating system). Nowhere else.

#![cfg_attr(loom, allow(dead_code, unused_imports))]

#[cfg(loom)]
pub mod strategy {
    #![doc(hidden)]
    pub use crate::sync::parking::{Group, Order, Parking, Woken};
}

#[doc(hidden)]
pub mod sync;

// Everything but the protocols: loom's models know nothing of it.
#[cfg(not(loom))]
mod pools;

#[cfg(not(loom))]
pub use pools::*;
