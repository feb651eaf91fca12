//! A pool with a bounded queue, and a choice of what to do when it is full.
//!
//! An unbounded queue turns overload into memory: while jobs arrive faster than they are done, it grows, and every job
//! waits longer than the last. A bounded queue makes overload visible where something can be done about it, at the
//! submitter. [`Overflow`] says what.
//!
//! ```
//! use pool_bounded::{Bounded, BoundedPool, Overflow};
//! use pool_core::Reason;
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
//! The [guide](pool_core::guide) shows how to do the common things on any pool: deadlines, timeouts, for_each, cancelling, scopes, panics,
//! graceful shutdown, async code. What differs here is backpressure: a submission may
//! ask for something else than the pool's [`Overflow`].
//!
//! ```
//! use std::time::Duration;
//! use pool_bounded::{Bounded, BoundedPool};
//!
//! let pool = BoundedPool::with(Bounded::new(64)).threads(2).build()?;     // waits for room,
//! pool.try_execute(|| println!("now or not at all"))?;                    // but not this one,
//! pool.execute_timeout(Duration::from_secs(1), || println!("patient"))?;  // and this one for a second
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # Overload
//!
//! A queue that is never full may still be too long. Two things bound the wait itself: [`Overflow::Shed`] gives up jobs that
//! have waited too long while the queue does not get shorter, and [`Builder::admit_within`](pool_core::Builder::admit_within),
//! which works with any queue, turns jobs away that would have to wait too long.
//!
//! # The queue
//!
//! crossbeam-channel's bounded channel: an array of slots with a stamp each (after Dmitry Vyukov's bounded MPMC queue),
//! allocated once: 40 bytes for each place, whether it is taken or not, and no more however many jobs there were (measured
//! after 3,000,000). Submitting a small job allocates nothing. The queue is first in, first out; with one worker, so is the
//! order in which jobs start.
//!
//! The capacity counts what lies in the queue. A job that was cancelled, or that its waiter ran in place, keeps its
//! place until a worker comes across it, as in Java's `ThreadPoolExecutor`. The tickets of scopes and joins take
//! places too, but are never refused: when the queue is full they go round it.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod channel;
mod codel;
mod overflow;
mod timed;

pub use codel::CoDel;
pub use overflow::Overflow;

use std::sync::{Arc, Mutex};

use crossbeam_channel::bounded;
use pool_core::strategy::{Caller, Ends, Inlet, Outlet, Parking, Pop, Push, Search, Strategy};
use pool_core::{BuildError, Job, Submit, ThreadPool};

use crate::channel::Item;
use crate::codel::Control;
use crate::timed::Timed;

/// A pool of workers behind a bounded queue.
pub type BoundedPool = ThreadPool<Bounded>;

/// A bounded queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounded {
    capacity: usize,
    overflow: Overflow,
}

impl Bounded {
    /// How many jobs wait by default.
    pub const DEFAULT_CAPACITY: usize = 1024;

    /// The largest capacity. All places are taken and written to when the pool is built: 640 MiB for so many, or 896 MiB with
    /// [`Overflow::Shed`]. A queue that takes more bounds nothing: the last of so many jobs of 1 us waits for 16 seconds.
    pub const MOST_CAPACITY: usize = 1 << 24;

    /// A queue of this many jobs, from 1 to [`MOST_CAPACITY`](Bounded::MOST_CAPACITY), whose submitters wait when it is full.
    /// 32 bytes and a stamp each, taken at once.
    ///
    /// # Errors
    ///
    /// With another capacity the pool cannot be built: [`BuildError::TooLarge`]; nor when the system does not give the
    /// memory: [`BuildError::OutOfMemory`].
    ///
    /// ```
    /// use pool_bounded::{Bounded, BoundedPool};
    /// let error = BoundedPool::with(Bounded::new(usize::MAX)).build().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "a capacity of 18446744073709551615 is more than the largest possible, 16777216"
    /// );
    /// ```
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

impl Bounded {
    fn check(&self) -> Result<(), BuildError> {
        let refused = |text: String| Err(BuildError::Strategy(text));
        match self.overflow {
            _ if self.capacity == 0 => {
                refused("a bounded queue needs a capacity of at least 1, not 0".into())
            }
            _ if self.capacity > Self::MOST_CAPACITY => Err(BuildError::TooLarge {
                what: "capacity",
                asked: self.capacity,
                most: Self::MOST_CAPACITY,
            }),
            Overflow::Shed(CoDel { target, interval }) if target.is_zero() || interval <= target => {
                refused(format!(
                    "CoDel needs a target above 0 and an interval above that, not {target:?} and {interval:?}"
                ))
            }
            _ => Ok(()),
        }
    }

