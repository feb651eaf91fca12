//! placeholder

pub mod record;
pub mod stats;
pub mod units;

#[cfg(test)]
mod scratch;
