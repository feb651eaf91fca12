//! Engines that are programs of other languages, in processes of their own.
//!
//! A [`Process`] speaks the protocol of `external/README.md`; `build` makes the program from its source when it is first
//! needed; [`case`] is such an engine with a workload, for the rounds of a measurement. A process that ends or falls silent is
//! an error of its engine, and nothing waits for it longer than [`PATIENCE`].

mod build;
mod case;
mod process;

pub use build::{BuildError, ready};
pub use case::{PATIENCE, case, open};
pub use process::{Done, Process, ProcessError};
