//! Which levels of urgency have jobs that wait, for those who only look.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::Priority;

/// Tells whether something urgent waits. Clones look at the same pool.
///
/// From [`Pool::urgency`](crate::Pool::urgency). A long job of low priority takes one along and looks now and then: if
/// something more urgent waits, it may submit the rest of itself anew and return.
///
/// ```
/// # use pool_core::{Pool, PoolExt, Priority, Rejected};
/// # use std::sync::Arc;
/// fn index(pool: &Arc<dyn Pool>, mut pages: Vec<String>) -> Result<(), Rejected> {
///     let urgency = pool.urgency().clone();
///     pool.execute_with(Priority::IDLE, move || {
///         while let Some(page) = pages.pop() {
///             if urgency.waits_above(Priority::IDLE) {
///                 println!("{page} and the rest another time");
///                 return;
///             }
///         }
///     })
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Urgency(Arc<Waiting>);

#[derive(Debug)]
struct Waiting {
    levels: usize,
    /// Bit n is set if level n has a job.
    bits: AtomicU64,
}

impl Urgency {
    /// For a strategy with this many levels, from 1 to 64, over which the steps of [`Priority`] are divided evenly.
    ///
    /// # Panics
    ///
    /// If there are none, or more than 64.
    pub fn of_levels(levels: usize) -> Self {
        assert!((1..=Priority::STEPS).contains(&levels), "1 to 64 levels, not {levels}");
        Urgency(Arc::new(Waiting { levels, bits: AtomicU64::new(0) }))
    }

    /// How many levels the pool has; one if it has none to speak of.
    pub fn levels(&self) -> usize {
        self.0.levels
    }

    /// The level of this priority, 0 being the most urgent.
    pub fn level_of(&self, priority: Priority) -> usize {
        priority.step() * self.0.levels / Priority::STEPS
    }

    /// For the strategy: these levels have jobs, level n being bit n.
    pub fn note(&self, levels: u64) {
        self.0.bits.store(levels, Relaxed);
    }

    /// Whether a job of any level waits.
    pub fn waits(&self) -> bool {
        self.0.bits.load(Relaxed) != 0
    }

    /// Whether a job waits whose level is more urgent than this one. Never so in a pool without levels.
    ///
    /// One load of a cache line that changes with each job. It may be a moment behind.
    pub fn waits_above(&self, than: Priority) -> bool {
        let above = (1_u64 << self.level_of(than)) - 1;
        self.0.bits.load(Relaxed) & above != 0
    }
}

impl Default for Urgency {
    /// Of a pool without levels.
    fn default() -> Self {
        Self::of_levels(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_more_urgent_level_is_above() {
        let urgency = Urgency::of_levels(2);
        let steps = |step| Priority::new(step).unwrap();
        urgency.note(0b01);
        assert!(urgency.waits());
        assert!([32, 63].map(steps).into_iter().all(|than| urgency.waits_above(than)));
        assert!(![0, 31].map(steps).into_iter().any(|than| urgency.waits_above(than)));
        urgency.note(0b10);
        assert!(!urgency.waits_above(Priority::IDLE), "its own level is not above it");
        let none = Urgency::default();
        none.note(1);
        assert!(!none.waits_above(Priority::IDLE));
        let all = Urgency::of_levels(64);
        all.note(1 << 62);
        assert!(all.waits_above(Priority::IDLE) && !all.waits_above(steps(62)));
    }
}
