//! What the books know of a pool's workforce: that a worker is stuck, and that it is so no more.

use std::cell::{Cell, RefCell};
use std::sync::{OnceLock, Weak};

/// Who keeps up the number of workers that get on with their work.
pub(crate) trait Workforce: Send + Sync {
    /// A worker is stuck in its job.
    fn blocked(&self) {}

    /// One that was is so no more. Called once for each [`blocked`](Workforce::blocked), after it.
    fn unblocked(&self) {}
}

/// The place of the workforce in the books. Empty, nobody stands in for a worker that is stuck.
#[derive(Default)]
pub(crate) struct WorkforceSlot(OnceLock<Weak<dyn Workforce>>);

impl WorkforceSlot {
    /// Fills the place, once for all.
    pub(crate) fn set(&self, workforce: Weak<dyn Workforce>) {
        // A second one changes nothing.
        let _ = self.0.set(workforce);
    }

    pub(crate) fn get(&self) -> Weak<dyn Workforce> {
        struct Nobody;
        impl Workforce for Nobody {}
        self.0.get().cloned().unwrap_or_else(|| Weak::<Nobody>::new())
    }
}

thread_local! {
    /// The workforce that this thread belongs to.
    static OURS: RefCell<Option<Weak<dyn Workforce>>> = const { RefCell::new(None) };
    /// The thread is inside `block_in_place`.
    static BLOCKING: Cell<bool> = const { Cell::new(false) };
}

/// Makes this thread one of the workforce until the guard is dropped.
pub(crate) fn join_workforce(workforce: Weak<dyn Workforce>) -> Member {
    OURS.with_borrow_mut(|ours| *ours = Some(workforce));
    Member
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
/// its [spare seats](crate::Builder::spare_threads), if one is free. When the closure returns there is one worker too
/// many, and the first that has finished its job leaves; until then one job more runs than the pool has workers.
///
/// What lies in the mailbox of a worker that blocks (see [`PoolExt::execute_on`](crate::PoolExt::execute_on)) waits for it.
///
/// Outside a pool, inside another `block_in_place`, or without a spare seat, it just runs the closure. Panics come
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
    let ours = OURS.try_with(|ours| ours.borrow().as_ref().and_then(Weak::upgrade)).ok().flatten();
    let _blocked = ours.filter(|_| !BLOCKING.get()).map(|workforce| {
        workforce.blocked();
        BLOCKING.set(true);
        Blocked(workforce)
    });
    f()
}

struct Blocked(std::sync::Arc<dyn Workforce>);

impl Drop for Blocked {
    fn drop(&mut self) {
        BLOCKING.set(false);
        self.0.unblocked();
    }
}
