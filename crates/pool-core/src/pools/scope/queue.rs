//! The queue of a scope.

use crossbeam_deque::{Injector, Steal};

use super::lanes::{Lanes, Taken};
use crate::{Job, JobOrder};

pub(super) enum JobQueue {
    // In a box, since it is aligned to more than an allocator gives without effort.
    OldestFirst(Box<Injector<Job>>),
    NewestFirst(Lanes),
}

impl JobQueue {
    /// `home` is the worker that opens the scope, if one thread alone has its number.
    pub(super) fn new(order: JobOrder, workers: usize, home: Option<usize>) -> Self {
        match order {
            JobOrder::OldestFirst => JobQueue::OldestFirst(Box::default()),
            JobOrder::NewestFirst => JobQueue::NewestFirst(Lanes::new(workers, home)),
        }
    }

    /// `here` is the worker that pushes.
    #[inline(always)]
    pub(super) fn push(&self, job: impl FnOnce() -> Job, here: Option<usize>) {
        match self {
            JobQueue::OldestFirst(queue) => queue.push(job()),
            JobQueue::NewestFirst(lanes) => lanes.push(job(), here),
        }
    }

    /// Takes a job for this worker, or for a thread that is none.
    pub(super) fn pop(&self, here: Option<usize>) -> Option<Taken> {
        let queue = match self {
            JobQueue::OldestFirst(queue) => queue,
            JobQueue::NewestFirst(lanes) => return lanes.pop(here),
        };
        loop {
            match queue.steal() {
                Steal::Success(job) => return Some(Taken { job, more: false }),
                Steal::Empty => return None,
                Steal::Retry => std::hint::spin_loop(),
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            JobQueue::OldestFirst(queue) => queue.is_empty(),
            JobQueue::NewestFirst(lanes) => lanes.is_empty(),
        }
    }
}
