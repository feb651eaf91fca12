//! A worker's handle to fork-join, for recursions that fork all the time.
//!
//! [`ThreadPool::join`](pool_core::ThreadPool::join) finds out on each call whether its thread is a worker of this pool, and
//! which. A join that called the caller knows that.
//!
//! # Why the slot is right
//!
//! A handle is neither `Send`, nor does it outlive the call of the closure that it was made for, which is generic over its
//! lifetime. So it is used on the thread that is in `slot`, while it is there. (Safe code can carry it into another
//! closure, with a wrapper that is `Send` and checks the thread at run time; then that runs on this thread, and within
//! that call, all the same.)
//!
//! Rejected: to hand down the number of forks on the stack as well, so that a join need not wait for its last write to `top`.
//! No faster (fib: 2.55 and 2.53 ns), and unsound if it is not checked (2.77): in a closure of another join it would be
//! wrong.

use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

#[cfg(not(loom))]
use pool_core::os::process_fork::without_forks;

use crate::header::Header;
use crate::split::Room;
use crate::worker_queues::{Owner, WorkerQueues};

/// The calling thread as a worker of a [`StealingPool`](crate::StealingPool): joins without finding out on which worker it is.
///
/// Each half of a join gets a handle of its own, as it may run on another worker.
///
/// ```
/// use pool_stealing::{StealingPool, Worker, with_worker};
///
/// fn sum(numbers: &[u64], worker: Worker<'_>) -> u64 {
///     if numbers.len() <= 512 {
///         return numbers.iter().sum();
///     }
///     let (left, right) = numbers.split_at(numbers.len() / 2);
///     let (left, right) = worker.join(|worker| sum(left, worker), |worker| sum(right, worker));
///     left + right
/// }
///
/// let pool = StealingPool::new()?;
/// let numbers: Vec<u64> = (1..=10_000).collect();
/// assert_eq!(with_worker(&pool, |worker| sum(&numbers, worker)), 50_005_000);
/// # Ok::<(), pool_core::BuildError>(())
/// ```
///
/// It cannot be taken to another thread, nor kept:
///
/// ```compile_fail,E0277
/// # let pool = pool_stealing::StealingPool::new().unwrap();
/// pool_stealing::with_worker(&pool, |worker| {
///     std::thread::scope(|threads| threads.spawn(|| format!("{worker:?}")).join().unwrap())
/// });
/// ```
///
/// ```compile_fail,E0521
/// # let pool = pool_stealing::StealingPool::new().unwrap();
/// # std::thread_local!(static KEPT: std::cell::RefCell<Option<pool_stealing::Worker<'static>>> = None.into());
/// pool_stealing::with_worker(&pool, |worker| KEPT.set(Some(worker)));
/// ```
pub struct Worker<'w> {
    /// Where the calling thread is; or [`NO_WORKER`].
    slot: &'w WorkerQueues,
    /// The closure that the handle was made for was stolen.
    stolen: bool,
    not_send: PhantomData<*mut ()>,
}

/// The slot of threads that have none. It has no room for forks.
static NO_WORKER: LazyLock<WorkerQueues> = LazyLock::new(|| {
    let slot = WorkerQueues::without_room();
    // The first to steal makes what all deques of a process share.
    #[cfg(not(loom))]
    slot.steal();
    slot
});

/// Makes that slot, lest a child be forked while a thread is in the middle of it.
#[cfg(not(loom))]
pub(crate) fn prepare() {
    without_forks(|| LazyLock::force(&NO_WORKER));
}

impl<'w> Worker<'w> {
    /// The worker that is in a slot.
    #[inline(always)]
    pub(crate) fn of(owner: Owner<'w>) -> Self {
        Worker { slot: owner.slot(), stolen: false, not_send: PhantomData }
    }

    /// The same, for a closure that was stolen.
    pub(crate) fn for_thief(self) -> Self {
        Worker { stolen: true, ..self }
    }

    /// Whether the closure that this handle was made for, the second half of a join, runs elsewhere than its join: it was
    /// stolen. A loop that halves its range can tell by it that others are in want of work.
    ///
    /// ```
    /// let pool = pool_stealing::StealingPool::builder().threads(1).build()?;
    /// let first = pool_stealing::with_worker(&pool, |worker| worker.join(|a| a.is_stolen(), |b| b.is_stolen()));
    /// assert_eq!(first, (false, false), "there is no thief");
    /// # Ok::<(), pool_core::BuildError>(())
    /// ```
    #[inline(always)]
    pub fn is_stolen(&self) -> bool {
        self.stolen
    }

    /// A thread that is in none.
    #[cold]
    pub(crate) fn nowhere() -> Self {
        Worker { slot: &NO_WORKER, stolen: false, not_send: PhantomData }
    }

    /// Whether others could take something of this worker's: halves of joins, and jobs that it has spawned.
    #[cfg(not(loom))]
    pub fn has_pending(&self) -> bool {
        self.slot.stack.has_forks() || self.slot.has_jobs()
    }

    /// The same, for a call.
    #[inline(always)]
    pub(crate) fn reborrow(&self) -> Worker<'_> {
        Worker { slot: self.slot, stolen: self.stolen, not_send: PhantomData }
    }

    /// The owner of the slot, and the next free place on its stack, if there is one.
    #[inline(always)]
    pub(crate) fn room(&self) -> Option<(Owner<'w>, Room<'w, Header>)> {
        // SAFETY: the calling thread is there, or the slot has no room.
        let room = unsafe { self.slot.stack.room() }?;
        // SAFETY: there is room only where the calling thread is; and it is there for `'w`, which is that of an owner.
        Some((unsafe { Owner::new(self.slot) }, room))
    }

    /// As [`room`](Worker::room), where that has found none.
    ///
    /// # Safety
    ///
    /// No room that was found before is still to be used.
    #[cold]
    pub(crate) unsafe fn make_room(&self) -> Option<(Owner<'w>, Room<'w, Header>)> {
        // SAFETY: as above; the rest is passed on.
        let room = unsafe { self.slot.stack.make_room() }?;
        // SAFETY: as above.
        Some((unsafe { Owner::new(self.slot) }, room))
    }
}

impl fmt::Debug for Worker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("forks", &!std::ptr::eq(self.slot, &*NO_WORKER)).finish()
    }
}
