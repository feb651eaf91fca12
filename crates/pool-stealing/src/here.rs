//! Which seat the calling thread sits in, if any: found in one thread-local read.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use pool_core::{PoolId, current};

use crate::seat::{Owner, Seat};
use crate::shared::Shared;
use crate::sync::{lock, thread};

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
    *lock(&seat.thread) = Some(thread::current());
    HERE.set(Here { pool: current().map(|worker| worker.pool), seat, shared: Arc::into_raw(shared.clone()) });
}

/// Leaves this seat, if the calling thread sits in it.
pub(crate) fn leave(seat: &Seat) {
    let here = HERE.get();
    if !ptr::eq(here.seat, seat) {
        return;
    }
    HERE.set(NOWHERE);
    lock(&seat.thread).take();
    seat.leave();
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
    let here = HERE.get();
    if ptr::eq(here.shared, shared) {
        // SAFETY: the seat is one of `shared`'s, which is borrowed.
        let seat = unsafe { &*here.seat };
        // SAFETY: as in `owner_of`.
        Some(unsafe { Owner::new(seat) })
    } else {
        None
    }
}
