//! The statistics behind what is measured, and how numbers are written.

pub mod blocks;
pub mod modes;
mod pooled;
pub mod stats;
mod student;
pub mod units;
pub mod verdict;
