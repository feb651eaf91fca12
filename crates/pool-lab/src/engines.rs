//! The engines, one file each. The table is in [`crate::engine`].

pub(crate) mod async_executor;
pub(crate) mod bounded;
pub(crate) mod channel_naive;
pub(crate) mod chili;
pub(crate) mod dynamic;
pub(crate) mod futex;
pub(crate) mod greedy_model;
pub(crate) mod mpsc;
pub(crate) mod mpsc_naive;
mod ours;
pub(crate) mod priority;
pub(crate) mod rayon;
pub(crate) mod rusty_pool;
pub(crate) mod serial;
pub(crate) mod serial_call;
pub(crate) mod stealing;
pub(crate) mod stealing_worker;
pub(crate) mod thread_per_job;
pub(crate) mod threadpool;
pub(crate) mod threads_bare;
pub(crate) mod tokio;
pub(crate) mod tokio_blocking;
