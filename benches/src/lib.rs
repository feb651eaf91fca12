//! The criterion harness has no library of its own.
