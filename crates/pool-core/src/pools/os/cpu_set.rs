//! Which CPUs the threads of a pool may run on.
//!
//! A new thread may run where the thread may that starts it. That is right for few pools: workers are started by whoever
//! resizes the pool, submits to one that scales, or was a worker itself, and that thread may be bound to one CPU. So a pool
//! has one set of CPUs, found when it is built, and each of its threads that is started elsewhere moves there.
//!
//! It is the process's set: what the process's main thread may run on, together with what the thread that builds the pool may.
//! The main thread's is what a process was started with (by `taskset`, a container's cpuset, a service manager) as long as
//! nobody binds that thread. A program that does can still build its pools on a thread that may run everywhere, and
//! gets all of that. What remains is a program that binds its main thread, and builds a pool there: on Linux that cannot be
//! told from a process that was started so, and the pool keeps to it.
//!
//! All of this is for Linux. Elsewhere threads run where the system has them run.

use crate::os::{self, CpuBits};

/// A set of CPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CpuSet(CpuBits);

impl CpuSet {
    /// The process's set, and whether it is the calling thread's. `None` where it cannot be found out.
    pub(crate) fn of_process() -> Option<(CpuSet, bool)> {
        let process = os::main_thread_cpus()?;
        let caller = os::thread_cpus()?;
        let mut both = process;
        both.iter_mut().zip(caller).for_each(|(word, more)| *word |= more);
        Some((CpuSet(both), both == caller))
    }

    /// Those of these that can be in a set.
    #[cfg(feature = "affinity")]
    pub(crate) fn of(cpus: impl Iterator<Item = usize>) -> CpuSet {
        let mut bits = CpuBits::default();
        for cpu in cpus {
            if let Some(word) = bits.get_mut(cpu / os::CPU_WORD) {
                *word |= 1 << (cpu % os::CPU_WORD);
            }
        }
        CpuSet(bits)
    }

    /// The numbers of the CPUs, ascending.
    pub(crate) fn cpus(&self) -> impl Iterator<Item = usize> {
        let has = |cpu: &usize| self.0[cpu / os::CPU_WORD] >> (cpu % os::CPU_WORD) & 1 == 1;
        (0..self.0.len() * os::CPU_WORD).filter(has)
    }

    /// Has the calling thread run on these, unless it does already. Where the system does not allow it, the thread runs
    /// where it did.
    pub(crate) fn move_here(&self) {
        if os::thread_cpus().is_some_and(|cpus| cpus != self.0) {
            os::set_thread_cpus(&self.0);
        }
    }
}

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_that_is_bound_knows_the_process_s_set_and_moves_there() {
        let (process, is_callers) = CpuSet::of_process().unwrap();
        assert!(is_callers, "nobody binds the threads of tests");
        assert!((1..=1024).contains(&process.cpus().count()));
        thread::spawn(move || {
            let first = process.cpus().next().unwrap();
            let mut alone = CpuSet(CpuBits::default());
            alone.0[first / os::CPU_WORD] = 1 << (first % os::CPU_WORD);
            alone.move_here();
            assert_eq!(os::thread_cpus(), Some(alone.0));
            let is_whole = process.cpus().count() == 1;
            assert_eq!(CpuSet::of_process(), Some((process, is_whole)));
            // One that it starts inherits that, and moves.
            thread::spawn(move || {
                assert_eq!(os::thread_cpus(), Some(alone.0));
                process.move_here();
                assert_eq!(os::thread_cpus(), Some(process.0));
            })
            .join()
            .unwrap();
        })
        .join()
        .unwrap();
    }

    #[test]
    fn where_no_cpu_is_a_thread_stays_where_it_was() {
        let before = os::thread_cpus();
        CpuSet(CpuBits::default()).move_here();
        assert_eq!(os::thread_cpus(), before);
    }
}
