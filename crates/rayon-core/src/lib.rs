//! The API of rayon-core 1.13 on the pools of this workspace. An unmodified rayon, and the programs that use it, run on them:
//!
//! ```toml
//! [patch.crates-io]
//! rayon-core = { path = "../thread-pools/crates/rayon-core" }
//! ```
//!
//! `RAYON_POOL=stealing:4` chooses the pool: see [`PoolSpec`]. It holds for all pools of the program, the global one included, but for those that
//! the program chooses itself, by [`ThreadPoolBuilder::pool`]. The number of workers is the first that is said of these:
//! the builder's [`num_threads`](ThreadPoolBuilder::num_threads), that of the `PoolSpec`, `RAYON_NUM_THREADS`, one for each CPU. So
//! `RAYON_POOL=stealing:4` does not change the number of a pool whose size the program says.
//!
//! # How to see which pool a program runs on
//!
//! Threads to which the program gives no name are called after their pool, `stealing-0`, `stealing-1`: so `ps -T -p PID` and
//! `top -H` show them, and a debugger, and the message of a panic. In code, `{:?}` of a [`ThreadPool`] has the whole specification,
//! `ThreadPool { pool: "stealing:4", num_threads: 4, .. }`, and `std::thread::current().name()` in a job tells it of the global pool.
//! `RAYON_POOL=none` is an error on these pools, and nothing to a program that runs on rayon-core after all.
//!
//! # What differs from rayon-core
//!
//! | | rayon-core | here |
//! |---|---|---|
//! | a panic in [`spawn`] without a panic handler | aborts the process | is printed and counted, and the worker goes on |
//! | jobs of scopes, in what order | those of all scopes of a worker, and what it spawned, on one deque | those of the scope that is waited for first; each scope has a queue of its own, the newest first, or the oldest in a [`ScopeFifo`] |
//! | [`Scope::spawn_broadcast`] | a job on every worker | a job that broadcasts |
//! | `help=no` | | a waiter runs what it waits for and nothing else: no deadlock under a lock that is held across a `join` (rayon's issues 592 and 1174), no stack overflow by nested steals (854 and 751); but jobs that wait for each other by other means may do so for ever |
//! | pools other than stealing | | jobs that a worker spawns run in the order of the pool's queue; [`yield_local`] and `current_thread_has_pending_tasks` know no jobs of a worker's own |
//! | threads without a name of the program's | have none | are called after the pool, `stealing-0`; in a spawn handler [`ThreadBuilder::name`] is `None`, as there |
//!
//! The tests in `tests/differences.rs` and `tests/waiting.rs` show these. `tests/suite.sh` runs the tests of rayon and of rayon-core,
//! unmodified. All 333 of rayon 1.12.0 pass on stealing with 1, 2 and 4 workers, and on bounded, mpsc and priority with 4. Of the 112 of
//! rayon-core 1.13.0, 108 pass on stealing with 1, 2 and 4 workers, and 102 on bounded, mpsc, priority and fair
//! with 4. The four that fail everywhere are `mixed_*_order` of scopes, for the order above; the six others are those of the order in
//! which spawned jobs run: five of `spawn`, and `spawn_lifo_order` of pools. `tests/real.sh` builds programs from crates.io with rayon-core
//! and with this, which `pool-lab measure -w real` compares.
//!
//! # Where the unsafe code is
//!
//! In `wrapped`: a reference to a scope of pool-core's becomes one to the scope of this crate, which has the same layout.

mod any_pool;
mod broadcast;
mod builder;
mod configuration;
mod error;
mod join;
mod registry;
mod scope;
mod spawn;
mod spec;
mod spec_error;
mod thread_pool;
mod threads;
mod worker;
mod wrapped;

pub use crate::broadcast::{BroadcastContext, broadcast, spawn_broadcast};
pub use crate::builder::ThreadPoolBuilder;
#[allow(deprecated)]
pub use crate::configuration::{Configuration, initialize};
pub use crate::error::ThreadPoolBuildError;
pub use crate::join::{FnContext, join, join_context};
pub use crate::scope::{Scope, ScopeFifo, in_place_scope, in_place_scope_fifo, scope, scope_fifo};
pub use crate::spawn::{spawn, spawn_fifo};
pub use crate::spec::PoolSpec;
pub use crate::spec_error::SpecError;
pub use crate::thread_pool::ThreadPool;
pub use crate::threads::ThreadBuilder;
pub use crate::worker::{
    Yield, current_num_threads, current_thread_has_pending_tasks, current_thread_index, max_num_threads,
    yield_local, yield_now,
};
