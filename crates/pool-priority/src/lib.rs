//! A pool that takes urgent jobs first, and is fair to the rest.
//!
//! Up to 64 levels, each first in, first out. The most urgent level that has a job goes first, and *aging* keeps a flood of
//! urgent jobs from starving the others: at most K jobs pass a level that waits ([`Levels::aging`]).
//!
//! ```
//! use pool_core::Priority;
//! use pool_priority::PriorityPool;
//! use std::sync::mpsc;
//!
//! let pool = PriorityPool::builder().threads(1).build()?;
//! let (say, said) = mpsc::channel();
//! let (release, released) = mpsc::channel::<()>();
//! pool.execute(move || released.recv().unwrap())?; // keeps the worker busy while the others queue
//! for (priority, word) in [(Priority::IDLE, "later"), (Priority::URGENT, "first"), (Priority::NORMAL, "then")] {
//!     let say = say.clone();
//!     pool.execute_with(priority, move || say.send(word).unwrap())?;
//! }
//! release.send(())?;
//! let _ = pool.shutdown();
//! drop(say);
//! assert_eq!(said.iter().collect::<Vec<_>>(), ["first", "then", "later"]);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! A job that is running is never interrupted: how long an urgent job waits while all workers are busy is set by the
//! length of the jobs that they run. Two things help. [`Levels::express`] keeps a worker free for the top levels, and
//! a long job may ask whether something more urgent waits ([`Urgency`](pool_core::strategy::Urgency)).
//!
//! A job that a thread comes to wait for can be boosted: [`JobHandle::boost`](pool_core::JobHandle::boost). It then lies
//! at both levels, and a worker that takes the second of its tickets finds nothing to do.
//!
//! The [guide](pool_core::guide) shows how to do the common things on any pool: deadlines, timeouts, for_each, cancelling, scopes, panics,
//! graceful shutdown, async code. What differs here are priorities: of jobs, and of those who wait.
//!
//! ```
//! use pool_core::{Attributes, Priority};
//! use pool_priority::{Levels, PriorityPool};
//!
//! // Four levels, the first of which has a worker to itself.
//! let pool = PriorityPool::with(Levels::new(4).express(1, 1)).threads(2).build()?;
//! let report = pool.spawn_with(Attributes::new().priority(Priority::IDLE).name("report"), || "a long report")?;
//! // No user waited for it, but now one does.
//! assert_eq!(report.join_with(Priority::URGENT)?, "a long report");
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # The discipline
//!
//! One mutex over a queue for each level and a bitmap of the levels that have jobs; the lowest set bit is the most urgent
//! level. Push costs O(1); pop O(1), and O(waiting levels) where several levels wait and aging is on.
//!
//! # Memory
//!
//! A queued job takes 32 bytes, and a level grows by doubling. The room that a burst has left is given back by a worker that
//! has waited for one second: after 3,000,000 jobs in one level, 128 MiB at once, and none of it at rest (measured;
//! `pool-lab/tests/kept.rs` counts it). A level keeps room for 1,024 jobs, 32 KiB, for good.
//!
//! # Waking
//!
//! The pool wakes a worker for a job as it does for every strategy. Express workers ([`Levels::express`]) park apart, for a job
//! that is not for them must not wake them in place of another: a push wakes one of them if the job is for it, and a regular
//! worker if none of them sleeps. An express worker takes everything while no regular worker is there; when the last
//! of those leaves or turns to other work, it wakes one, and each that takes a job then wakes the next if there are more.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod level_queue;
mod levels;
mod queue;

pub use levels::Levels;
pub use queue::{PriorityInlet, PriorityOutlet};

use pool_core::ThreadPool;

/// A pool of workers that take the most urgent job.
pub type PriorityPool = ThreadPool<Levels>;

/// The example of the README, so that `cargo test` runs it.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
