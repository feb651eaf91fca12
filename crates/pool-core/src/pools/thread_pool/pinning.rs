//! Binding workers to CPUs (feature `affinity`).

use core_affinity::CoreId;

use crate::BuildError;
use crate::os::cpu_set::CpuSet;

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
    /// Worker n on the n-th CPU that the process may use, and from the first again when there are more workers. See
    /// [`Builder::pin`](crate::Builder::pin) for which these are.
    RoundRobin,
    /// Worker n on the n-th of these, by the numbers that the system gives them, and from the first again. The process
    /// must be allowed there.
    Cpus(Vec<usize>),
}

impl Pinning {
    /// The CPUs that workers take turns over, of those that the process may use; none if they are not bound.
    pub(super) fn cpus(&self, process: Option<&CpuSet>) -> Result<Vec<CoreId>, BuildError> {
        let allowed = || match process {
            Some(process) => process.cpus().map(|id| CoreId { id }).collect(),
            None => core_affinity::get_core_ids().unwrap_or_default(),
        };
        match self {
            Pinning::None => Ok(Vec::new()),
            Pinning::RoundRobin => Ok(allowed()),
            Pinning::Cpus(wanted) => {
                let allowed: Vec<CoreId> = allowed();
                let find = |id: &usize| allowed.iter().find(|cpu| cpu.id == *id).copied();
                wanted.iter().map(|id| find(id).ok_or(BuildError::Cpu(*id))).collect()
            }
        }
    }
}

/// Where the pool's threads run that are no workers, or cannot be bound.
pub(super) fn set_of(cpus: &[CoreId], process: Option<CpuSet>) -> Option<CpuSet> {
    let bound = || CpuSet::of(cpus.iter().map(|cpu| cpu.id));
    process.map(|process| if cpus.is_empty() { process } else { bound() })
}

/// Binds the calling thread, which is this worker. Where the system does not allow it, the worker runs anywhere.
pub(super) fn bind(cpus: &[CoreId], worker: usize) {
    if !cpus.is_empty() {
        core_affinity::set_for_current(cpus[worker % cpus.len()]);
    }
}
