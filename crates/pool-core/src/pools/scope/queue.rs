//! The queue of a scope.

use crossbeam_deque::{Injector, Steal};

use super::lanes::Lanes;
use crate::{Job, JobOrder};

// The injectors are in boxes, since they are aligned to more than an allocator gives without effort.
#[repr(u8)]
pub(super) enum JobQueue {
    /// The tickets of nested scopes lie in lanes, from which their workers can take them back.
    OldestFirst(Box<Injector<Job>>, Lanes),
    NewestFirst(Lanes),
    /// The newest first, in a scope that was opened outside the pool: what comes from there lies in a queue of its own, which all take
    /// from, the oldest first.
    NewestFirstFromOutside(Box<Injector<Job>>, Lanes),
}

impl JobQueue {
    /// `home` is the worker that opens the scope, if one thread alone has its number.
    pub(super) fn new(order: JobOrder, workers: usize, home: Option<usize>) -> Self {
        let lanes = Lanes::new(workers, home);
        match order {
            JobOrder::OldestFirst => JobQueue::OldestFirst(Box::default(), lanes),
            JobOrder::NewestFirst if home.is_some() => JobQueue::NewestFirst(lanes),
            JobOrder::NewestFirst => JobQueue::NewestFirstFromOutside(Box::default(), lanes),
        }
    }

    /// `here` is the worker that pushes.
    #[inline(always)]
    pub(super) fn push(&self, job: impl FnOnce() -> Job, here: Option<usize>) {
        match self {
            JobQueue::OldestFirst(injector, _) => injector.push(job()),
            JobQueue::NewestFirstFromOutside(injector, _) if here.is_none() => injector.push(job()),
            JobQueue::NewestFirst(lanes) | JobQueue::NewestFirstFromOutside(_, lanes) => {
                lanes.push(job(), here)
            }
        }
    }

    /// Pushes the ticket of a nested scope.
    pub(super) fn push_ticket(&self, ticket: Job, here: Option<usize>) {
        self.lanes().push(ticket, here);
    }

    /// Takes the tickets of nested scopes out.
    #[cold]
    pub(super) fn take_tickets(&self) -> Vec<Job> {
        self.lanes().take_tickets()
    }

    /// Takes a job for this worker, or for a thread that is none, into the empty slot. Returns whether the thread has taken more
    /// of them for later, which no other could see meanwhile.
    // Into the slot, and always inlined: a job that is returned is moved twice, which costs more than to take it.
    #[inline(always)]
    pub(super) fn pop(&self, here: Option<usize>, slot: &mut Option<Job>) -> bool {
        let lanes = match self {
            JobQueue::OldestFirst(injector, lanes) => {
                steal(injector, slot);
                if slot.is_none() {
                    lanes.pop_newest(here, slot);
                }
                lanes
            }
            JobQueue::NewestFirst(lanes) => {
                lanes.pop_newest(here, slot);
                lanes
            }
            JobQueue::NewestFirstFromOutside(injector, lanes) => {
                lanes.pop_newest(here, slot);
                if slot.is_none() {
                    steal(injector, slot);
                }
                lanes
            }
        };
        slot.is_none() && lanes.steal(here, slot)
    }

    /// Takes the newest of what this worker has pushed to its lane, if it is such.
    pub(super) fn pop_newest_if(&self, worker: usize, is_such: fn(&mut Job) -> bool) -> Option<Job> {
        self.lanes().pop_newest_if(worker, is_such)
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            JobQueue::NewestFirst(lanes) => lanes.is_empty(),
            JobQueue::OldestFirst(injector, lanes) | JobQueue::NewestFirstFromOutside(injector, lanes) => {
                injector.is_empty() && lanes.is_empty()
            }
        }
    }

    fn lanes(&self) -> &Lanes {
        match self {
            JobQueue::NewestFirst(lanes)
            | JobQueue::OldestFirst(_, lanes)
            | JobQueue::NewestFirstFromOutside(_, lanes) => lanes,
        }
    }
}

/// Takes the oldest job into the empty slot.
#[inline(always)]
fn steal(injector: &Injector<Job>, slot: &mut Option<Job>) {
    loop {
        match injector.steal() {
            Steal::Success(job) => return *slot = Some(job),
            Steal::Empty => return,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Runs so many jobs, and says which they were.
    fn run(queue: &JobQueue, here: Option<usize>, ran: &Mutex<Vec<usize>>, jobs: usize) -> Vec<usize> {
        let mut slot = None;
        for _ in 0..jobs {
            queue.pop(here, &mut slot);
            slot.take().expect("there is a job").run();
        }
        std::mem::take(&mut ran.lock().unwrap())
    }

    #[test]
    fn what_a_thread_from_outside_has_pushed_is_taken_in_its_order() {
        for order in [JobOrder::NewestFirst, JobOrder::OldestFirst] {
            let (queue, ran) = (JobQueue::new(order, 1, None), Arc::default());
            for n in 0..100 {
                let ran: Arc<Mutex<Vec<usize>>> = Arc::clone(&ran);
                queue.push(|| Job::new(move || ran.lock().unwrap().push(n)), None);
            }
            assert_eq!(run(&queue, Some(0), &ran, 60), Vec::from_iter(0..60));
            assert_eq!(run(&queue, None, &ran, 40), Vec::from_iter(60..100));
            assert!(queue.is_empty());
        }
    }
}
