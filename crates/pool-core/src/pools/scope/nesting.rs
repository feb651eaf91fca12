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
//! not ended yet, or its owner has not gone on. It is kept as a [`Parent`](super::state::Parent).

use std::cell::Cell;

/// How many jobs of a scope, and of those inside, a worker runs before it looks at what else is queued.
pub(super) const TURN: usize = 32;

thread_local! {
    /// What is left of the turn in which this thread is about to run a ticket of a nested scope; 0 if there is none.
    static LENT: Cell<usize> = const { Cell::new(0) };
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
