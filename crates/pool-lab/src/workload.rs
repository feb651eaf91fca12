//! What a workload is, and what workloads are written with.
//!
//! A workload is written once, under [`crate::workloads`], over the traits that say what an engine can do, and runs on
//! every engine that can do it. It checks the answer of every iteration.

mod about;
pub(crate) mod batch;
mod case;
pub(crate) mod effort;
mod failure;
mod family;
pub(crate) mod grain;
mod not_started;
pub(crate) mod open_loop;
pub(crate) mod program;
mod tally;
mod task;
mod traits;
pub(crate) mod tree;
mod watch;

pub use about::{About, Counted};
pub(crate) use case::Binding;
pub use case::{Case, CaseError};
pub use failure::{Failure, check};
pub use family::{FAMILIES, Family};
pub(crate) use not_started::NotStarted;
pub use tally::{Lease, Tally};
pub use task::{Task, TaskError};
pub(crate) use traits::{LONG, WARM_UP};
pub use traits::{Outline, Prepare, Workload};
pub use watch::Watch;
