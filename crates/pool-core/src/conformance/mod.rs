//! The contract tests: what [`Pool`](crate::Pool) promises, checked on any pool.
//!
//! Every strategy crate runs the suite in one test target, and so does every adapter of somebody else's pool, for what
//! it claims to keep. The target brings no harness of its own:
//!
//! ```toml
//! [dev-dependencies]
//! pool-core = { workspace = true, features = ["conformance"] }
//!
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! and its `main` names the pools to be tested:
//!
//! ```no_run
//! use std::process::ExitCode;
//! use pool_core::strategy::Strategy;
//! use pool_core::conformance::{self, Claim, Subject};
//!
//! fn suite<S: Strategy + Default>() -> ExitCode {
//!     conformance::main([Subject::strategy("mine", S::default).claiming(&[Claim::Fifo])])
//! }
//! ```
//!
//! Each case of each subject is a test of its own to `cargo test` and `cargo nextest`, named
//! `<subject>::<theme>::<case>`. A case that needs what a subject does not claim is reported as ignored, with what is
//! missing. A case that hangs fails after a minute, and says so; no case sleeps to wait for something, and none
//! looks at how long anything took.
//!
//! What a strategy owes to the pool is checked first, on its channel alone. If it breaks one of these rules (a pop that
//! ignores its time limit, a drop of the inlet that wakes nobody), the cases that need a pool are not run, and fail with the
//! rule.
//!
//! - [`Subject`]: the pool under test, how to build it, and what it [`Claim`]s
//! - [`Case`]: one test; [`cases`] lists them all
//! - one module for each theme

mod case;
mod run;
mod subject;
mod tools;

mod attributes;
mod broadcasting;
mod cancelling;
mod captures;
mod closures;
mod counting;
mod discipline;
mod dynamic;
mod empty;
mod ending;
mod forking;
mod futures;
mod groups;
mod handles;
mod hooks;
mod in_place;
mod job_hooks;
mod job_names;
mod lifecycle;
mod limit;
mod loss;
mod numbers;
mod order;
mod overdue;
mod panics;
mod rejection;
mod scopes;
mod shutdown;
mod shutdown_now;
mod static_path;
mod threads;
mod timing;
mod token_waits;
mod visibility;
mod waiting;
mod workforce;

pub use self::case::{Case, cases};
pub use self::run::{main, run};
pub use self::subject::{Claim, Setup, Subject};
