//! The queue of a scope whose newest job runs first: a stack for each worker that starts jobs in it.
//!
//! A worker pushes to its own lane and pops the newest from there; when that is empty it takes the oldest of another lane, and up
//! to half of the rest for later. In a tree of jobs those stand for the most work, and what is queued at any time is a few
//! jobs for each level.
//!
//! Most scopes of a recursion are opened, filled and emptied by one worker. So the lane of the worker that opens the scope lies in
//! the scope itself, and the others are made when another worker pushes or steals. A lane is a mutex that its owner alone
//! wants, but for thieves, who come once in a batch. What a scope gets from outside lies in a queue that all take from, the oldest
//! first.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock};

use crossbeam_deque::{Injector, Steal};
use crossbeam_utils::CachePadded;

use crate::Job;
use crate::sync::lock;
use crate::sync::spin_then_lock::try_lock_spinning;

/// The most jobs that a thief takes at once. As many as a worker runs in a [turn](super::TURN).
const BATCH: usize = 32;

/// An empty lane keeps room for so many jobs, 2 KiB.
const KEPT: usize = 64;

pub(super) struct Lanes {
    workers: usize,
    /// The worker whose lane `home` is, if it is a worker that has opened the scope.
    owner: Option<usize>,
    home: Lane,
    /// Of a scope that was opened from outside.
    outside: Option<Box<Injector<Job>>>,
    others: OnceLock<Box<[CachePadded<Lane>]>>,
}

/// A job, and whether the thread has taken more of them for later, which no other thread could see meanwhile.
pub(super) struct Taken {
    pub(super) job: Job,
    pub(super) more: bool,
}

impl Lanes {
    pub(super) fn new(workers: usize, owner: Option<usize>) -> Self {
        let outside = owner.is_none().then(Box::default);
        Lanes { workers, owner, home: Lane::default(), outside, others: OnceLock::new() }
    }

    #[inline]
    pub(super) fn push(&self, job: Job, here: Option<usize>) {
        match &self.outside {
            Some(outside) if here.is_none() => outside.push(job),
            _ => self.lane_of(here).push(job),
        }
    }

    #[inline]
    pub(super) fn pop(&self, here: Option<usize>) -> Option<Taken> {
        let own =
            if here.is_some() && here == self.owner { Some(&self.home) } else { self.made_lane_of(here) };
        let job = own.and_then(Lane::pop_newest).or_else(|| self.pop_outside());
        match job {
            Some(job) => Some(Taken { job, more: false }),
            // There is no other lane.
            None if self.others.get().is_none() && own.is_some() => None,
            None => self.steal(here),
        }
    }

    #[inline]
    fn pop_outside(&self) -> Option<Job> {
        let outside = self.outside.as_ref()?;
        loop {
            match outside.steal() {
                Steal::Success(job) => return Some(job),
                Steal::Empty => return None,
                Steal::Retry => std::hint::spin_loop(),
            }
        }
    }

    /// A worker steals into its own lane. A thread from outside has none, and takes one job.
    #[cold]
    fn steal(&self, here: Option<usize>) -> Option<Taken> {
        if self.is_empty() {
            return None;
        }
        let own = here.is_some().then(|| self.lane_of(here));
        self.lanes()
            .filter(|lane| own.is_none_or(|own| !std::ptr::eq(*lane, own)))
            .find_map(|lane| lane.steal(own))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.home.is_empty()
            && self.outside.as_ref().is_none_or(|outside| outside.is_empty())
            && self.others.get().is_none_or(|others| others.iter().all(|lane| lane.is_empty()))
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        let others = self.others.get().into_iter().flatten();
        std::iter::once(&self.home).chain(others.map(|lane| &**lane))
    }

    #[inline]
    fn lane_of(&self, here: Option<usize>) -> &Lane {
        match here {
            Some(worker) if here != self.owner => self.other(worker),
            _ => &self.home,
        }
    }

    /// As [`lane_of`](Lanes::lane_of), if the worker's lane has been made.
    #[inline]
    fn made_lane_of(&self, here: Option<usize>) -> Option<&Lane> {
        Some(&self.others.get()?[here?])
    }

    fn other(&self, worker: usize) -> &Lane {
        let others = self.others.get_or_init(|| (0..self.workers).map(|_| CachePadded::default()).collect());
        &others[worker]
    }
}

#[derive(Default)]
struct Lane {
    /// The length of `jobs`, for those who look whether it is empty.
    len: AtomicUsize,
    jobs: Mutex<VecDeque<Job>>,
}

impl Lane {
    fn is_empty(&self) -> bool {
        self.len.load(Relaxed) == 0
    }

    #[inline]
    fn push(&self, job: Job) {
        let mut jobs = self.lock();
        jobs.push_back(job);
        self.len.store(jobs.len(), Relaxed);
    }

    #[inline]
    fn pop_newest(&self) -> Option<Job> {
        if self.is_empty() {
            return None;
        }
        let mut jobs = self.lock();
        let job = jobs.pop_back();
        self.settle(&mut jobs);
        job
    }

