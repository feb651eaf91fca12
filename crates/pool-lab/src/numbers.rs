//! Statistics, and how numbers are written.

pub mod stats;
pub mod units;
