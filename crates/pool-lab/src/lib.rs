//! placeholder

pub mod machine;
pub mod record;
pub mod report;
pub mod results;
pub mod stats;
pub mod units;

#[cfg(test)]
mod scratch;
