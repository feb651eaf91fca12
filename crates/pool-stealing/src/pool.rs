//! The strategy: how jobs come in and go out.

pub(crate) mod global;
pub(crate) mod helper;
pub(crate) mod inlet;
pub(crate) mod outlet;
pub(crate) mod strategy;
pub(crate) mod taking;
