//! Waiting for a claimable job.

use std::thread;
use std::time::Instant;

use super::{Task, Waiter};
use crate::help::wait_helping;
use crate::helping::Awaited;
use crate::sync::task_state::TaskSnapshot;

/// What a waiter finds.
pub(crate) enum Wait {
    Done,
    /// Only the waiter can run the job.
    Orphaned,
    TimedOut,
}

impl<F: FnOnce() -> T, T> Task<F, T> {
    /// As [`wait_until`](Task::wait_until), without a deadline; a worker of a pool whose workers [help](crate::Helping) does so
    /// meanwhile.
    pub(crate) fn wait(&self) -> Wait {
        self.wait_helping(None);
        self.wait_until(None)
    }

    /// See [`Claim::wait_helping`](super::Claim::wait_helping).
    pub(super) fn wait_helping(&self, deadline: Option<Instant>) {
        if !self.is_over() {
            wait_helping(&Until { task: self, deadline });
        }
    }

    /// See [`Claim::wait_until`](super::Claim::wait_until).
    pub(super) fn wait_until(&self, deadline: Option<Instant>) -> Wait {
        let mut seen = self.state.look();
        loop {
            if seen.has_ended() {
                return Wait::Done;
            }
            if seen.is_left_alone() {
                return Wait::Orphaned;
            }
            seen = self.announce(Waiter::Thread(thread::current()));
            if seen.has_ended() || seen.is_left_alone() {
                continue;
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(left) if left.is_zero() => return Wait::TimedOut,
                Some(left) => thread::park_timeout(left),
            }
            seen = self.state.look();
        }
    }

    /// Waits until the job is done or orphaned. Before each sleep, the thread does other work as long as there is some: `works`
    /// returns whether it has, and if not, has the thread unparked when there is.
    pub(crate) fn wait_meanwhile(&self, mut works: impl FnMut() -> bool) -> Wait {
        wait_helping(self);
        loop {
            let seen = self.announce(Waiter::Thread(thread::current()));
            if seen.has_ended() {
                return Wait::Done;
            }
            if seen.is_left_alone() {
                return Wait::Orphaned;
            }
            if !works() {
                thread::park();
            }
        }
    }

    pub(super) fn announce(&self, waiter: Waiter) -> TaskSnapshot {
        let (seen, before) = self.state.wait(waiter);
        // It may be a waker, whose destructor is foreign code; no lock is held.
        drop(before);
        seen
    }
}

impl<F: FnOnce() -> T, T> Awaited for Task<F, T> {
    fn is_over(&self) -> bool {
        let seen = self.state.look();
        seen.has_ended() || seen.is_left_alone()
    }

    fn announce(&self) {
        Task::announce(self, Waiter::Thread(thread::current()));
    }
}

/// The end of a job, or a moment that may come first.
struct Until<'a, F, T> {
    task: &'a Task<F, T>,
    deadline: Option<Instant>,
}

impl<F: FnOnce() -> T, T> Awaited for Until<'_, F, T> {
    fn is_over(&self) -> bool {
        self.task.is_over() || self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    fn announce(&self) {
        Awaited::announce(self.task);
    }

    fn until(&self) -> Option<Instant> {
        self.deadline
    }
}
