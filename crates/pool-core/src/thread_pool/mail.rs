//! Work for one given worker: a mailbox at each seat, read between two jobs.
//!
//! A mailbox is open while a worker sits in its seat, or is about to; a worker leaves only with an empty one. So mail is
//! read by a worker of that seat, at the latest when the pool ends, or given up when the seat is deserted.
//!
//! A thread that puts mail wakes the worker by name; a worker looks into its mailbox between two jobs, and once more when it has
//! announced that it is about to park: see [`parking`](crate::parking).
//!
//! # Parts of broadcasts
//!
//! They are messages, too, and lie before the jobs. A worker that waits inside a job, for the other parts of its own broadcast,
//! takes them from there; everything else has to wait until the job has ended. When there is none, it leaves
//! its thread here, announces itself to what it waits for, and parks; whoever puts a message takes the thread and unparks it.
//! One lock is around either, so the worker finds the message, or whoever puts it finds the thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use super::attention::{Attention, Matter};
use super::lane::give_back_room;
use crate::Job;

pub(super) struct Mail {
    boxes: Box<[Mailbox]>,
    inner: Mutex<Inner>,
}

/// What can be seen of a mailbox without the lock. Written under it.
#[derive(Default)]
struct Mailbox {
    is_open: AtomicBool,
    count: AtomicUsize,
}

struct Inner {
    /// Messages, which are no jobs, come first.
    jobs: Box<[VecDeque<Job>]>,
    /// Workers that wait for messages inside a job.
    waiting: Box<[Option<Thread>]>,
    total: usize,
}

impl Mail {
    pub(super) fn new(seats: usize) -> Self {
        let jobs = (0..seats).map(|_| VecDeque::new()).collect();
        let inner = Inner { jobs, waiting: vec![None; seats].into(), total: 0 };
        Mail { boxes: (0..seats).map(|_| Mailbox::default()).collect(), inner: Mutex::new(inner) }
    }

    /// A worker is about to sit here.
    pub(super) fn open(&self, seat: usize) {
        let _inner = self.lock();
        self.boxes[seat].is_open.store(true, SeqCst);
    }

    /// The worker leaves, unless there is mail for it.
    pub(super) fn close(&self, seat: usize) -> bool {
        let inner = self.lock();
        let is_empty = inner.jobs[seat].is_empty();
        if is_empty {
            self.boxes[seat].is_open.store(false, SeqCst);
        }
        is_empty
    }

    /// No worker will come here any more: returns what lies there.
    pub(super) fn abandon(&self, seat: usize, attention: &Attention) -> VecDeque<Job> {
        let mut inner = self.lock();
        self.boxes[seat].is_open.store(false, SeqCst);
        let jobs = std::mem::take(&mut inner.jobs[seat]);
        self.note(&mut inner, seat, attention);
        jobs
    }

    pub(super) fn is_open(&self, seat: usize) -> bool {
        self.boxes.get(seat).is_some_and(|mailbox| mailbox.is_open.load(SeqCst))
    }

    pub(super) fn open_seats(&self) -> impl Iterator<Item = usize> {
        (0..self.boxes.len()).filter(|seat| self.is_open(*seat))
    }

    /// Puts a job into a mailbox; returns it if no worker sits there.
    pub(super) fn put(&self, seat: usize, job: Job, attention: &Attention) -> Result<(), Job> {
        let mut inner = self.lock();
        if !self.is_open(seat) {
            return Err(job);
        }
        if job.is_job() {
            inner.jobs[seat].push_back(job);
        } else {
            let behind_messages = inner.jobs[seat].partition_point(|job| !job.is_job());
            inner.jobs[seat].insert(behind_messages, job);
            inner.waiting[seat].take().inspect(Thread::unpark);
        }
        self.note(&mut inner, seat, attention);
        Ok(())
    }

    /// Takes a message for the calling thread, which sits here. If there is none, the next one unparks it.
    pub(super) fn take_part(&self, seat: usize, attention: &Attention) -> Option<Job> {
        let mut inner = self.lock();
        let is_there = inner.jobs[seat].front().is_some_and(|job| !job.is_job());
        let message = if is_there { inner.jobs[seat].pop_front() } else { None };
        inner.waiting[seat] = message.is_none().then(thread::current);
        self.note(&mut inner, seat, attention);
        message
    }

    pub(super) fn take(&self, seat: usize, attention: &Attention) -> Option<Job> {
        if !self.has_mail(seat) {
            return None;
        }
        let mut inner = self.lock();
        let job = inner.jobs[seat].pop_front();
        give_back_room(&mut inner.jobs[seat]);
        self.note(&mut inner, seat, attention);
        job
    }

    /// Takes everything, of every seat.
    pub(super) fn take_all(&self, attention: &Attention) -> Vec<Job> {
        let mut inner = self.lock();
        let mut all = Vec::new();
        for seat in 0..self.boxes.len() {
            all.extend(std::mem::take(&mut inner.jobs[seat]));
            self.note(&mut inner, seat, attention);
        }
        all
    }

    /// Whether there is mail in this mailbox. Another thread may be about to take it.
    pub(super) fn has_mail(&self, seat: usize) -> bool {
        self.count(seat) != 0
    }

    fn count(&self, seat: usize) -> usize {
        self.boxes[seat].count.load(SeqCst)
    }

    /// Has those who only look see what has changed at this seat.
    fn note(&self, inner: &mut Inner, seat: usize, attention: &Attention) {
        let (before, now) = (self.count(seat), inner.jobs[seat].len());
        self.boxes[seat].count.store(now, SeqCst);
        inner.total = inner.total + now - before;
        attention.put(Matter::MAIL, inner.total != 0);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
