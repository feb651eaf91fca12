//! What travels beside a job: how urgent it is, how long its submitter will wait, and where it comes from.

use std::time::{Duration, Instant};

/// How urgent a job is: 0 is the most urgent, 63 the least.
///
/// A pool with fewer than 64 levels divides this scale evenly over the levels that it has, so a program that
/// speaks of urgency need not know the pool that it runs on. A pool without levels ignores it.
///
/// ```
/// use pool_core::Priority;
/// assert!(Priority::URGENT < Priority::NORMAL);
/// assert_eq!(Priority::new(32), Some(Priority::NORMAL));
/// assert_eq!(Priority::new(64), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

impl Priority {
    /// How many steps the scale has.
    pub const STEPS: usize = 64;
    /// Before everything else.
    pub const URGENT: Priority = Priority(0);
    /// What a job has that says nothing.
    pub const NORMAL: Priority = Priority(32);
    /// After everything else.
    pub const IDLE: Priority = Priority(63);

    /// The priority at this step of the scale; `None` above 63.
    pub const fn new(step: u8) -> Option<Priority> {
        if (step as usize) < Self::STEPS { Some(Priority(step)) } else { None }
    }

    /// The step on the scale, 0 to 63.
    pub const fn step(self) -> usize {
        self.0 as usize
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::NORMAL
    }
}

/// Which queue of a pool that has several a job goes to, such as the tenant that it belongs to.
///
/// The strategy gives it out: see pool-fair. A pool with one queue ignores it, so it passes through `dyn Pool` and
/// [`Attributes`](crate::Attributes) like a priority. 0 is the queue of a job that names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(u16);

impl QueueId {
    /// The queue at this place, in the order in which the strategy was given its queues.
    pub const fn new(index: u16) -> QueueId {
        QueueId(index)
    }

    /// The queue's place.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How long a submitter is ready to wait for room in a full queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Patience {
    /// As the pool's own overflow policy says.
    #[default]
    Policy,
    /// Not at all, whatever the policy says: a full queue refuses the job.
    Never,
    /// Until this moment, whatever the policy says; then the job is refused.
    Until(Instant),
}

/// The attributes of one submission.
///
/// It is small and `Copy`; rarer attributes ride by wrapping the job.
///
/// ```
/// use pool_core::{Priority, Submit};
/// let urgent = Submit::default().priority(Priority::URGENT);
/// assert_eq!(urgent.urgency(), Priority::URGENT);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Submit {
    priority: Priority,
    patience: Patience,
    queue: QueueId,
    flags: u8,
}

/// In one byte, which each submission carries.
const TICKET: u8 = 1;
const AWAITED: u8 = 2;
const WAITS_FOR_ROOM: u8 = 4;
const GOES_ON: u8 = 8;

impl Submit {
    /// With this priority.
    pub const fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// In this queue, if the pool has several.
    pub const fn queue(mut self, queue: QueueId) -> Self {
        self.queue = queue;
        self
    }

    /// Refused at once when the queue is full.
    pub const fn no_wait(mut self) -> Self {
        self.patience = Patience::Never;
        self
    }

    /// Refused when the queue has been full for this long.
    pub fn wait_at_most(mut self, wait: Duration) -> Self {
        // A wait that reaches past the end of the clock is a wait without an end.
        self.patience = Instant::now().checked_add(wait).map_or(Patience::Policy, Patience::Until);
        self
    }

    /// How urgent the job is.
    pub const fn urgency(self) -> Priority {
        self.priority
    }

    /// The queue that the job goes to, in a pool that has several.
    pub const fn queue_id(self) -> QueueId {
        self.queue
    }

    /// How long the submitter is ready to wait.
    pub const fn patience(self) -> Patience {
        self.patience
    }

    /// Whether this is a ticket: a message of pool-core's own that leads a worker to work kept elsewhere.
    ///
    /// A strategy must take a ticket without waiting and without displacing anything, or refuse it at once;
    /// overflow policies are for jobs.
    pub const fn is_ticket(self) -> bool {
        self.flags & TICKET != 0
    }

    /// Whether the submitter does nothing from now on but wait for it, so that the CPU that it runs on is about to be
    /// free.
    pub const fn is_awaited(self) -> bool {
        self.flags & AWAITED != 0
    }

    pub(crate) const fn ticket() -> Self {
        Submit {
            priority: Priority::NORMAL,
            patience: Patience::Never,
            queue: QueueId::new(0),
            flags: TICKET,
        }
    }

    pub(crate) const fn awaited_ticket() -> Self {
        Submit { flags: TICKET | AWAITED, ..Submit::ticket() }
    }

    /// Of a submitter that tries again when there is room.
    pub(crate) const fn waiting_for_room(self) -> Self {
        Submit { flags: self.flags | WAITS_FOR_ROOM, ..self.no_wait() }
    }

    pub(crate) const fn waits_for_room(self) -> bool {
        self.flags & WAITS_FOR_ROOM != 0
    }

    /// Of work that the pool has taken before.
    pub(crate) const fn going_on(self) -> Self {
        Submit { flags: self.flags | GOES_ON, ..self.no_wait() }
    }

    /// Whether this is of work that the pool has taken before, and that goes on now: see [`Reentry`](crate::reentry::Reentry).
    ///
    /// A strategy puts it behind what others have queued, as from outside, also on a worker that has a queue of its own.
    pub const fn goes_on(self) -> bool {
        self.flags & GOES_ON != 0
    }
}

// It is passed in registers or copied at each submission; the queue lies where there was padding.
const _: () = assert!(size_of::<Submit>() <= size_of::<Patience>() + 8);

/// Who submits: it decides whether waiting is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A thread that is no worker of this pool. It may be made to wait.
    Outside,
    /// The worker in this slot of this pool. It must never wait for room in its own pool's queue, since it may be
    /// the only one who could make room.
    Worker(usize),
}
