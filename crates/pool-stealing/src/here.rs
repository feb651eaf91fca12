//! Which seat the calling thread sits in, if any: found in one thread-local read.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use pool_core::{PoolId, current};

use crate::seat::{Owner, Seat};
use crate::shared::Shared;
use crate::worker::Worker;

#[derive(Clone, Copy)]
struct Here {
    /// The pool of the worker that sits here; `None` for a thread that sits at a channel without a pool.
    pool: Option<PoolId>,
    seat: *const Seat,
    /// Holds a reference count while it is not null, so that the seat stays where it is.
    shared: *const Shared,
}

const NOWHERE: Here = Here { pool: None, seat: ptr::null(), shared: ptr::null() };

thread_local! {
    // Without a destructor, so that it can be read until the thread's very end.
    static HERE: Cell<Here> = const { Cell::new(NOWHERE) };
}

/// Sits down in this seat. Not if somebody else sits in it or the thread sits somewhere already; then it works from
/// outside, which is slower and otherwise the same.
pub(crate) fn sit(shared: &Arc<Shared>, index: usize) {
    let seat = &shared.seats[index];
    if !HERE.get().shared.is_null() || !seat.take() {
        return;
    }
    let pool = current().map(|worker| worker.pool);
    HERE.set(Here { pool, seat, shared: Arc::into_raw(shared.clone()) });
}

/// Leaves this seat, if the calling thread sits in it.
///
/// # Panics
///
/// Inside a join.
pub(crate) fn leave(seat: &Seat) {
    let here = HERE.get();
    if !ptr::eq(here.seat, seat) {
        return;
    }
    assert!(seat.stack.is_empty(), "a worker leaves its seat only when it is through with its forks");
    HERE.set(NOWHERE);
    // Nobody will answer here until somebody sits down.
    seat.stack.stay_asked();
    seat.free();
    // SAFETY: the pointer came out of `Arc::into_raw` in `sit`, and nobody will take it from `HERE` again.
    drop(unsafe { Arc::from_raw(here.shared) });
}

/// The owner of this seat, if that is the calling thread.
///
/// # Safety
///
/// The caller does not [`leave`] the seat while the result is in use.
#[inline]
pub(crate) unsafe fn owner_of(seat: &Seat) -> Option<Owner<'_>> {
    if ptr::eq(HERE.get().seat, seat) {
        // SAFETY: `HERE` names the seat that this thread has taken; the rest is passed on.
        Some(unsafe { Owner::new(seat) })
    } else {
        None
    }
}

/// The owner of a seat of this channel, if the calling thread is one.
///
/// # Safety
///
/// As for [`owner_of`].
#[inline]
pub(crate) unsafe fn owner_in(shared: &Shared) -> Option<Owner<'_>> {
    // SAFETY: the thread sits in a seat of `shared`; the rest is passed on.
    ptr::eq(HERE.get().shared, shared).then(|| unsafe { owner() })
}

/// Whether the calling thread sits in a seat of this pool.
#[inline(always)]
pub(crate) fn is_at(pool: PoolId) -> bool {
    matches!(HERE.get().pool, Some(here) if here == pool)
}

/// What the channel shares in which the calling thread sits.
///
/// # Safety
///
/// As for [`owner_of`].
pub(crate) unsafe fn shared<'a>() -> Option<&'a Shared> {
    // SAFETY: `HERE` keeps a reference count until the thread leaves, which it does not.
    unsafe { HERE.get().shared.as_ref() }
}

/// The owner of the seat in which the calling thread sits.
///
/// # Safety
///
/// It does sit in one ([`is_at`]); and as for [`owner_of`].
#[inline(always)]
pub(crate) unsafe fn owner<'a>() -> Owner<'a> {
    // SAFETY: the seat is one of those in `shared`, of which `HERE` keeps a reference count until the thread leaves.
    let seat = unsafe { &*HERE.get().seat };
    // SAFETY: `HERE` names the seat that this thread has taken; the rest is passed on.
    unsafe { Owner::new(seat) }
}

/// The handle of the worker that the calling thread is, or that of one who sits nowhere.
///
/// # Safety
///
/// As for [`owner_of`].
pub(crate) unsafe fn worker_if_any<'a>() -> Worker<'a> {
    if HERE.get().seat.is_null() {
        return Worker::nowhere();
    }
    // SAFETY: the thread sits somewhere; the rest is passed on.
    Worker::of(unsafe { owner() })
}
