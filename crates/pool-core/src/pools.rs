//! Everything but the [protocols](crate::sync), which loom checks without it.
//!
//! | room | what is in it |
//! |---|---|
//! | `job` | a closure without its type, the claimable task, what a job finds where it runs, how a pool accounts for jobs |
//! | `observe` | counters and their snapshots, timing, hooks, the watchdog, admission |
//! | `os` | system calls, forks of the process, CPU sets and limits |
//! | `thread_pool` | workers, how they come and go, mailboxes, how a pool is built and ends |
//!
//! The other files are what a user meets by name. `job`, `observe`, `os` and [`sync`](crate::sync) know nothing of `thread_pool`.

// What a program uses.
pub(crate) mod attributes;
pub(crate) mod block_on;
pub(crate) mod blocking;
pub(crate) mod broadcast;
pub(crate) mod cancel;
pub(crate) mod current;
pub mod error;
pub(crate) mod ext;
pub(crate) mod global;
pub(crate) mod group;
pub(crate) mod handle;
pub(crate) mod help;
pub(crate) mod helping;
pub(crate) mod join;
pub(crate) mod lend;
pub(crate) mod loops;
pub(crate) mod name;
pub(crate) mod order;
pub(crate) mod outcome;
pub(crate) mod panic;
pub(crate) mod panic_location;
pub(crate) mod pool;
pub mod reentry;
pub(crate) mod scope;
pub(crate) mod spawn_async;
pub(crate) mod spawn_error;
pub mod stats;
pub(crate) mod submit;
pub(crate) mod timer;
pub(crate) mod unsupported;
pub(crate) mod urgency;
pub(crate) mod worker_local;

// What strategies and adapters are made of.
pub mod adapter;
#[cfg(test)]
pub(crate) mod fifo;
pub(crate) mod search;
pub(crate) mod shrink;
pub mod strategy;
#[doc(hidden)]
pub mod testing;

// The rooms.
pub(crate) mod job;
pub(crate) mod observe;
#[doc(hidden)]
pub mod os;
pub(crate) mod thread_pool;

#[cfg(feature = "affinity")]
pub use self::thread_pool::Pinning;
pub use self::{
    attributes::Attributes,
    blocking::block_in_place,
    cancel::{CancelToken, Cancelled, current_token},
    current::{Current, PoolId, current, job_name},
    error::BuildError,
    ext::PoolExt,
    global::{global, set_global},
    group::{JoinSet, join_all, join_any},
    handle::JobHandle,
    help::{help_one, help_own},
    helping::Helping,
    job::Job,
    job::rejected::Rejected,
    observe::hooks::{JobInfo, JobOutcome, PanicInfo},
    observe::metrics::Metrics,
    observe::observer::Observer,
    observe::stats::{Counts, Stats},
    observe::timing::{Timing, Timings},
    observe::watchdog::OverdueInfo,
    order::JobOrder,
    outcome::{JoinError, Reason},
    panic::Panic,
    pool::{Pool, PoolState, Shutdown},
    scope::{MapOrdered, Scope, ScopedHandle, SharedScope},
    spawn_async::SpawnAsync,
    spawn_error::SpawnError,
    submit::{Priority, QueueId, Submit},
    thread_pool::{Builder, Scaling, ThreadPool, Threads, WorkerThread},
    timer::Timer,
    worker_local::WorkerLocal,
};
#[doc(hidden)]
pub use self::{os::cpu_time::CpuTime, os::current_cpu, panic::drop_quietly};
