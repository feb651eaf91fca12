//! Work for one given worker: a mailbox at each seat, read between two jobs.
//!
//! A mailbox is open while a worker sits in its seat, or is about to; a worker leaves only with an empty one. So mail is
//! read by a worker of that seat, at the latest when the pool ends, or given up when the seat is deserted.
//!
//! # Waking one given worker
//!
//! A discipline wakes some worker, not a given one. So whoever puts mail pushes a no-op job, a *nudge*. A worker that
//! comes by a message (a nudge or another ticket) while there is mail for another worker that waits for work pushes a
//! nudge on, and steps back until that mail is read or half a millisecond has passed, so that it does not come by its
//! own nudge again. Those that have stepped back do not wait in the channel, so the nudge comes to the right one after
//! as many steps as there are workers, at most.
//!
//! No mail is forgotten while its worker waits:
//!
//! - sender: put the mail; push a nudge.
//! - its worker: say that it waits ([`Idle::begin`](crate::strategy::Idle::begin)); fence; look into the mailbox; wait.
//! - any worker with a nudge: fence; look whether the mail's worker waits; if so, push the nudge on.
//!
//! If the last finds that its worker does not wait, its fence came before the worker's, so the worker's look comes
//! after the mail was put, and finds it. (The model is in `spell`.) A nudge that the queue has no room for lies in the side
//! lane, where no ticket is forgotten. Only where a discipline lets jobs wait for one worker while others idle (pool-mpsc
//! with a batch), a nudge may have to wait as well.

//!
//! # Parts of broadcasts
//!
//! They are messages, too, and lie before the jobs. A worker that waits inside a job, for the other parts of its own broadcast,
//! takes them from there; everything else has to wait until the job has ended. When there is none, it leaves
//! its thread here, announces itself to what it waits for, and parks; whoever puts a message takes the thread and unparks it.
//! One lock is around either, so the worker finds the message, or whoever puts it finds the thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use super::attention::{Attention, Matter};
use super::lane::give_back_room;
use crate::Job;

/// How long a worker steps back at most for another to come by a nudge: some wake-ups.
const STEP: Duration = Duration::from_micros(500);

pub(super) struct Mail {
    boxes: Box<[Mailbox]>,
    inner: Mutex<Inner>,
    read: Condvar,
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
        Mail {
            boxes: (0..seats).map(|_| Mailbox::default()).collect(),
            inner: Mutex::new(inner),
            read: Condvar::new(),
        }
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
        if self.count(seat).load(SeqCst) == 0 {
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

    /// How many jobs lie in this mailbox, for its worker to look at.
    pub(super) fn count(&self, seat: usize) -> &AtomicUsize {
        &self.boxes[seat].count
    }

    /// The seats other than this one that have mail.
    pub(super) fn others(&self, seat: usize) -> impl Iterator<Item = usize> {
        (0..self.boxes.len()).filter(move |other| *other != seat && self.count(*other).load(SeqCst) != 0)
    }

    /// Waits until somebody has read mail, but not for long.
    pub(super) fn step_back(&self, awaited: usize) {
        let inner = self.lock();
        let unread = |_: &mut Inner| self.count(awaited).load(SeqCst) != 0;
        drop(self.read.wait_timeout_while(inner, STEP, unread).unwrap_or_else(PoisonError::into_inner));
    }

    /// Has those who only look see what has changed at this seat.
    fn note(&self, inner: &mut Inner, seat: usize, attention: &Attention) {
        let (before, now) = (self.count(seat).load(SeqCst), inner.jobs[seat].len());
        self.count(seat).store(now, SeqCst);
        inner.total = inner.total + now - before;
        attention.put(Matter::MAIL, inner.total != 0);
        if now < before {
            self.read.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
