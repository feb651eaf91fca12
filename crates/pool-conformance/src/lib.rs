//! The contract tests: what [`Pool`](pool_core::Pool) promises, checked on any pool.
//!
//! Every strategy crate runs the suite in one test target, and so does every adapter of somebody else's pool, for what
//! it claims to keep. The target brings no harness of its own:
//!
//! ```toml
//! [dev-dependencies]
//! pool-conformance.workspace = true
//!
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! and its `main` names the pools to be tested. The suite builds the pools of a strategy with
//! [`ThreadPool::with`](pool_core::ThreadPool::with). Such a subject claims everything but [`Claim::Fifo`] unless its target says
//! otherwise:
//!
//! ```no_run
//! use std::process::ExitCode;
//! use pool_conformance::{Claim, Subject};
//! use pool_mpsc::Mpsc;
//!
//! fn main() -> ExitCode {
//!     pool_conformance::main([Subject::strategy("mpsc", Mpsc::new).claiming(&[Claim::Fifo])])
//! }
//! ```
//!
//! An adapter, or any other pool, claims nothing until its target says so. [`run`] is for programs and for tests with a
//! harness:
//!
//! ```
//! use std::sync::Arc;
//! use pool_conformance::{Claim, Subject};
//! use pool_mpsc::MpscPool;
//!
//! let build = |threads| Arc::new(MpscPool::builder().threads(threads).build().unwrap()) as _;
//! let subject = Subject::pool("adapted", build).claiming(&[Claim::Parallel, Claim::Fifo, Claim::Panics]);
//! let skipped = pool_conformance::run(&subject).expect("it keeps what it claims");
//! assert!(skipped.contains(&"hooks::settings_that_make_no_sense_are_errors: not claimed: Hooks".to_owned()));
//! ```
//!
//! Each case of each subject is a test of its own to `cargo test` and `cargo nextest`, named
//! `<subject>::<theme>::<case>`. A case that needs what a subject does not claim is reported as ignored, with what is
//! missing. A case that hangs fails after a minute, and says so; no case sleeps to wait for something, and none
//! looks at how long anything took. The races of `ending` have few rounds; the environment variable
//! `POOL_CONFORMANCE_ROUNDS` sets another number.
//!
//! What a strategy owes to the pool is checked first, on its channel alone. If it breaks one of these rules (a pop that
//! ignores its time limit, a drop of the inlet that wakes nobody), the cases that need a pool are not run, and fail with the
//! rule.
//!
//! - [`Subject`]: the pool under test, how to build it, and what it [`Claim`]s
//! - [`Case`]: one test; [`cases`] lists those that run on any pool, in the sources a file for each theme

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod case;
mod cases;
mod run;
mod subject;
mod tools;

pub use self::case::Case;
pub use self::cases::cases;
pub use self::run::{main, run};
pub use self::subject::{Claim, Setup, Subject};

/// The example of the README, so that `cargo test` runs it.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
