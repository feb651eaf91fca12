//! Which slot the calling thread is in, if any: found in one thread-local read.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use pool_core::{PoolId, current};

use crate::channel::Channel;
use crate::worker::Worker;
use crate::worker_queues::{Owner, WorkerQueues};

#[derive(Clone, Copy)]
struct CurrentWorker {
    /// The pool of the worker that is here; `None` for a thread that uses a channel without a pool.
    pool: Option<PoolId>,
    slot: *const WorkerQueues,
    /// Holds a reference count while it is not null, so that the slot stays where it is.
    channel: *const Channel,
}

const NO_WORKER: CurrentWorker = CurrentWorker { pool: None, slot: ptr::null(), channel: ptr::null() };

thread_local! {
    // Without a destructor, so that it can be read until the thread's very end.
    static CURRENT: Cell<CurrentWorker> = const { Cell::new(NO_WORKER) };
}

/// Occupies this slot, unless another thread is in it or this thread is in another. Then it works as a thread from outside, which
/// is slower and otherwise the same.
pub(crate) fn enter(channel: &Arc<Channel>, index: usize) {
    let slot = &channel.slots[index];
    if !CURRENT.get().channel.is_null() || !slot.take() {
        return;
    }
    let pool = current().map(|worker| worker.pool);
    CURRENT.set(CurrentWorker { pool, slot, channel: Arc::into_raw(channel.clone()) });
}

/// Leaves this slot, if the calling thread is in it.
///
/// # Panics
///
/// Inside a join.
pub(crate) fn leave(slot: &WorkerQueues) {
    let here = CURRENT.get();
    if !ptr::eq(here.slot, slot) {
        return;
    }
    assert!(slot.stack.is_empty(), "a worker leaves its slot only when it is through with its forks");
    CURRENT.set(NO_WORKER);
    // No owner answers here until the next worker starts.
    slot.stack.stay_asked();
    slot.free();
    // SAFETY: the pointer came out of `Arc::into_raw` in `enter`, and it is not taken from `CURRENT` again.
    drop(unsafe { Arc::from_raw(here.channel) });
}

/// The owner of this slot, if that is the calling thread.
///
/// # Safety
///
/// The caller does not [`leave`] the slot while the result is in use.
#[inline]
pub(crate) unsafe fn owner_of(slot: &WorkerQueues) -> Option<Owner<'_>> {
    if ptr::eq(CURRENT.get().slot, slot) {
        // SAFETY: `CURRENT` names the slot that this thread has taken; the rest is passed on.
        Some(unsafe { Owner::new(slot) })
    } else {
        None
    }
}

/// The owner of a slot of this channel, if the calling thread is one.
///
/// # Safety
///
/// As for [`owner_of`].
#[inline]
pub(crate) unsafe fn owner_in(channel: &Channel) -> Option<Owner<'_>> {
    // SAFETY: the thread is in a slot of this channel; the rest is passed on.
    ptr::eq(CURRENT.get().channel, channel).then(|| unsafe { owner() })
}

/// Whether the calling thread is in a slot of this pool.
#[inline(always)]
pub(crate) fn is_at(pool: PoolId) -> bool {
    matches!(CURRENT.get().pool, Some(here) if here == pool)
}

/// The handle of the worker that the calling thread is in a pool, if it is one.
///
/// # Safety
///
/// As for [`owner_of`].
#[inline(always)]
pub(crate) unsafe fn worker_of_pool<'a>() -> Option<Worker<'a>> {
    // SAFETY: the thread is in a slot, as it is the worker of a pool; the rest is passed on.
    CURRENT.get().pool.map(|_| Worker::of(unsafe { owner() }))
}

/// What the channel shares that the calling thread is in.
///
/// # Safety
///
/// As for [`owner_of`].
pub(crate) unsafe fn channel<'a>() -> Option<&'a Channel> {
    // SAFETY: `CURRENT` keeps a reference count until the thread leaves, which it does not.
    unsafe { CURRENT.get().channel.as_ref() }
}

/// The owner of the slot that the calling thread is in.
///
/// # Safety
///
/// It is in one ([`is_at`]); and as for [`owner_of`].
#[inline(always)]
pub(crate) unsafe fn owner<'a>() -> Owner<'a> {
    // SAFETY: the slot is one of the channel's, of which `CURRENT` keeps a reference count until the thread leaves.
    let slot = unsafe { &*CURRENT.get().slot };
    // SAFETY: `CURRENT` names the slot that this thread has taken; the rest is passed on.
    unsafe { Owner::new(slot) }
}

/// The handle of the worker that the calling thread is, or of a thread that is in no slot.
///
/// # Safety
///
/// As for [`owner_of`].
pub(crate) unsafe fn worker_if_any<'a>() -> Worker<'a> {
    if CURRENT.get().slot.is_null() {
        return Worker::nowhere();
    }
    // SAFETY: the thread is in a slot; the rest is passed on.
    Worker::of(unsafe { owner() })
}
