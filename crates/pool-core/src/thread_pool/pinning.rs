//! Binding workers to CPUs (feature `affinity`).

use core_affinity::CoreId;

use crate::BuildError;

/// Which CPU each worker stays on.
///
/// A bound worker finds its caches warm, but has to wait for its CPU while others are free. It pays for long computations
/// on a machine of one's own; on a shared one the system's scheduler knows better.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pinning {
    /// None: the system decides.
    #[default]
    None,
    /// Worker n on the n-th CPU that the thread which builds the pool may use, and from the first again when there are more workers.
    RoundRobin,
    /// Worker n on the n-th of these, by the numbers that the system gives them, and from the first again. The thread
    /// that builds the pool must be allowed there.
    Cpus(Vec<usize>),
}

impl Pinning {
    /// The CPUs that workers take turns over; none if they are not bound.
    pub(super) fn cpus(&self) -> Result<Vec<CoreId>, BuildError> {
        let allowed = || core_affinity::get_core_ids().unwrap_or_default();
        match self {
            Pinning::None => Ok(Vec::new()),
            Pinning::RoundRobin => Ok(allowed()),
            Pinning::Cpus(wanted) => {
                let allowed = allowed();
                let find = |id: &usize| allowed.iter().find(|cpu| cpu.id == *id).copied();
                wanted.iter().map(|id| find(id).ok_or(BuildError::Cpu(*id))).collect()
            }
        }
    }
}

/// Binds the calling thread, which is this worker. Where the system does not allow it, the worker runs anywhere.
pub(super) fn bind(cpus: &[CoreId], worker: usize) {
    if !cpus.is_empty() {
        core_affinity::set_for_current(cpus[worker % cpus.len()]);
    }
}