    /// Takes the oldest job, and up to half of the others into the thief's own lane, which is empty.
    #[cold]
    fn steal(&self, own: Option<&Lane>) -> Option<Taken> {
        if self.is_empty() {
            return None;
        }
        // Two locks at once, of two thieves that steal from each other, would be a deadlock.
        let mut batch = own.map(|own| mem::take(&mut *own.lock()));
        let job = self.take_oldest(batch.as_mut());
        let more = batch.as_ref().is_some_and(|batch| !batch.is_empty());
        if let (Some(own), Some(batch)) = (own, batch) {
            own.give_back(batch);
        }
        job.map(|job| Taken { job, more })
    }

    /// Puts the jobs below what was pushed meanwhile: a pool of another crate may give several workers one number.
    fn give_back(&self, mut batch: VecDeque<Job>) {
        let mut jobs = self.lock();
        batch.append(&mut jobs);
        *jobs = batch;
        self.len.store(jobs.len(), Relaxed);
    }

    /// The next job to pop of the batch is its oldest.
    fn take_oldest(&self, batch: Option<&mut VecDeque<Job>>) -> Option<Job> {
        let mut jobs = self.lock();
        let job = jobs.pop_front();
        if let Some(batch) = batch {
            let more = (jobs.len() / 2).min(BATCH - 1);
            jobs.drain(..more).for_each(|job| batch.push_front(job));
        }
        self.settle(&mut jobs);
        job
    }

    /// Notes the length, and gives back what a burst has left.
    #[inline]
    fn settle(&self, jobs: &mut VecDeque<Job>) {
        self.len.store(jobs.len(), Relaxed);
        if jobs.is_empty() && jobs.capacity() > KEPT {
            *jobs = VecDeque::new();
        }
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, VecDeque<Job>> {
        try_lock_spinning(&self.jobs).unwrap_or_else(|| lock(&self.jobs))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Notes in which order its jobs run.
    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<Vec<usize>>>);

    impl Notes {
        fn push(&self, lanes: &Lanes, here: Option<usize>, jobs: impl IntoIterator<Item = usize>) {
            for n in jobs {
                let notes = self.0.clone();
                lanes.push(Job::new(move || notes.lock().unwrap().push(n)), here);
            }
        }

        fn run(&self, lanes: &Lanes, here: Option<usize>, jobs: usize) -> Vec<usize> {
            (0..jobs).for_each(|_| lanes.pop(here).expect("there is a job").job.run());
            mem::take(&mut self.0.lock().unwrap())
        }
    }

    #[test]
    fn a_worker_takes_its_newest_and_others_take_its_oldest() {
        for owner in [0, 1] {
            let (lanes, notes) = (Lanes::new(2, Some(0)), Notes::default());
            notes.push(&lanes, Some(owner), 0..10);
            assert_eq!(notes.run(&lanes, Some(owner), 2), [9, 8]);
            // It takes 0, and half of the seven others for later.
            assert_eq!(notes.run(&lanes, Some(1 - owner), 4), [0, 1, 2, 3]);
            assert_eq!(notes.run(&lanes, Some(owner), 4), [7, 6, 5, 4]);
            assert!(lanes.is_empty() && lanes.pop(None).is_none());
        }
    }

    #[test]
    fn what_a_thread_from_outside_has_pushed_is_taken_in_its_order() {
        let (lanes, notes) = (Lanes::new(1, None), Notes::default());
        notes.push(&lanes, None, 0..100);
        assert_eq!(notes.run(&lanes, Some(0), 60), Vec::from_iter(0..60));
        assert_eq!(notes.run(&lanes, None, 40).len(), 40);
    }

    #[test]
    fn what_comes_from_outside_into_the_scope_of_a_worker_is_taken_as_well() {
        let (lanes, notes) = (Lanes::new(1, Some(0)), Notes::default());
        notes.push(&lanes, None, 0..2);
        assert!(!lanes.is_empty());
        assert_eq!(notes.run(&lanes, None, 1), [0]);
        assert_eq!(notes.run(&lanes, Some(0), 1), [1]);
        assert!(lanes.is_empty());
    }

    #[test]
    fn a_batch_that_was_taken_for_later_is_seen_by_others() {
        let (lanes, notes) = (Lanes::new(3, Some(0)), Notes::default());
        notes.push(&lanes, Some(0), 0..1000);
        let taken = lanes.pop(Some(1)).unwrap();
        assert!(taken.more && lanes.other(1).len.load(Relaxed) == BATCH - 1);
        taken.job.run();
        assert_eq!(notes.run(&lanes, Some(2), 999).len(), 1000);
        assert!(lanes.is_empty());
    }

    #[test]
    fn an_emptied_lane_gives_a_burst_back() {
        let (lanes, notes) = (Lanes::new(1, Some(0)), Notes::default());
        notes.push(&lanes, Some(0), 0..1000);
        assert_eq!(notes.run(&lanes, Some(0), 1000).len(), 1000);
        assert!(lanes.home.lock().capacity() <= KEPT);
    }
}
