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
//! A job that somebody comes to wait for can be raised: [`JobHandle::raise`](pool_core::JobHandle::raise). It then lies
//! at both levels, and whoever comes across the second of its tickets finds nothing to do.
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
//! Waking a worker at each push would cost more than the job: a thread that is woken first runs into the lock that the
//! submitter holds, and then finds the queue taken care of by others. So at most one worker is on its way at a time.
//! Under the mutex there is written: how many workers sleep, whether one of them has been called, and whether a worker
//! *searches*: it has found nothing and looks out for a microsecond or two before it sleeps, one at a time.
//!
//! - push: if somebody sleeps, nobody has been called and nobody searches, call one.
//! - a worker that wakes is no longer called, and one that has taken the mutex again no longer searches; it takes a job, and
//!   if jobs remain and others sleep, calls the next.
//! - a worker sleeps only when there is no job.
//!
//! No job is left lying while a worker sleeps: when a push calls nobody because somebody has been called or searches,
//! that one has still to take the mutex, sees the job, and calls the next if there is more. A wake-up without a call (condition
//! variables may) only means that two are on their way.
//!
//! Express workers ([`Levels::express`]) sleep apart, for a job that is not for them must not wake them in place of another.
//! The rule stays: one on its way at a time, of either kind, and an express worker is called first when it can
//! take something. It may come and find that what it was called for is taken, while a job that is not for it waits whose push
//! called nobody, since somebody was on the way. So it passes the call on before it sleeps again. An
//! express worker takes everything while no regular worker is there; when the last of them leaves, it calls.

#![forbid(unsafe_code)]

mod levels;
mod queue;
mod shelves;

pub use levels::Levels;
pub use queue::{Counter, Window};

use pool_core::ThreadPool;

/// A pool of workers that take the most urgent job.
pub type PriorityPool = ThreadPool<Levels>;
