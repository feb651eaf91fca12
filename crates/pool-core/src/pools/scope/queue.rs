//! The queue of a scope.

use std::sync::Mutex;

use crossbeam_deque::{Injector, Steal};

use crate::sync::lock;
use crate::{Job, JobOrder};

#[expect(
    clippy::large_enum_variant,
    reason = "nearly every scope has the large one, and it lies in one place"
)]
pub(super) enum JobQueue {
    OldestFirst(Injector<Job>),
    NewestFirst(Mutex<Vec<Job>>),
}

impl JobQueue {
    pub(super) fn new(order: JobOrder) -> Self {
        match order {
            JobOrder::OldestFirst => JobQueue::OldestFirst(Injector::new()),
            JobOrder::NewestFirst => JobQueue::NewestFirst(Mutex::new(Vec::new())),
        }
    }

    #[inline(always)]
    pub(super) fn push(&self, job: impl FnOnce() -> Job) {
        match self {
            JobQueue::OldestFirst(queue) => queue.push(job()),
            JobQueue::NewestFirst(stack) => {
                let job = job();
                lock(stack).push(job);
            }
        }
    }

    pub(super) fn pop(&self) -> Option<Job> {
        let queue = match self {
            JobQueue::OldestFirst(queue) => queue,
            JobQueue::NewestFirst(stack) => return lock(stack).pop(),
        };
        loop {
            match queue.steal() {
                Steal::Success(job) => return Some(job),
                Steal::Empty => return None,
                Steal::Retry => std::hint::spin_loop(),
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            JobQueue::OldestFirst(queue) => queue.is_empty(),
            JobQueue::NewestFirst(stack) => lock(stack).is_empty(),
        }
    }
}
