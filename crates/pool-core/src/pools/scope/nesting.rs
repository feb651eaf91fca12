//! The scope around a scope: that of the job in which it was opened.
//!
//! A ticket of a nested scope lies in the queue of the scope around it, as one of its jobs, and not in the pool's. So a worker that
//! waits for a scope finds the scopes that its jobs have opened, which are what it waits for, and helps them ("leapfrogging", as
//! Wagner and Calder call it for forks, 1993); a worker that comes to the outermost scope by a ticket from the pool's queue finds
//! them as well, the oldest first.
//!
//! # The scope around lives for as long as it is used
//!
//! While a scope is open, the job in which it was opened has not ended, and neither has the scope of that job: a thread waits for
//! that, and the thread that runs the job holds what it is reached by. A scope reaches for the one around it when a job of its own has
//! not ended yet, or its owner has not gone on.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use super::state::ScopeState;
use crate::job::pool_context::PoolContext;
use crate::sync::Arc;

thread_local! {
    /// The scope whose jobs this thread runs, the innermost if there are several.
    static INNERMOST: Cell<*const Arc<ScopeState>> = const { Cell::new(ptr::null()) };
}

/// While it lives, the thread runs jobs of a scope.
pub(super) struct Turn<'a> {
    before: *const Arc<ScopeState>,
    scope: PhantomData<&'a Arc<ScopeState>>,
}

impl<'a> Turn<'a> {
    pub(super) fn of(scope: &'a Arc<ScopeState>) -> Self {
        Turn { before: INNERMOST.replace(scope), scope: PhantomData }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        INNERMOST.set(self.before);
    }
}

/// The scope around a scope, if there is one.
pub(super) struct Parent(AtomicPtr<Arc<ScopeState>>);

impl Parent {
    pub(super) fn none() -> Self {
        Parent(AtomicPtr::default())
    }

    /// The calling thread opens a scope in this pool.
    pub(super) fn note(&self, pool: &PoolContext) {
        let innermost = INNERMOST.get();
        // SAFETY: a `Turn` that is alive on this thread borrows what it points to.
        let fits = unsafe { innermost.as_ref() }.is_some_and(|scope| scope.may_be_parent(pool));
        self.0.store(if fits { innermost.cast_mut() } else { ptr::null_mut() }, Relaxed);
    }

    /// # Safety
    ///
    /// The scope inside is open: one of its jobs has not ended, or its owner has not gone on. So it is while the reference is used.
    pub(super) unsafe fn get(&self) -> Option<&Arc<ScopeState>> {
        // SAFETY: the scope inside was opened in a job that a `Turn` has run, and ends before that job. The turn borrows what this
        // points to, and its jobs end before it does.
        unsafe { self.0.load(Relaxed).as_ref() }
    }
}
