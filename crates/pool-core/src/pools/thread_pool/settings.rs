//! What a pool's workers need to know of how it was built. It never changes.

use std::time::Duration;

use super::spawning::{SpawnHandler, ThreadNames};
use crate::Helping;
use crate::observe::hooks::WorkerHook;
use crate::os::cpu_limit::Follower;
use crate::os::cpu_set::CpuSet;

#[derive(Default)]
pub(super) struct Settings {
    pub(super) stack_size: Option<usize>,
    /// Where its threads run, whichever thread starts them.
    pub(super) cpu_set: Option<CpuSet>,
    /// Where each worker stays.
    #[cfg(feature = "affinity")]
    pub(super) cpus: Vec<core_affinity::CoreId>,
    pub(super) spawn_handler: SpawnHandler,
    pub(super) thread_names: ThreadNames,
    pub(super) on_start: WorkerHook,
    pub(super) on_stop: WorkerHook,
    /// What a worker runs while it waits in the midst of a job.
    pub(super) helping: Helping,
    /// The pool grows and shrinks by itself.
    pub(super) scales: bool,
    /// It may do without any worker.
    pub(super) may_be_empty: bool,
    /// How long a worker of such a pool waits for work before it leaves.
    pub(super) keep_alive: Duration,
    /// A job that waited for longer than this shows that workers are missing.
    pub(super) queue_wait: Option<Duration>,
    /// Notices that the CPU limit has changed.
    pub(super) cpu_limit: Option<Follower>,
    /// How many workers there are unless the CPU limit is stricter, and for each CPU of that limit.
    pub(super) threads: usize,
    pub(super) threads_per_cpu: usize,
}
