//! What a strategy is: a channel with one inlet and many outlets.
//!
//! A strategy decides how a job travels from the thread that submits it to the worker that runs it, and nothing
//! else. It never runs a job, never counts one and never starts a thread: [`ThreadPool`](crate::ThreadPool) does all
//! that, once. So a strategy can be tested without a thread: open it, push, drop the inlet, pop, and look at the
//! order.
//!
//! The division is that of lock_api's `RawMutex` and `Mutex<R, T>`: a tiny trait for those who implement, one rich
//! type for those who use, and an alias for each variant.

use std::sync::Arc;
use std::time::Instant;

pub use crate::help::wait_helping;
pub use crate::helping::{Awaited, Reach};
pub use crate::job::in_place::MOST_IN_PLACE;
pub use crate::join::{install, join_claimable};
pub use crate::search::Search;
pub use crate::shrink::{KEPT_JOBS, ShrinkTimer};
pub use crate::submit::{Caller, Patience};
pub use crate::sync::parking::Parking;
#[doc(hidden)]
pub use crate::sync::parking::{Group, Order, Woken};
pub use crate::sync::spin_then_lock::try_lock_spinning;
pub use crate::urgency::Urgency;
use crate::{BuildError, Job, JobOrder, Pool, Reason, Submit};
/// For what one thread writes beside what others read, as crossbeam-utils has it.
pub use crossbeam_utils::CachePadded;

/// A queueing discipline, and the settings of it.
pub trait Strategy: Sized + Send + Sync + 'static {
    /// Where jobs enter. There is one; dropping it closes the channel.
    type Inlet: Inlet;
    /// Where jobs leave. Each slot has one.
    type Outlet: Outlet;

    /// The discipline's name: a pool's threads are called `<name>-<n>` unless the pool is named.
    const NAME: &'static str;

    /// Opens the channel for this many slots. Called once for a pool, before its threads start. Only a strategy
    /// that [wakes workers itself](Inlet::WAKES) needs the `parking`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Strategy`] when the settings make no sense; the text says what would. The build itself fails with
    /// [`BuildError::Outlets`] when there are more or fewer outlets than slots.
    fn open(&self, slots: usize, parking: &Arc<Parking>) -> Result<Ends<Self>, BuildError>;

    /// In which order a worker runs the jobs that it has queued itself, if they lie apart from those of others. The jobs of a
    /// [scope](crate::PoolExt::scope) keep to it as well.
    fn job_order(&self) -> JobOrder {
        JobOrder::OldestFirst
    }

    /// How a worker takes work while it waits in the midst of a job and [helps](crate::Helping), or `None` if the pool is to
    /// pop for it at the spare outlet, behind a lock. That will do for a strategy with one queue for all.
    fn helper(ends: &Ends<Self>) -> Option<Box<dyn Helper>> {
        let _ = ends;
        None
    }

    /// Runs both closures, possibly at once, and returns both results.
    ///
    /// `pool` is the pool around this strategy; the caller may be any thread. The default makes the second
    /// closure claimable: it is offered to the pool, and taken back by the caller when no worker has started it.
    ///
    /// Both closures run exactly once, whatever panics; a panic is rethrown after both have finished, and the
    /// first closure's payload wins.
    fn join<P, A, B, RA, RB>(pool: &P, a: A, b: B) -> (RA, RB)
    where
        P: Pool + ?Sized,
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        join_claimable(pool, a, b)
    }
}

/// The ends of a channel that a [`Strategy`] has opened.
pub struct Ends<S: Strategy> {
    /// Where jobs enter.
    pub inlet: S::Inlet,
    /// Where jobs leave: one for each slot, in order.
    pub outlets: Vec<S::Outlet>,
    /// One more outlet that no worker ever is at. It can reach every job that no worker has popped yet, and the
    /// pool uses it for [`Outlet::drain`], and to pop for workers that [help](Strategy::helper).
    pub spare: S::Outlet,
}

/// Where jobs enter.
///
/// Dropping it closes the channel. The pool guarantees that no push is under way when it drops the inlet, and that none
/// comes after.
pub trait Inlet: Send + Sync + 'static {
    /// Whether [`push`](Inlet::push) itself wakes a worker for what it has queued, by the [`Parking`]. Otherwise the pool
    /// does: a fence, a look at one word, and seldom more.
    const WAKES: bool = false;

    /// Puts a job into the channel, or says why not.
    ///
    /// May wait for room only when the [`Caller`] is outside, [`Submit::patience`] allows it and the job is no
    /// [ticket](Submit::is_ticket). A job that is [`Push::Queued`] is visible to every outlet that it is for.
    fn push(&self, job: Job, submit: Submit, caller: Caller) -> Push;

    /// Where it notes which urgencies wait, if it has levels. Asked once, when the pool is built.
    fn urgency(&self) -> Urgency {
        Urgency::default()
    }
}

