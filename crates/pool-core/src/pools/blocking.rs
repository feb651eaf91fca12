//! How a job tells its pool that it blocks, and that it blocks no more.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock, Weak};

use crate::helping::{Awaited, Reach};

/// Keeps up the number of workers that are not blocked.
pub(crate) trait WorkerManager: Send + Sync {
    /// The worker in this slot is blocked in its job. It may be so in several ways at once, and counts once.
    fn blocked(&self, _slot: usize) {}

    /// It is so no more, in one of these ways. Called once for each [`blocked`](WorkerManager::blocked), after it.
    fn unblocked(&self, _slot: usize) {}

    /// The system has refused a thread.
    fn start_failed(&self) {}

    /// Runs a part of a broadcast that lies in the mailbox of this slot, on the thread that is there, and returns whether
    /// there was one. If not, the thread is unparked when one comes, once.
    fn run_a_part(&self, _slot: usize) -> bool {
        false
    }

    /// Waits on the thread that is in this slot: see [`wait_helping`](crate::helping::wait_helping).
    fn wait_helping(&self, _slot: usize, _awaited: &dyn Awaited) -> bool {
        false
    }

    /// Runs one piece of work on the thread that is in this slot. Returns whether there was one.
    fn help(&self, _slot: usize, _reach: Reach) -> bool {
        false
    }
}

/// The place of the worker manager in the context. While it is empty, no worker stands in for a blocked one.
#[derive(Default)]
pub(crate) struct WorkerManagerLink(OnceLock<Weak<dyn WorkerManager>>);

impl WorkerManagerLink {
    /// Fills the place, once for all.
    pub(crate) fn set(&self, worker_manager: Weak<dyn WorkerManager>) {
        // A second one changes nothing.
        let _ = self.0.set(worker_manager);
    }

    pub(crate) fn get(&self) -> Weak<dyn WorkerManager> {
        struct NoManager;
        impl WorkerManager for NoManager {}
        self.0.get().cloned().unwrap_or_else(|| Weak::<NoManager>::new())
    }
}

thread_local! {
    /// The worker manager of this thread's pool, and the thread's slot there.
    static OURS: RefCell<Option<(Weak<dyn WorkerManager>, usize)>> = const { RefCell::new(None) };
}

/// Makes this thread one of the manager's workers until the guard is dropped.
pub(crate) fn enter_worker_manager(worker_manager: Weak<dyn WorkerManager>, slot: usize) -> Member {
    OURS.with_borrow_mut(|ours| *ours = Some((worker_manager, slot)));
    Member
}

/// Runs a part of a broadcast that only the calling thread can run: see [`WorkerManager::run_a_part`].
pub(crate) fn run_a_part() -> bool {
    current_manager().is_some_and(|(worker_manager, slot)| worker_manager.run_a_part(slot))
}

/// The worker manager of this thread's pool, and the thread's slot there, if it is a worker.
pub(crate) fn current_manager() -> Option<(Arc<dyn WorkerManager>, usize)> {
    let ours = OURS.try_with(|ours| ours.borrow().clone()).ok().flatten();
    ours.and_then(|(worker_manager, slot)| Some((worker_manager.upgrade()?, slot)))
}

pub(crate) struct Member;

impl Drop for Member {
    fn drop(&mut self) {
        // When it is gone already, the thread is about to be.
        let _ = OURS.try_with(|ours| ours.take());
    }
}

/// Runs a closure that is going to block, and has the pool stand in for the worker meanwhile.
///
/// A job that waits for something outside the pool (a file, a lock, a reply) keeps its worker from running other
/// jobs. Here the job says so: while the closure runs, the worker does not count, and the pool starts another in one of
/// its [spare slots](crate::Builder::spare_threads), if one is free. When the closure returns there is one worker too
/// many, and the one with the highest number leaves when it has finished its job; until then one job more runs than the pool
/// has workers.
///
/// What lies in the mailbox of a worker that blocks (see [`PoolExt::execute_on`](crate::PoolExt::execute_on)) waits for it.
///
/// Outside a pool, inside another `block_in_place`, in a job that is overdue, or without a spare slot, it just runs the closure. Panics come
/// out as they are. Costs a lock, and the start of a thread when one is needed: tens of microseconds.
///
/// ```
/// use pool_core::block_in_place;
/// # use std::sync::mpsc;
/// fn job(replies: mpsc::Receiver<u32>) -> u32 {
///     block_in_place(|| replies.recv().unwrap())
/// }
/// # let (send, receive) = mpsc::channel();
/// # send.send(1).unwrap();
/// # assert_eq!(job(receive), 1);
/// ```
pub fn block_in_place<R>(f: impl FnOnce() -> R) -> R {
    let _blocked = OURS.try_with(|ours| Blocked::new(ours.borrow().as_ref()?)).ok().flatten();
    f()
}

struct Blocked {
    worker_manager: Arc<dyn WorkerManager>,
    slot: usize,
}

impl Blocked {
    fn new((worker_manager, slot): &(Weak<dyn WorkerManager>, usize)) -> Option<Self> {
        let (worker_manager, slot) = (worker_manager.upgrade()?, *slot);
        worker_manager.blocked(slot);
        Some(Blocked { worker_manager, slot })
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        self.worker_manager.unblocked(self.slot);
    }
}
