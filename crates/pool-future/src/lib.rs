//! Futures on any thread pool.
//!
//! ```
//! use std::sync::Arc;
//! use pool_bounded::{Bounded, BoundedPool};
//! use pool_future::{spawn_future, yield_now};
//!
//! let pool = Arc::new(BoundedPool::with(Bounded::new(64)).threads(2).build()?);
//! let handle = spawn_future(&pool, async {
//!     yield_now().await;
//!     "polled twice"
//! })?;
//! // In async code: `handle.await`, in any executor.
//! assert_eq!(handle.join()?, "polled twice");
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! | | |
//! |---|---|
//! | [`spawn_future`], [`spawn_future_with`] | run a future on a pool, `Arc<dyn Pool>` or by its own type |
//! | [`FutureHandle`] | its output, to be awaited or joined; cancels, detaches |
//! | [`yield_now`] | lets a future make way |
//! | [`block_on`] | blocks on a future, in a job without taking a worker from the pool |
//!
//! This crate brings no timers and no sockets: those of async-io, or of a tokio runtime that is
//! [entered](https://docs.rs/tokio/latest/tokio/runtime/struct.Handle.html#method.enter), work in the futures. `examples/chat.rs` is a server
//! over async-io.
//!
//! # Each poll is a job
//!
//! It is counted, timed, and seen by hooks and observers as any job, with the priority, the queue and the name that the future was
//! spawned with. A future that waits is no job: it takes no place in the queue and no worker, and
//! [`wait_idle`](pool_core::Pool::wait_idle) does not wait for it. Wait for the handles.
//!
//! Spawning is a submission as any other: a full queue does with it what its policy says. A future that was taken is not turned away later:
//! when it is woken, its next job passes the limit of the queue and admission, never waits, and does not run on the thread that wakes it.
//! It is queued behind what others have queued, also in pool-stealing and on a worker, so that futures that wake each other keep nothing else
//! from running. While more futures are queued than the queue has room for, threads and tasks that wait for room wait for them.
//!
//! # When the pool does not go on
//!
//! A future is dropped, and then its handle says why ([`JoinError`](pool_core::JoinError)), when
//!
//! - it is [cancelled](FutureHandle::cancel), or has panicked: then the job counts as panicked. The payload is in the handle; that of a
//!   detached future goes to the pool's panic handler;
//! - the pool is closed. Polls that are queued still run, as any job; a future that is not ready then is dropped, and so is each that waits,
//!   by the thread that closes the pool: [`Unrun`](pool_core::JoinError::Unrun) with [`ShutDown`](pool_core::Reason::ShutDown). When
//!   `shutdown` has returned, all handles have ended, but for futures that another thread has just woken: see below;
//! - a queued poll is given up: by a policy that drops what is queued (`Overflow::DropOldest`, `Overflow::Shed` of pool-bounded), by a
//!   [token](pool_core::Attributes::token), or because `shutdown_now` gave it back and it was dropped: `Unrun` with that reason.
//!
//! So to end gracefully, let the futures end, and then shut the pool down.
//!
//! Under an adapter of another crate's pool, a poll is an ordinary submission, which a full queue may reject: then the future is
//! dropped, and its handle says so. Such a pool does not wake those that wait when it closes: they end when something else wakes them.
//!
//! No future is dropped inside a wake-up, as the thread that wakes may hold a lock that the future's destructor takes (event-listener's wake
//! so). One that is woken when its pool is closed is dropped by a thread started for that.
//!
//! # Costs
//!
//! Three allocations a future, one a poll, and a lock of the pool's when a future begins and ends. No unsafe code here:
//! [async-task](https://docs.rs/async-task) has it.

#![forbid(unsafe_code)]

mod block_on;
mod giving_up;
mod handle;
mod shared;
mod spawn;
mod yield_now;

pub use self::block_on::block_on;
pub use self::handle::FutureHandle;
pub use self::spawn::{spawn_future, spawn_future_with};
pub use self::yield_now::yield_now;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
