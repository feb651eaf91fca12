//! What the criterion harness is asked for.

pub mod arguments;
