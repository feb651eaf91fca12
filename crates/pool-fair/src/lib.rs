//! A pool with named queues, each of which gets its share of the run time.
//!
//! One queue a tenant, or a kind of work. Queues that have jobs share the workers by *weight*, in the time that their jobs
//! run and not in their number: a queue of long jobs gets no more than one of short jobs. A queue that has no jobs leaves its share
//! to the others.
//!
//! ```
//! use pool_core::Attributes;
//! use pool_fair::{Fair, FairPool, Queue};
//!
//! let fair = Fair::new([
//!     Queue::new("web").weight(3),
//!     Queue::new("reports").limit(1_000).at_once(1),
//! ]);
//! let (web, reports) = (fair.id("web").unwrap(), fair.id("reports").unwrap());
//! let pool = FairPool::with(fair).threads(2).build()?;
//!
//! pool.execute_with(web, || println!("a page"))?;
//! // With the other attributes, and through `dyn Pool`, it is the same.
//! let total = pool.spawn_with(Attributes::new().queue(reports).name("totals"), || (1..=10).sum::<u32>())?;
//! assert_eq!(total.join()?, 55);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! A job that names no queue, or one that the pool has not, goes to the first. Each queue is first in, first out.
//!
//! # What keeps a burst from the others
//!
//! - Its share: however long a queue is, a job of another waits for what the workers run at the time, and for about one turn of the queues.
//! - [`Queue::limit`]: how many of its jobs may wait. More are refused with [`Reason::Full`](pool_core::Reason::Full), and the queues of
//!   others stay open. [`Submit::wait_at_most`](pool_core::Submit::wait_at_most) waits for room instead.
//! - [`Queue::at_once`]: how many of its jobs may run at once. No job is interrupted, so without it long jobs of one queue may
//!   hold all workers when a job of another comes.
//!
//! The [guide](pool_core::guide) shows how to do the common things on any pool: deadlines, timeouts, for_each, cancelling, scopes, panics,
//! graceful shutdown, async code. What differs here are tenants: one that submits too much is
//! refused alone.
//!
//! ```
//! use pool_core::Reason;
//! use pool_fair::{Fair, FairPool, Queue};
//!
//! let fair = Fair::new([Queue::new("free").limit(2), Queue::new("paying").weight(4)]);
//! let (free, paying) = (fair.id("free").unwrap(), fair.id("paying").unwrap());
//! let pool = FairPool::with(fair).threads(1).build()?;
//! pool.pause()?;
//! for _ in 0..2 {
//!     pool.execute_with(free, || println!("one of two that may wait"))?;
//! }
//! let refused = pool.execute_with(free, || println!("one too many")).unwrap_err();
//! assert_eq!(refused.reason(), Reason::Full);
//! pool.execute_with(paying, || println!("not concerned"))?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # The discipline
//!
//! Deficit round robin over run time. The queues that have jobs take turns. At its turn a queue gets credit,
//! [`Fair::quantum`] times its weight, and its jobs start while it has some. A start is charged with what the jobs of the queue took in the
//! mean lately, since other workers choose before it has ended; when the worker comes back, the charge is corrected to what the job has
//! taken. A queue in debt waits until the turns have paid for it. A queue that runs empty loses what credit it has, and keeps its debt.
//!
//! Time is what the job's closure took on the worker, by the system's clock or by [`Fair::clock`]. A job that waits, for a socket
//! or another job, is charged for it: it held the worker. What a waiting thread runs in place, and what goes to a given worker, is not charged.
//! Halves of joins and the jobs of scopes are led to by tickets, which have a queue of their own, of weight 1.
//!
//! # A job that waits in the midst of its run
//!
//! Where a job runs another in place while it waits (`help_one`, or a pool that [helps](pool_core::Helping)), the run time of the
//! outer job counts up to that moment only, and so does its place among those that run at once.
//!
//! # Costs
//!
//! One mutex over all queues. Push costs O(1); pop O(1) in the mean, and O(queues) when all that have jobs are in debt. Each pop reads the clock
//! once. A queued job takes 32 bytes; the room that a burst has left is given back after a second without need for it.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod channel;
mod clock;
mod fair;
mod queue;
mod scheduler;

pub use channel::{FairInlet, FairOutlet};
pub use fair::Fair;
pub use queue::Queue;

use pool_core::ThreadPool;

/// A pool of workers that are shared between queues by weight.
pub type FairPool = ThreadPool<Fair>;

/// The example of the README, so that `cargo test` runs it.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
