//! The operating system: what the process has used, signals, files, the terminal.

mod alloc;
pub(crate) mod apart;
pub(crate) mod crash;
pub(crate) mod disk;
pub(crate) mod disturbance;
pub(crate) mod footprint;
pub mod interrupt;
pub(crate) mod os;
pub mod progress;
#[cfg(test)]
pub(crate) mod scratch;
mod stderr;
pub mod terminal;

pub use alloc::Counting;
pub(crate) use alloc::allocations;
