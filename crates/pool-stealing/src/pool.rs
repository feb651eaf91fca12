//! The pool around the protocols; loom's models [have one of their own](crate), without jobs.

pub(crate) mod channel;
pub(crate) mod current_worker;
pub(crate) mod global;
pub(crate) mod inlet;
pub(crate) mod outlet;
pub(crate) mod strategy;
pub(crate) mod worker_queues;
