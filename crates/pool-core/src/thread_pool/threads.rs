//! How many workers a pool is asked to have.

use std::fs;
use std::num::NonZeroUsize;

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
    /// One for each CPU that this process may use: for jobs that compute.
    pub fn cpu_bound() -> Self {
        Threads::for_each_cpu(1)
    }

    /// Two for each CPU: for jobs that also wait.
    pub fn io_bound() -> Self {
        Threads::for_each_cpu(2)
    }

    fn for_each_cpu(threads: usize) -> Self {
        Threads { count: threads * num_cpus::get(), per_cpu: Some(threads) }
    }

    /// The number.
    pub fn get(self) -> usize {
        self.count
    }

    /// The number that it would be without the limit of a container, which may be raised later.
    pub(super) fn at_most(self) -> usize {
        let unlimited = self.per_cpu.and_then(|threads| Some(threads * schedulable_cpus()?));
        self.count.max(unlimited.unwrap_or(0))
    }

    /// How many there are to be for each CPU of a container's limit.
    pub(super) fn per_cpu(self) -> usize {
        self.per_cpu.unwrap_or(1)
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

/// The CPUs that the process may be scheduled on, whatever share of them it has been given; on Linux.
fn schedulable_cpus() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    ones(status.lines().find_map(|line| line.strip_prefix("Cpus_allowed:"))?)
}

/// The set bits of a mask in hexadecimal digits, in groups.
fn ones(mask: &str) -> Option<usize> {
    let digits = mask.trim().chars().filter(|digit| *digit != ',');
    digits.map(|digit| Some(digit.to_digit(16)?.count_ones() as usize)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_a_bit_for_each_cpu() {
        assert_eq!(["\t3\n", "ffffffff,00000001", "0", "f g"].map(ones), [Some(2), Some(33), Some(0), None]);
    }

    #[test]
    fn without_a_limit_there_are_at_least_as_many() {
        assert!(Threads::io_bound().at_most() >= Threads::io_bound().get());
        assert_eq!((Threads::from(3).at_most(), Threads::from(3).per_cpu()), (3, 1));
        assert_eq!(Threads::io_bound().per_cpu(), 2);
    }
}
