//! The settings.

use std::sync::Arc;

use pool_core::BuildError;
use pool_core::strategy::{Ends, Parking, Strategy};

use crate::level_queue::MOST_LEVELS;
use crate::queue::{Kind, PriorityInlet, PriorityOutlet, Queue};

/// Queues by urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    levels: usize,
    aging: Option<u64>,
    express: Option<Express>,
}

/// Workers that are kept free for the top levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Express {
    workers: usize,
    top: usize,
}

impl Levels {
    /// At most so many pops pass a waiting level by default.
    pub const DEFAULT_AGING: u64 = 256;

    /// This many levels, from 1 to 64. The 64 steps of [`Priority`](pool_core::Priority) are divided evenly over them.
    pub const fn new(levels: usize) -> Self {
        Levels { levels, aging: Some(Self::DEFAULT_AGING), express: None }
    }

    /// At most this many jobs are taken from other levels while a level waits; then it gives one. At least as many as
    /// there are levels, since each may be waiting for just as long.
    ///
    /// ```
    /// # use pool_core::Priority;
    /// # use pool_priority::{Levels, PriorityPool};
    /// # use std::sync::mpsc;
    /// let pool = PriorityPool::with(Levels::new(2).aging(3)).threads(1).build()?;
    /// let (say, said) = mpsc::channel();
    /// let (release, released) = mpsc::channel::<()>();
    /// pool.execute(move || released.recv().unwrap())?; // keeps the worker busy while the others queue
    /// for priority in [Priority::IDLE, Priority::URGENT, Priority::URGENT, Priority::URGENT, Priority::URGENT] {
    ///     let say = say.clone();
    ///     pool.execute_with(priority, move || say.send(priority).unwrap())?;
    /// }
    /// release.send(())?;
    /// let _ = pool.shutdown();
    /// // Three at most go first.
    /// assert!(said.try_iter().position(|priority| priority == Priority::IDLE) <= Some(3));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub const fn aging(mut self, pops: u64) -> Self {
        self.aging = Some(pops);
        self
    }

    /// Strictly the most urgent first. A low level may wait for ever.
    pub const fn strict(mut self) -> Self {
        self.aging = None;
        self
    }

    /// The first so many workers run only jobs of the top levels, so that one of those need not wait for the end of a
    /// long job below. What they take does not count for [aging](Levels::aging).
    ///
    /// They still help with scopes and joins, whose tickets have no level: a job that borrows a worker in this way is short, or
    /// belongs elsewhere. While no other worker is there (all have died, or the pool was made that small), they run
    /// everything. They never leave a pool that is made smaller.
    ///
    /// ```
    /// # use pool_priority::{Levels, PriorityPool};
    /// # use pool_core::Priority;
    /// # use std::sync::mpsc;
    /// // Four levels; the first of two workers serves the top one, that is steps 0 to 15.
    /// let pool = PriorityPool::with(Levels::new(4).express(1, 1)).threads(2).build()?;
    /// let (release, released) = mpsc::channel::<()>();
    /// pool.execute_with(Priority::IDLE, move || released.recv().unwrap())?;
    /// // The other worker is busy, or will be.
    /// assert_eq!(pool.spawn_with(Priority::URGENT, || "at once")?.join()?, "at once");
    /// release.send(())?;
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The pool cannot be built when no worker is left for the other levels, or there is no other level, or there are no top levels
    /// to serve.
    pub const fn express(mut self, workers: usize, top_levels: usize) -> Self {
        self.express = Some(Express { workers, top: top_levels });
        self
    }

    fn check(&self, slots: usize) -> Result<(), BuildError> {
        let Levels { levels, aging, express } = *self;
        let refused = |text: String| Err(BuildError::Strategy(text));
        if !(1..=MOST_LEVELS).contains(&levels) {
            return refused(format!("a priority pool has 1 to {MOST_LEVELS} levels, not {levels}"));
        }
        if let Some(aging) = aging.filter(|aging| *aging < levels as u64) {
            return refused(format!("aging over {levels} levels needs at least {levels} pops, not {aging}"));
        }
        match express {
            Some(Express { workers, .. }) if workers >= slots => refused(format!(
                "of {slots} workers at most {} can be express workers, not {workers}",
                slots.saturating_sub(1)
            )),
            Some(Express { top, .. }) if top == 0 || top >= levels => refused(format!(
                "express workers serve at least 1 of {levels} levels and leave at least 1, so not {top}"
            )),
            _ => Ok(()),
        }
    }
}

impl Default for Levels {
    fn default() -> Self {
        Self::new(MOST_LEVELS)
    }
}

impl Strategy for Levels {
    type Inlet = PriorityInlet;
    type Outlet = PriorityOutlet;

    const NAME: &'static str = "priority";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        self.check(slots)?;
        let Express { workers, top } = self.express.unwrap_or(Express { workers: 0, top: 0 });
        let queue = Queue::new(self.levels, self.aging, if workers == 0 { 0 } else { top }, parking);
        let kind = |slot| if slot < workers { Kind::Express } else { Kind::Regular };
        Ok(Ends {
            outlets: (0..slots).map(|slot| PriorityOutlet::new(&queue, kind(slot))).collect(),
            spare: PriorityOutlet::new(&queue, Kind::Regular),
            inlet: PriorityInlet::new(&queue),
        })
    }
}
