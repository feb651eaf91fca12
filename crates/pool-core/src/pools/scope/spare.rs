//! Scopes that have ended, kept for the next ones that the same worker opens.
//!
//! In a recursion each scope has a few jobs, and to make its state, with the room for its jobs, takes as long as to run some of them.
//! What is kept is the whole, of scopes whose newest job runs first, when nothing else holds it any more: a ticket that is left in a
//! queue, or a handle.

use std::cell::RefCell;

use super::ScopeState;
use super::queue::JobQueue;
use crate::adapter::PoolContext;
use crate::sync::Arc;

/// So many at most: a recursion leaves one at each level.
const KEPT: usize = 16;

thread_local! {
    /// Those of one pool.
    static SPARE: RefCell<Vec<Arc<ScopeState>>> = const { RefCell::new(Vec::new()) };
}

/// A scope of this pool that has ended and was opened at this [home](ScopeState::home), if there is one.
pub(super) fn take(context: &Arc<PoolContext>, home: Option<usize>) -> Option<Arc<ScopeState>> {
    let home = home.filter(|_| !context.is_forked())?;
    let fits = |state: &Arc<ScopeState>| Arc::ptr_eq(&state.context, context) && state.home == Some(home);
    let taken = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if fits(spare.last()?) { spare.pop().map(Ok) } else { Some(Err(std::mem::take(&mut *spare))) }
    });
    // Those of another pool go, outside the cell: they may be the last to hold something of a program's.
    taken.ok().flatten()?.ok()
}

/// The scope has ended: keeps it, if nothing holds it but the caller.
pub(super) fn keep(mut state: Arc<ScopeState>) {
    let is_good = Arc::get_mut(&mut state).is_some_and(|state| {
        matches!(state.jobs, JobQueue::NewestFirst(_)) && !state.context.is_forked() && state.renew()
    });
    if is_good {
        // Returned if it finds no place, so that it is dropped outside the cell.
        let _full = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < KEPT {
                spare.push(state);
                return None;
            }
            Some(state)
        });
    }
}
