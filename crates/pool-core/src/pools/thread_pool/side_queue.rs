//! Tickets that found the queue full, and jobs that would otherwise be run in place too [deep](crate::job::in_place).
//!
//! A ticket leads a worker to work that is kept elsewhere, and losing one could leave that work undone, so a
//! bounded queue's limit cannot be for tickets. One that is refused goes to this side queue, which workers look at
//! after every pop: before they run what they popped, they try to queue the oldest of the side queue in the room that the pop
//! made, so that others can take it; afterwards they run what is in the side queue by then, so that nothing waits for ever. What
//! comes in meanwhile is for the time after the next pop, or a job that submits its next step would keep its worker
//! from the queue.
//!
//! Nothing is forgotten: a worker looks whether the side queue is empty before it parks, as with any queue; a thread that puts
//! something here then wakes a worker if one is needed. A worker that finds the channel
//! closed empties the side queue: nothing is put here after that.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::signals::{Signal, Signals};
use crate::job::Runnable;
use crate::job::context::JobContext;
use crate::job::context::RunContext;
use crate::strategy::KEPT_JOBS;
use crate::{Job, Reason};

#[derive(Default)]
pub(super) struct SideQueue {
    kept: Mutex<VecDeque<Job>>,
}

impl SideQueue {
    pub(super) fn put(&self, ticket: Job, signals: &Signals) {
        self.change(signals, |kept| kept.push_back(ticket));
    }

    /// Returns the oldest to its place.
    pub(super) fn put_back(&self, ticket: Job, signals: &Signals) {
        self.change(signals, |kept| kept.push_front(ticket));
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Takes the oldest.
    #[inline]
    pub(super) fn take_one(&self, signals: &Signals) -> Option<Job> {
        if signals.now().has(Signal::SIDE_QUEUE) { self.change(signals, VecDeque::pop_front) } else { None }
    }

    /// Takes what is there now.
    pub(super) fn take_all(&self, signals: &Signals) -> VecDeque<Job> {
        self.change(signals, std::mem::take)
    }

    /// Takes the jobs, and leaves the tickets.
    pub(super) fn take_jobs(&self, signals: &Signals) -> VecDeque<Job> {
        self.change(signals, |kept| {
            let (jobs, tickets) = std::mem::take(kept).into_iter().partition(Job::is_job);
            *kept = tickets;
            jobs
        })
    }

    #[cold]
    fn change<T>(&self, signals: &Signals, change: impl FnOnce(&mut VecDeque<Job>) -> T) -> T {
        let mut kept = self.lock();
        let result = change(&mut kept);
        give_back_room(&mut kept);
        signals.put(Signal::SIDE_QUEUE, !kept.is_empty());
        result
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that was taken out of the queue to be given up, for a worker to do that.
pub(super) struct Displaced(pub(super) Job);

impl Runnable for Displaced {
    const IS_JOB: bool = false;

    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        self.discard(Reason::Displaced, cx.map(RunContext::context));
        Ok(None)
    }

    fn discard(self, _: Reason, context: Option<&JobContext>) {
        match context {
            Some(context) => context.discard(self.0, Reason::Displaced),
            None => self.0.discard(Reason::Displaced),
        }
    }

    /// The job is not given back: its submitter's pool has given it up.
    fn release(&mut self) -> bool {
        false
    }
}

/// Gives back what a burst has left, at once: beside what mail and refused tickets cost anyway, to allocate anew is nothing.
#[inline]
pub(super) fn give_back_room(jobs: &mut VecDeque<Job>) {
    if jobs.is_empty() && jobs.capacity() > KEPT_JOBS {
        *jobs = VecDeque::new();
    }
}

/// A job that does nothing.
struct Noop;

impl Job {
    /// What a worker takes for no job and does not count, and that does nothing. For disciplines that have to put something
    /// into a queue.
    pub fn noop() -> Job {
        Job::from_task(Noop)
    }
}

impl Runnable for Noop {
    const IS_JOB: bool = false;

    fn run(self, _: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        Ok(None)
    }

    fn discard(self, _: Reason, _: Option<&JobContext>) {}

    fn release(&mut self) -> bool {
        false
    }
}
