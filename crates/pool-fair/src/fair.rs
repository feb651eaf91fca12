//! The settings.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pool_core::strategy::{Ends, Parking, Strategy};
use pool_core::{BuildError, QueueId};

use crate::channel::{FairInlet, FairOutlet, Shared};
use crate::clock::Clock;
use crate::queue::Queue;

const MOST_QUEUES: usize = 4096;
const MOST_WEIGHT: u32 = 1_000_000;

/// The queues, and how they share the workers; see the [crate's documentation](crate).
#[derive(Clone)]
pub struct Fair {
    queues: Vec<Queue>,
    quantum: Duration,
    clock: Clock,
}

impl Fair {
    /// These queues. Jobs that name none go to the first.
    pub fn new(queues: impl IntoIterator<Item = Queue>) -> Self {
        Fair {
            queues: queues.into_iter().collect(),
            quantum: Duration::from_millis(1),
            clock: Clock::System(Instant::now()),
        }
    }

    /// The run time that a queue of weight 1 gets at its turn; 1 ms by default, 1 us to 1 s.
    ///
    /// The shares are the same with any. The shorter it is, the sooner it is the next queue's turn; the longer, the more jobs of one
    /// queue run one after another.
    pub fn quantum(mut self, time: Duration) -> Self {
        self.quantum = time;
        self
    }

    /// Charges jobs by this clock in place of the system's. It is read on the worker before and after each job, and the difference is
    /// what the job has cost. It may be the processor time of the calling thread, so that a job does not pay for its waits, or
    /// what a test sets. A job is charged with 100 ns at least. The clock must not panic.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::time::Duration;
    /// use pool_fair::{Fair, Queue};
    ///
    /// let bytes = Arc::new(AtomicU64::new(0)); // jobs add to it what they have sent
    /// let fair = Fair::new([Queue::new("a"), Queue::new("b")])
    ///     .clock(move || Duration::from_nanos(bytes.load(Ordering::Relaxed)));
    /// ```
    pub fn clock(mut self, now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.clock = Clock::Given(Arc::new(now));
        self
    }

    /// What jobs name to get into the queue of this name, if there is one.
    pub fn id(&self, name: &str) -> Option<QueueId> {
        let index = self.queues.iter().position(|queue| queue.name == name)?;
        u16::try_from(index).ok().map(QueueId::new)
    }

    fn check(&self) -> Result<(), BuildError> {
        let refused = |text: String| Err(BuildError::Strategy(text));
        if !(1..=MOST_QUEUES).contains(&self.queues.len()) {
            return refused(format!("a fair pool has 1 to {MOST_QUEUES} queues, not {}", self.queues.len()));
        }
        if !(Duration::from_micros(1)..=Duration::from_secs(1)).contains(&self.quantum) {
            return refused(format!("the quantum of a fair pool is 1 us to 1 s, not {:?}", self.quantum));
        }
        let mut names = std::collections::HashSet::new();
        for Queue { name, weight, limit, at_once } in &self.queues {
            if !names.insert(name) {
                return refused(format!("two queues are named {name:?}; each needs a name of its own"));
            }
            if !(1..=MOST_WEIGHT).contains(weight) {
                return refused(format!("the weight of queue {name:?} is 1 to {MOST_WEIGHT}, not {weight}"));
            }
            if *limit == 0 || *at_once == 0 {
                let which = if *limit == 0 { "limit" } else { "at_once" };
                return refused(format!("{which} of queue {name:?} is at least 1, not 0"));
            }
        }
        Ok(())
    }
}

/// One queue.
impl Default for Fair {
    fn default() -> Self {
        Fair::new([Queue::new("default")])
    }
}

impl fmt::Debug for Fair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fair")
            .field("queues", &self.queues)
            .field("quantum", &self.quantum)
            .finish_non_exhaustive()
    }
}

impl Strategy for Fair {
    type Inlet = FairInlet;
    type Outlet = FairOutlet;

    const NAME: &'static str = "fair";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        self.check()?;
        let shared = Shared::new(&self.queues, self.quantum, self.clock.clone(), parking);
        Ok(Ends {
            outlets: (0..slots).map(|_| FairOutlet::new(&shared)).collect(),
            spare: FairOutlet::new(&shared),
            inlet: FairInlet::new(&shared),
        })
    }
}
