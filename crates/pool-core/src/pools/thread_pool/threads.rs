//! How many workers a pool is asked to have.

use std::num::NonZeroUsize;
use std::thread;

use crate::os::cpu_set::CpuSet;
use crate::os::process_fork::without_forks;

/// How many workers a pool has.
///
/// ```
/// use pool_core::Threads;
/// assert_eq!(Threads::io_bound().get(), 2 * Threads::cpu_bound().get());
/// assert_eq!(Threads::from(3).get(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    count: usize,
    /// So many for each CPU, if that is what was asked for.
    per_cpu: Option<usize>,
}

impl Threads {
    /// One for each CPU that this process may use: for jobs that compute. Not only those that the calling thread may, if that is
    /// bound to some; and no more than the CPU limit of its container allows.
    pub fn cpu_bound() -> Self {
        Threads::for_each_cpu(1)
    }

    /// Two for each CPU: for jobs that also wait.
    pub fn io_bound() -> Self {
        Threads::for_each_cpu(2)
    }

    fn for_each_cpu(threads: usize) -> Self {
        Threads { count: threads * without_forks(process_cpus), per_cpu: Some(threads) }
    }

    /// The number.
    pub fn get(self) -> usize {
        self.count
    }

    /// The number that it would be without the limit of a container, which may be raised later.
    pub(crate) fn at_most(self) -> usize {
        let unlimited =
            self.per_cpu.and_then(|threads| Some(threads * CpuSet::of_process()?.0.cpus().count()));
        self.count.max(unlimited.unwrap_or(0))
    }

    /// How many there are to be for each CPU of a container's limit.
    pub(crate) fn per_cpu(self) -> usize {
        self.per_cpu.unwrap_or(1)
    }
}

/// How many CPUs the process may use, which may be fewer than there are in its set.
fn process_cpus() -> usize {
    match CpuSet::of_process() {
        // What is asked tells where the calling thread may run, so it takes one that is not bound.
        Some((cpus, false)) => {
            let count = || {
                cpus.move_here();
                num_cpus::get()
            };
            thread::scope(|scope| {
                let counted = thread::Builder::new().spawn_scoped(scope, count).map(|thread| thread.join());
                counted.ok().and_then(Result::ok).unwrap_or_else(|| cpus.cpus().count())
            })
        }
        Some((_, true)) | None => num_cpus::get(),
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::cpu_bound()
    }
}

impl From<usize> for Threads {
    fn from(threads: usize) -> Self {
        Threads { count: threads, per_cpu: None }
    }
}

impl From<NonZeroUsize> for Threads {
    fn from(threads: NonZeroUsize) -> Self {
        Threads::from(threads.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_there_are_at_least_as_many() {
        assert!(Threads::io_bound().at_most() >= Threads::io_bound().get());
        assert_eq!((Threads::from(3).at_most(), Threads::from(3).per_cpu()), (3, 1));
        assert_eq!(Threads::io_bound().per_cpu(), 2);
    }
}
