//! The scope around a scope: that of the job in which it was opened.
//!
//! A ticket of a nested scope lies in the queue of the scope around it, as one of its jobs, and not in the pool's. So a worker that
//! waits for a scope finds the scopes that its jobs have opened, which are what it waits for, and helps them ("leapfrogging", as
//! Wagner and Calder call it for forks, 1993); a worker that comes to the outermost scope by a ticket from the pool's queue finds
//! them as well, the oldest first.
//!
//! A worker that has come to a nested scope goes on there for as long as there is something, and then in the scope around it: to come
//! from the outermost scope takes a step for each that is nested. All of this is one [turn](TURN).
//!
//! In a pool whose workers [help](crate::Helping::Any) while they wait, tickets of nested scopes go to the pool's queue, where such workers
//! look.
//!
//! Where a scope has learnt that no worker will come to it any more (the pool takes no tickets), the tickets in its queue are dropped, which
//! says so to the scopes inside.
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

/// How many jobs of a scope, and of those inside, a worker runs before it looks at what else is queued.
pub(super) const TURN: usize = 32;

thread_local! {
    /// What is left of the turn in which this thread is about to run a ticket of a nested scope; 0 if there is none.
    static LENT: Cell<usize> = const { Cell::new(0) };
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

/// Whether this thread runs jobs of a scope, also in the midst of which it helps.
pub(super) fn is_in_turn() -> bool {
    !INNERMOST.get().is_null()
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        INNERMOST.set(self.before);
    }
}

/// What is left of a turn.
pub(super) struct TurnLeft {
    jobs: usize,
    is_lent: bool,
}

impl TurnLeft {
    pub(super) fn new() -> Self {
        TurnLeft { jobs: TURN, is_lent: false }
    }

    /// Of one that a ticket leads to: what is left of that in which the ticket was found, if it was not in the pool's queue.
    pub(super) fn of_ticket() -> Self {
        match LENT.take() {
            0 => TurnLeft::new(),
            jobs => TurnLeft { jobs, is_lent: true },
        }
    }

    pub(super) fn is_lent(&self) -> bool {
        self.is_lent
    }

    pub(super) fn is_over(&self) -> bool {
        self.jobs == 0
    }

    #[inline(always)]
    pub(super) fn ran_one(&mut self) {
        self.jobs = self.jobs.saturating_sub(1);
    }

    /// Calls what runs the ticket of a nested scope. This turn is not over.
    pub(super) fn lend<R>(&mut self, run: impl FnOnce() -> R) -> R {
        LENT.set(self.jobs);
        let result = run();
        self.jobs = LENT.take();
        result
    }

    /// At the end of a ticket's turn.
    pub(super) fn give_back(self) {
        if self.is_lent {
            LENT.set(self.jobs);
        }
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

    pub(super) fn is_some(&self) -> bool {
        !self.0.load(Relaxed).is_null()
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
