//! What a thread pool promises, and everything that thread pools share.
//!
//! Pools differ in one thing, how a job travels from the thread that submits it to the worker that runs it. That
//! is a [strategy]: a channel with one [`Inlet`](strategy::Inlet) and an [`Outlet`](strategy::Outlet) for each worker. This crate is the rest, written once:
//!
//! | | |
//! |---|---|
//! | [`Pool`], [`PoolExt`] | the contract, object safe, and what every pool can do with it |
//! | [`ThreadPool`] | seats, named threads, counting, panics, replacement of lost workers, shutdown |
//! | [`Builder`] | how many workers, and whether that changes: [`Scaling`], spare seats, the CPU limit |
//! | [`block_in_place`] | a job that is going to block |
//! | [`Job`], [`JobHandle`], [`Scope`] | a unit of work; waiting for it; work that borrows |
//! | [`JoinSet`], [`join_all`], [`join_any`] | waiting for several jobs |
//! | [`Attributes`], [`CancelToken`] | what a job may ask for: urgency, a name, a deadline, a run limit; how it is told to stop |
//! | [`Stats`], [`Timings`] | what a pool has counted, and how long its jobs took (with feature `serde` to be stored) |
//! | [`strategy`] | what it takes to write a strategy |
//! | [`adapter`] | what it takes to make somebody else's pool a [`Pool`] |
//! | [`stats`], [`error`] | the parts of what was counted; everything that can go wrong |
//!
//! A program uses one of the strategy crates (pool-mpsc, pool-bounded, pool-priority, pool-stealing), each an alias of
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
//! In `job` (erasing a closure and its lifetime), in `gate` (dropping the inlet while others might use it), in `cell`'s `slot`
//! (moving a claimed closure out, and its result in) and `shared` (a pointer that its owners count), in the two callers
//! of the lifetime erasure, `scope` and `fork`, whose obligation it is to wait, and in `fences` and `os` (calls to the
//! operating system). Nowhere else.

#![cfg_attr(loom, allow(dead_code, unused_imports))]

#[doc(hidden)]
pub mod fences;
mod gate;
#[cfg(loom)]
#[doc(hidden)]
pub mod model;
mod sync;

#[cfg(not(loom))]
pub mod adapter;
#[cfg(not(loom))]
mod admission;
#[doc(hidden)]
#[cfg(not(loom))]
pub mod after_fork;
#[cfg(not(loom))]
mod attributed;
#[cfg(not(loom))]
mod attributes;
#[cfg(not(loom))]
mod block_on;
#[cfg(not(loom))]
mod book;
#[cfg(not(loom))]
mod broadcast;
#[cfg(not(loom))]
mod cancel;
#[cfg(not(loom))]
mod cell;
#[cfg(not(loom))]
mod contended;
#[cfg(not(loom))]
mod counts;
#[cfg(not(loom))]
mod cpu_set;
#[cfg(not(loom))]
mod current;
#[cfg(not(loom))]
pub mod error;
#[cfg(not(loom))]
mod ext;
#[cfg(all(test, not(loom)))]
mod fifo;
#[cfg(not(loom))]
mod fork;
#[cfg(not(loom))]
mod global;
#[cfg(not(loom))]
mod group;
#[cfg(not(loom))]
mod handle;
#[cfg(not(loom))]
mod hooks;
#[cfg(not(loom))]
mod in_place;
#[cfg(not(loom))]
mod job;
#[cfg(not(loom))]
mod ledger;
#[cfg(not(loom))]
mod name;
#[cfg(not(loom))]
mod no_unwind;
#[cfg(not(loom))]
mod observer;
#[cfg(not(loom))]
mod off_cpu;
#[cfg(not(loom))]
mod os;
mod parking;
#[cfg(not(loom))]
mod pool;
mod presence;
#[cfg(not(loom))]
mod raise;
mod rest;
#[cfg(not(loom))]
mod running;
#[cfg(not(loom))]
mod scope;
#[cfg(not(loom))]
mod search;
#[cfg(all(feature = "serde", not(loom)))]
mod serialize;
#[cfg(not(loom))]
mod shrink;
mod spell;
#[cfg(not(loom))]
pub mod stats;
#[cfg(not(loom))]
pub mod strategy;
#[cfg(not(loom))]
mod stripes;
#[cfg(not(loom))]
mod submit;
#[doc(hidden)]
#[cfg(not(loom))]
pub mod testing;
#[cfg(not(loom))]
mod thread_pool;
#[cfg(not(loom))]
mod timed;
#[cfg(not(loom))]
mod timing;
#[cfg(not(loom))]
mod trace;
#[cfg(not(loom))]
mod urgency;
#[cfg(not(loom))]
mod watchdog;
#[cfg(not(loom))]
mod workforce;

// The models are about these; the rest of their parents is none of their business.
#[cfg(loom)]
mod cell {
    mod shared;
    mod stage;
}
#[cfg(loom)]
mod scope {
    mod progress;
}
#[cfg(loom)]
pub mod strategy {
    #![doc(hidden)]
    pub use crate::parking::{Group, Order, Parking, Woken};
}

#[cfg(all(feature = "affinity", not(loom)))]
pub use crate::thread_pool::Pinning;
#[cfg(not(loom))]
pub use crate::{
    attributes::Attributes,
    cancel::{CancelToken, Cancelled, current_token},
    counts::{Counts, Stats},
    current::{Current, PoolId, current, job_name},
    error::{BuildError, JoinError, Panic, Reason, Rejected},
    ext::PoolExt,
    global::{global, set_global},
    group::{JoinSet, join_all, join_any},
    handle::JobHandle,
    hooks::{JobInfo, JobOutcome, PanicInfo},
    job::Job,
    pool::{Pool, PoolState, Shutdown},
    scope::{Scope, ScopedHandle},
    submit::{Priority, Submit},
    thread_pool::{Builder, Scaling, ThreadPool, Threads},
    timing::{Timing, Timings},
    watchdog::OverdueInfo,
    workforce::block_in_place,
};
#[doc(hidden)]
#[cfg(not(loom))]
pub use crate::{error::drop_quietly, off_cpu::CpuTime, os::current_cpu};
