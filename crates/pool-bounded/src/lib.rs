//! A pool with a bounded queue, and a choice of what to do when it is full.
//!
//! An unbounded queue turns overload into memory: while jobs arrive faster than they are done, it grows, and every job
//! waits longer than the last. A bounded queue makes overload visible where something can be done about it, at the
//! submitter. [`Overflow`] says what.
//!
//! ```
//! use pool_bounded::{Bounded, BoundedPool, Overflow};
//! use pool_core::{PoolExt, Reason};
//! use std::sync::mpsc;
//!
//! let strategy = Bounded::new(1).overflow(Overflow::Reject);
//! let pool = BoundedPool::with(strategy).threads(1).build()?;
//! let (started, running) = mpsc::channel();
//! let (release, released) = mpsc::channel::<()>();
//! pool.execute(move || { started.send(()).unwrap(); released.recv().unwrap() })?;
//! running.recv()?;                                // the worker is busy,
//! pool.execute(|| println!("queued"))?;           // the queue has one place,
//! let rejected = pool.execute(|| println!("run by the submitter")).unwrap_err();
//! assert_eq!(rejected.reason(), Reason::Full);    // and the next job comes back,
//! rejected.into_job().run();                      // whole.
//! release.send(())?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # The queue
//!
//! crossbeam-channel's bounded channel: an array of slots with a stamp each (after Dmitry Vyukov's bounded MPMC queue),
//! allocated once. Submitting a small job allocates nothing. The queue is first in, first out; with one worker, so is the
//! order in which jobs start.
//!
//! The capacity counts what lies in the queue. A job that was cancelled, or that its waiter ran in place, keeps its
//! place until a worker comes across it, as in Java's `ThreadPoolExecutor`. The tickets of scopes and joins take
//! places too, but are never refused: when the queue is full they go round it.

#![forbid(unsafe_code)]

mod overflow;

pub use overflow::Overflow;

use std::time::Instant;

use crossbeam_channel::{
    Receiver, RecvTimeoutError, SendTimeoutError, Sender, TryRecvError, TrySendError, bounded,
};
use pool_core::{
    BuildError, Caller, Ends, Idle, Inlet, Job, Outlet, Patience, Pop, Push, Reason, Strategy, Submit,
    ThreadPool,
};

/// A pool of workers behind a bounded queue.
pub type BoundedPool = ThreadPool<Bounded>;

/// A bounded queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounded {
    capacity: usize,
    overflow: Overflow,
}

impl Bounded {
    /// How many jobs wait when nobody says otherwise.
    pub const DEFAULT_CAPACITY: usize = 1024;

    /// A queue of this many jobs, at least 1, whose submitters wait when it is full. 32 bytes and a stamp each, taken
    /// at once.
    pub const fn new(capacity: usize) -> Self {
        Bounded { capacity, overflow: Overflow::Block }
    }

    /// What to do when it is full.
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }
}

impl Default for Bounded {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

impl Strategy for Bounded {
    type Inlet = Entrance;
    type Outlet = Exit;

    const NAME: &'static str = "bounded";

    fn open(&self, seats: usize) -> Result<Ends<Self>, BuildError> {
        if self.capacity == 0 {
            return Err(BuildError::Strategy("a bounded queue needs a capacity of at least 1, not 0".into()));
        }
        let (sender, receiver) = bounded(self.capacity);
        Ok(Ends {
            outlets: (0..seats).map(|_| Exit(receiver.clone())).collect(),
            spare: Exit(receiver.clone()),
            inlet: Entrance { sender, receiver, overflow: self.overflow },
        })
    }
}

/// The sending end.
pub struct Entrance {
    sender: Sender<Job>,
    /// For taking out the oldest.
    receiver: Receiver<Job>,
    overflow: Overflow,
}

impl Inlet for Entrance {
    fn push(&self, job: Job, submit: Submit, caller: Caller) -> Push {
        match self.sender.try_send(job) {
            Ok(()) => Push::Queued,
            Err(TrySendError::Full(job)) => self.push_when_full(job, submit, caller),
            Err(TrySendError::Disconnected(job)) => Push::Refused(job, Reason::ShutDown),
        }
    }
}

impl Entrance {
    #[cold]
    fn push_when_full(&self, job: Job, submit: Submit, caller: Caller) -> Push {
        let overflow = match submit.patience() {
            Patience::Never => Overflow::Reject,
            Patience::Until(deadline) => return self.wait(job, Some(deadline), caller),
            _ => self.overflow,
        };
        match overflow {
            Overflow::Block => self.wait(job, None, caller),
            Overflow::Timeout(limit) => self.wait(job, Instant::now().checked_add(limit), caller),
            Overflow::Reject => Push::Refused(job, Reason::Full),
            Overflow::CallerRuns => Push::RunHere(job),
            Overflow::DropOldest => self.displace_oldest(job),
            Overflow::DropNewest => Push::Displaced(job),
        }
    }

    /// Waits for room, until the deadline if there is one.
    fn wait(&self, job: Job, deadline: Option<Instant>, caller: Caller) -> Push {
        if let Caller::Worker(_) = caller {
            return Push::RunHere(job);
        }
        let sent = match deadline {
            None => self.sender.send(job).map_err(|unsent| SendTimeoutError::Disconnected(unsent.0)),
            Some(deadline) => self.sender.send_deadline(job, deadline),
        };
        match sent {
            Ok(()) => Push::Queued,
            Err(SendTimeoutError::Timeout(job)) => Push::Refused(job, Reason::TimedOut),
            Err(SendTimeoutError::Disconnected(job)) => Push::Refused(job, Reason::ShutDown),
        }
    }

    fn displace_oldest(&self, mut job: Job) -> Push {
        loop {
            if let Ok(oldest) = self.receiver.try_recv() {
                return Push::MadeRoom { old: oldest, new: job };
            }
            // Empty already: the workers have made more room than was asked for.
            match self.sender.try_send(job) {
                Ok(()) => return Push::Queued,
                Err(TrySendError::Full(unsent)) => job = unsent,
                Err(TrySendError::Disconnected(unsent)) => return Push::Refused(unsent, Reason::ShutDown),
            }
        }
    }
}

/// The receiving end, at one seat.
pub struct Exit(Receiver<Job>);

impl Outlet for Exit {
    fn pop(&mut self, until: Option<Instant>, idle: &mut Idle<'_>) -> Pop {
        match self.0.try_recv() {
            Ok(job) => return Pop::Job(job),
            Err(TryRecvError::Disconnected) => return Pop::Closed,
            Err(TryRecvError::Empty) if idle.begin() => return Pop::TimedOut,
            Err(TryRecvError::Empty) => {}
        }
        let received = match until {
            None => self.0.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => self.0.recv_deadline(deadline),
        };
        match received {
            Ok(job) => Pop::Job(job),
            Err(RecvTimeoutError::Timeout) => Pop::TimedOut,
            Err(RecvTimeoutError::Disconnected) => Pop::Closed,
        }
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.0.try_iter());
    }
}