    /// Asks for the memory of the queue and gives it back. The channel, which asks for it next, cannot be told that there is
    /// none: it would abort.
    fn check_memory<I>(&self) -> Result<(), BuildError> {
        let slots = Vec::<ChannelSlot<I>>::new().try_reserve_exact(self.capacity);
        slots.map_err(|_| BuildError::OutOfMemory {
            what: "capacity",
            asked: self.capacity,
            bytes: self.capacity * size_of::<ChannelSlot<I>>(),
        })
    }

    /// Both ends, and as many of the receiving one as there are slots, with one to spare.
    fn open_for<I: Item>(
        &self,
        slots: usize,
        control: I::Control,
        parking: &Arc<Parking>,
    ) -> Result<(channel::Sending<I>, impl Iterator<Item = channel::Receiving<I>>), BuildError> {
        self.check_memory::<I>()?;
        let (sender, receiver) = bounded(self.capacity);
        let entrance = channel::Sending {
            sender,
            receiver: receiver.clone(),
            overflow: self.overflow,
            parking: parking.clone(),
        };
        let exit = move |_| channel::Receiving { receiver: receiver.clone(), control: control.clone() };
        Ok((entrance, (0..=slots).map(exit)))
    }
}

/// What the channel keeps for each place.
type ChannelSlot<I> = (usize, I);

impl Strategy for Bounded {
    type Inlet = BoundedInlet;
    type Outlet = BoundedOutlet;

    const NAME: &'static str = "bounded";

    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError> {
        self.check()?;
        let (channel, mut outlets) = match self.overflow {
            Overflow::Shed(codel) => {
                let control = Arc::new(Mutex::new(Control::new(codel)));
                let (entrance, exits) = self.open_for::<Timed>(slots, control, parking)?;
                (
                    InletKind::Timed(entrance),
                    exits.map(|exit| BoundedOutlet(OutletKind::Timed(exit))).collect::<Vec<_>>(),
                )
            }
            _ => {
                let (entrance, exits) = self.open_for::<Job>(slots, (), parking)?;
                (
                    InletKind::Plain(entrance),
                    exits.map(|exit| BoundedOutlet(OutletKind::Plain(exit))).collect(),
                )
            }
        };
        let spare = outlets.pop().expect("one more than there are slots");
        Ok(Ends { inlet: BoundedInlet(channel), outlets, spare })
    }
}

/// The sending end.
pub struct BoundedInlet(InletKind);

enum InletKind {
    Plain(channel::Sending<Job>),
    Timed(channel::Sending<Timed>),
}

impl Inlet for BoundedInlet {
    /// A send takes its place in the channel by a sequentially consistent compare-and-swap, whose result `is_empty` reads in
    /// such a load. crossbeam-channel relies on that where its own receivers wait, and so does this one.
    const WAKES: bool = true;

    // Always, so that the job is not moved once more.
    #[inline(always)]
    fn push(&self, job: Job, submit: Submit, caller: Caller) -> Push {
        match &self.0 {
            InletKind::Plain(sending) => sending.push(job, submit, caller),
            InletKind::Timed(sending) => sending.push(job, submit, caller),
        }
    }
}

/// The receiving end, at one slot.
pub struct BoundedOutlet(OutletKind);

enum OutletKind {
    Plain(channel::Receiving<Job>),
    Timed(channel::Receiving<Timed>),
}

impl Outlet for BoundedOutlet {
    #[inline]
    fn pop(&mut self, _: &mut Search<'_>) -> Pop {
        match &mut self.0 {
            OutletKind::Plain(exit) => exit.pop(),
            OutletKind::Timed(exit) => exit.pop(),
        }
    }

    fn has_work(&self) -> bool {
        match &self.0 {
            OutletKind::Plain(exit) => exit.has_work(),
            OutletKind::Timed(exit) => exit.has_work(),
        }
    }

    #[inline(always)]
    fn at_hand(&mut self) -> Option<Job> {
        match &self.0 {
            OutletKind::Plain(exit) => exit.try_recv(),
            // It may be one to be shed.
            OutletKind::Timed(_) => None,
        }
    }

    fn drain(&mut self, jobs: &mut Vec<Job>) {
        match &mut self.0 {
            OutletKind::Plain(exit) => exit.drain(jobs),
            OutletKind::Timed(exit) => exit.drain(jobs),
        }
    }
}

/// The example of the README, so that `cargo test` runs it.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
