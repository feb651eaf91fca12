//! The bridge between a queue that outlives the process and a pool that does not: jobs are rows of a PostgreSQL table, and each
//! consumer runs as many of them as its pool has room for.
//!
//! - It **claims** with `FOR UPDATE SKIP LOCKED`, so consumers do not wait for each other, and takes a *lease*: no one else may claim
//!   the job until some moment, which the consumer puts off as long as it lives ([`Queue::renew`]).
//! - It **acknowledges**, by deleting the row, when the job's handle has succeeded.
//! - It **releases** at once what the pool rejected, and what has not started at a shutdown; and later, for another attempt, what
//!   panicked or returned an error. After [`Settings::attempts`] the row stays for a human to look at.
//! - A consumer that is **killed** releases nothing. Its leases run out.
//!
//! # What is promised
//!
//! *At least once.* A job whose row was committed is done, or stays in the table. It may be done twice: when the consumer dies, or
//! loses its connection, after the job has begun and before it is acknowledged. That concerns at most the jobs which ran or had just
//! run, as many as the pool has workers and a few; those that waited in its queue had not begun. So a job must bear being done twice. Where its
//! effect is a change in the same database, do that and the acknowledgement in one transaction: then it is done once.
//!
//! A consumer may also be taken for dead when it is not, say when its machine was suspended for longer than the lease. Each claim
//! has a number, and what a consumer does with an old one changes nothing ([`Tally::lost`]). The times are those of the database; the clocks of the
//! consumers do not matter.
//!
//! No order is promised.

#![forbid(unsafe_code)]

mod consumer;
mod queue;

pub use consumer::{Settings, Tally, consume};
pub use queue::{Claim, Queue};
