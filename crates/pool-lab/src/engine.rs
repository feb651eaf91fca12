//! What an engine is: a thread pool (ours, a peer's, or a baseline) as a user of it would drive it.
//!
//! What an engine can do it says by the traits that it implements: [`Jobs`], [`Survives`], [`Handles`], [`Joins`],
//! [`Scopes`], [`Loops`], all on top of [`Start`]. Workloads are written once over these traits, and the compiler makes each pair of
//! engine and workload, so that every engine runs on its own static path: a peer's job is boxed only where the peer itself
//! boxes it. The engines themselves, and their table, are in [`crate::engines`].

pub(crate) mod adapter;
pub(crate) mod any;
mod description;
mod program;
pub mod settings;
mod spec;
pub(crate) mod table;
mod traits;
pub(crate) mod version;
mod watcher;

pub use any::{AnyContext, AnyJobs, AnyJoins, AnyScopes};
pub use description::{Capabilities, Engine, Kind, MadeOf, Need};
pub use program::{NOT_INSTALLED, Program};
pub use spec::{MAX_THREADS, Spec, SpecError};
pub use table::TableError;
pub(crate) use traits::check_threads;
pub use traits::{Handles, IsPool, Jobs, Joins, Loops, Scopes, Start, Survives, UnderRayon};
pub use watcher::{Ran, Watcher};