/// What became of a pushed job.
#[derive(Debug)]
#[must_use = "a push may hand a job back"]
pub enum Push {
    /// It is in the channel.
    Queued,
    /// It was accepted as far as the submitter is concerned, and given up at once.
    Displaced(Job),
    /// An older job was taken out to make room. The pool gives that one up, and pushes the new one again.
    MadeRoom {
        /// The job that had to go.
        old: Job,
        /// The job that is still to be queued.
        new: Job,
    },
    /// The submitter is to run it, now.
    ///
    /// A job that is run so may submit the next, and each lies on the stack of the one before. So on a thread where
    /// [`MOST_IN_PLACE`] jobs lie on each other already, the pool keeps the job, whatever the size of the
    /// queue, until a worker is between two jobs: it is queued as soon as there is room, behind all that is queued by then, or
    /// run by a worker that has just ended a job, the oldest first.
    RunHere(Job),
    /// It was not accepted.
    Refused(Job, Reason),
}

/// Where jobs leave: the end of the channel at one slot. It never waits; the pool does.
///
/// It outlives the workers that are at it: when a worker dies, the next one in its slot gets the same outlet.
pub trait Outlet: Send + 'static {
    /// Takes the next job, if there is one.
    fn pop(&mut self, search: &mut Search<'_>) -> Pop;

    /// Whether a pop may find something, here or at another slot. The pool asks a worker that has found a job after some
    /// search, and wakes another if there is more.
    fn has_work(&self) -> bool;

    /// Whether there is something for this worker after all, which has found nothing and has announced that it is about to
    /// park: the last look before it does, after a fence. What was pushed before a push that found the worker awake is visible.
    fn look(&mut self) -> Look {
        if self.has_work() { Look::Work } else { Look::Nothing }
    }

    /// At how many places a pop looks that finds nothing, such as the deques of all workers. A worker that looks around before it
    /// parks does so less often when there are many.
    fn places(&self) -> usize {
        1
    }

    /// The worker has found nothing and is about to announce that it parks: the time for work that is none of the jobs', such as
    /// giving back memory.
    fn prepare_to_park(&mut self, search: &mut Search<'_>) {
        let _ = search;
    }

    /// A job that lies at hand: a shorter way to what [`pop`](Outlet::pop) would return. `None` says nothing, and is always
    /// right.
    ///
    /// The pool may ask before it pops. A discipline that answers keeps its promises here as there: its order and its
    /// fairness, what it is to the other outlets, the end of a [turning away](Outlet::turn_away). It gives nothing that it would
    /// shed.
    fn at_hand(&mut self) -> Option<Job> {
        None
    }

    /// The worker turns to something that did not come through the channel, for as long as that takes, or leaves, which
    /// takes as long as its stop hook. The next `pop` ends it, or the next job [at hand](Outlet::at_hand).
    fn turn_away(&mut self) {}

    /// Whether this outlet gives some jobs only. Its worker never leaves when the pool has too many, and is not woken
    /// for what the pool pushes: the inlet [does that](Inlet::WAKES).
    fn is_reserved(&self) -> bool {
        false
    }

    /// Whether the worker may leave now when the pool has too many. If not, it leaves when it looks up again.
    fn may_leave(&self) -> bool {
        !self.is_reserved()
    }

    /// Takes every job that can be reached from here, without waiting for more to come.
    fn drain(&mut self, jobs: &mut Vec<Job>);

    /// A worker starts: called on its thread before the first `pop`, with [`current`](crate::current) set.
    fn attach(&mut self) {}

    /// The worker leaves: called on its thread after the last `pop`, also when it dies of a panic. Afterwards
    /// nothing of the channel may refer to this thread.
    fn detach(&mut self) {}
}

/// How a worker takes work in the midst of a job. The outlet of its slot is in use then, further up on its stack.
pub trait Helper: Send + Sync + 'static {
    /// Takes the next piece of work for the worker in this slot, which is the calling thread.
    fn take(&self, slot: usize, reach: Reach, search: &mut Search<'_>) -> Taken;

    /// As [`Outlet::has_work`].
    fn has_work(&self) -> bool;

    /// As [`Outlet::look`].
    fn look(&self, slot: usize) -> Look;

    /// Takes the newest job that the worker in this slot, which is the calling thread, has queued, if it lies apart from those of
    /// others and is such a one.
    fn take_newest(&self, slot: usize, is_such: fn(&mut Job) -> bool) -> Option<Job> {
        let (_, _) = (slot, is_such);
        None
    }
}

/// What a [`Helper`] has taken.
#[derive(Debug)]
#[must_use = "it may carry a job"]
pub enum Taken {
    /// What a pop has given, to be run by the pool.
    Popped(Pop),
    /// Something that is no job, and that the helper has run at once.
    Ran,
}

/// What an outlet had.
#[derive(Debug)]
#[must_use = "a pop may carry a job"]
pub enum Pop {
    /// The next job.
    Job(Job),
    /// A job that the discipline gave up, and why: it is counted and its handle told, and it does not run.
    Shed(Job, Reason),
    /// There is nothing for this worker.
    Empty,
}

/// What the last look before parking has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// There may be something: the worker pops again.
    Work,
    /// There is nothing. The worker parks until it is woken.
    Nothing,
    /// There is nothing, and the worker looks again at this time if it is not woken before.
    NothingUntil(Instant),
}
