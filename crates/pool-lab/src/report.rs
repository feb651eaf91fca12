//! Reports.
#[cfg(test)]
mod invented;
mod model;
mod ranking;
