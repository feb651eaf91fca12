//! Work for one given worker: a mailbox at each slot, read between two jobs.
//!
//! A mailbox takes mail while a worker is in its slot, or is about to; a worker leaves only with an empty one. So mail is
//! read by a worker of that slot, at the latest when the pool ends, or given up when the slot is disabled.
//!
//! A thread that puts mail wakes the worker by name; a worker looks into its mailbox between two jobs, and once more when it has
//! announced that it is about to park: see [`parking`](crate::sync::parking).
//!
//! # Parts of broadcasts
//!
//! They are messages, too, and lie before the jobs. A worker that waits inside a job, for the other parts of its own broadcast,
//! takes them from there; everything else has to wait until the job has ended. When there is none, it leaves
//! its thread here, announces itself to what it waits for, and parks; a thread that puts a message takes that thread from here and unparks
//! it.
//! One lock is around either, so the worker finds the message, or the sender finds the worker.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use super::side_queue::give_back_room;
use super::signals::{Signal, Signals};
use crate::Job;

pub(super) struct Mailboxes {
    boxes: Box<[MailboxFlags]>,
    inner: Mutex<Inner>,
}

/// No worker is here, and none is about to be.
const CLOSED: u8 = 0;
/// A thread was started that is to be the worker here.
const EXPECTED: u8 = 1;
/// A worker is here, or is to be as the pool is built.
const OPEN: u8 = 2;

/// What can be seen of a mailbox without the lock. Written under it.
#[derive(Default)]
struct MailboxFlags {
    state: AtomicU8,
    count: AtomicUsize,
}

struct Inner {
    /// Messages, which are no jobs, come first.
    jobs: Box<[VecDeque<Job>]>,
    /// Workers that wait for messages inside a job.
    waiting: Box<[Option<Thread>]>,
    total: usize,
    /// Messages do not come first: a worker that waits inside a job reads all its mail.
    in_order: bool,
}

impl Mailboxes {
    pub(super) fn new(slots: usize, in_order: bool) -> Self {
        let jobs = (0..slots).map(|_| VecDeque::new()).collect();
        let inner = Inner { jobs, waiting: vec![None; slots].into(), total: 0, in_order };
        Mailboxes { boxes: (0..slots).map(|_| MailboxFlags::default()).collect(), inner: Mutex::new(inner) }
    }

    /// A worker is here.
    pub(super) fn open(&self, slot: usize) {
        let _inner = self.lock();
        self.boxes[slot].state.store(OPEN, SeqCst);
    }

    /// A thread has been started that will [open](Mailboxes::open) it, or [abandon](Mailboxes::abandon) it, and has not got so far.
    pub(super) fn expect(&self, slot: usize) {
        let _inner = self.lock();
        self.boxes[slot].state.fetch_max(EXPECTED, SeqCst);
    }

    /// The worker leaves, unless there is mail for it.
    pub(super) fn close(&self, slot: usize) -> bool {
        let inner = self.lock();
        let is_empty = inner.jobs[slot].is_empty();
        if is_empty {
            self.boxes[slot].state.store(CLOSED, SeqCst);
        }
        is_empty
    }

    /// No worker will come here any more: returns what lies there.
    pub(super) fn abandon(&self, slot: usize, signals: &Signals) -> VecDeque<Job> {
        let mut inner = self.lock();
        self.boxes[slot].state.store(CLOSED, SeqCst);
        let jobs = std::mem::take(&mut inner.jobs[slot]);
        self.note(&mut inner, slot, signals);
        jobs
    }

    pub(super) fn takes_mail(&self, slot: usize) -> bool {
        self.state(slot) != CLOSED
    }

    /// The slots whose mailboxes take mail.
    pub(super) fn slots(&self) -> impl Iterator<Item = usize> {
        (0..self.boxes.len()).filter(|slot| self.takes_mail(*slot))
    }

    /// Those with a worker.
    pub(super) fn open_slots(&self) -> impl Iterator<Item = usize> {
        (0..self.boxes.len()).filter(|slot| self.state(*slot) == OPEN)
    }

    fn state(&self, slot: usize) -> u8 {
        self.boxes.get(slot).map_or(CLOSED, |mailbox| mailbox.state.load(SeqCst))
    }

    /// Puts a job into a mailbox; returns it if no worker is there.
    pub(super) fn put(&self, slot: usize, job: Job, signals: &Signals) -> Result<(), Job> {
        let mut inner = self.lock();
        if !self.takes_mail(slot) {
            return Err(job);
        }
        if job.is_job() || inner.in_order {
            inner.jobs[slot].push_back(job);
        } else {
            let behind_messages = inner.jobs[slot].partition_point(|job| !job.is_job());
            inner.jobs[slot].insert(behind_messages, job);
            inner.waiting[slot].take().inspect(Thread::unpark);
        }
        self.note(&mut inner, slot, signals);
        Ok(())
    }

    /// Takes a message for the calling thread, which is here. If there is none, the next one unparks it.
    pub(super) fn take_part(&self, slot: usize, signals: &Signals) -> Option<Job> {
        let mut inner = self.lock();
        let is_there = inner.jobs[slot].front().is_some_and(|job| !job.is_job());
        let message = if is_there { inner.jobs[slot].pop_front() } else { None };
        inner.waiting[slot] = message.is_none().then(thread::current);
        self.note(&mut inner, slot, signals);
        message
    }

    pub(super) fn take(&self, slot: usize, signals: &Signals) -> Option<Job> {
        if !self.has_mail(slot) {
            return None;
        }
        let mut inner = self.lock();
        let job = inner.jobs[slot].pop_front();
        give_back_room(&mut inner.jobs[slot]);
        self.note(&mut inner, slot, signals);
        job
    }

    /// Takes everything, of every slot.
    pub(super) fn take_all(&self, signals: &Signals) -> Vec<Job> {
        let mut inner = self.lock();
        let mut all = Vec::new();
        for slot in 0..self.boxes.len() {
            all.extend(std::mem::take(&mut inner.jobs[slot]));
            self.note(&mut inner, slot, signals);
        }
        all
    }

    /// Whether there is mail in this mailbox. Another thread may be about to take it.
    pub(super) fn has_mail(&self, slot: usize) -> bool {
        self.count(slot) != 0
    }

    fn count(&self, slot: usize) -> usize {
        self.boxes[slot].count.load(SeqCst)
    }

    /// Updates what is seen of this slot without the lock.
    fn note(&self, inner: &mut Inner, slot: usize, signals: &Signals) {
        let (before, now) = (self.count(slot), inner.jobs[slot].len());
        self.boxes[slot].count.store(now, SeqCst);
        inner.total = inner.total + now - before;
        signals.put(Signal::MAIL, inner.total != 0);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
