//! The two ends of the channel, for whatever lies in it.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError};
use pool_core::strategy::{Caller, Parking, Patience, Pop, Push};
use pool_core::{Job, Reason, Submit};

use crate::Overflow;

/// How often a submitter that waits for room looks whether the queue gets shorter, in vain, before it sleeps.
const VAIN_LOOKS: usize = 32;

/// What lies in the channel for a job.
pub(crate) trait Item: Send + 'static {
    /// What the outlets share.
    type Control: Clone + Send + 'static;

    fn of(job: Job, submit: Submit) -> Self;

    fn into_job(self) -> Job;

    /// A worker has taken it.
    fn pop(self, control: &Self::Control) -> Pop;
}

/// A job needs nothing else beside it.
impl Item for Job {
    type Control = ();

    fn of(job: Job, _: Submit) -> Self {
        job
    }

    fn into_job(self) -> Job {
        self
    }

    fn pop(self, (): &()) -> Pop {
        Pop::Job(self)
    }
}

/// The sending end.
pub(crate) struct Sending<I> {
    pub(crate) sender: Sender<I>,
    /// For taking out the oldest.
    pub(crate) receiver: Receiver<I>,
    pub(crate) overflow: Overflow,
    pub(crate) parking: Arc<Parking>,
}

impl<I: Item> Sending<I> {
    /// Queues the job and wakes a worker for it.
    // Woken where the job is known to be queued: a `Push` that is looked at and handed on is moved, 64 bytes.
    #[inline(always)]
    pub(crate) fn push(&self, job: Job, submit: Submit, caller: Caller) -> Push {
        match self.sender.try_send(I::of(job, submit)) {
            Ok(()) => {
                self.parking.notify_ordered(submit.is_awaited());
                Push::Queued
            }
            Err(TrySendError::Full(item)) => self.push_when_full(item, submit, caller),
            Err(TrySendError::Disconnected(item)) => Push::Refused(item.into_job(), Reason::ShutDown),
        }
    }

    #[cold]
    fn push_when_full(&self, item: I, submit: Submit, caller: Caller) -> Push {
        let push = self.apply_policy(item, submit, caller);
        if let Push::Queued = push {
            self.parking.notify_ordered(submit.is_awaited());
        }
        push
    }

    fn apply_policy(&self, item: I, submit: Submit, caller: Caller) -> Push {
        let overflow = match submit.patience() {
            Patience::Never => Overflow::Reject,
            Patience::Until(deadline) => return self.wait(item, Some(deadline), caller),
            _ => self.overflow,
        };
        match overflow {
            Overflow::Block => self.wait(item, None, caller),
            Overflow::Timeout(limit) => self.wait(item, Instant::now().checked_add(limit), caller),
            Overflow::Reject | Overflow::Shed(_) => Push::Refused(item.into_job(), Reason::Full),
            Overflow::CallerRuns => Push::RunHere(item.into_job()),
            Overflow::DropOldest => self.displace_oldest(item),
            Overflow::DropNewest => Push::Displaced(item.into_job()),
        }
    }

    /// Waits for room, until the deadline if there is one.
    fn wait(&self, item: I, deadline: Option<Instant>, caller: Caller) -> Push {
        if let Caller::Worker(_) = caller {
            return Push::RunHere(item.into_job());
        }
        self.let_it_drain();
        let sent = match deadline {
            None => self.sender.send(item).map_err(|unsent| SendTimeoutError::Disconnected(unsent.0)),
            Some(deadline) => self.sender.send_deadline(item, deadline),
        };
        match sent {
            Ok(()) => Push::Queued,
            Err(SendTimeoutError::Timeout(item)) => Push::Refused(item.into_job(), Reason::TimedOut),
            Err(SendTimeoutError::Disconnected(item)) => Push::Refused(item.into_job(), Reason::ShutDown),
        }
    }

    /// Waits until the queue is half empty, for as long as the workers get on with it.
    ///
    /// A submitter that pushes as soon as there is room for one keeps in step with the workers, and each job costs a cache line
    /// going to and fro between them: 104 to 120 ns a job with 1,024 places, where half a queue at a time takes 41 to 67.
    /// When the jobs are long, nothing moves in this time, and the thread is put to sleep.
    fn let_it_drain(&self) {
        let low = self.sender.capacity().map_or(0, |capacity| capacity / 2);
        let mut shortest = usize::MAX;
        let mut vain = 0;
        while vain < VAIN_LOOKS {
            let len = self.sender.len();
            if len <= low {
                return;
            }
            vain = if len < shortest { 0 } else { vain + 1 };
            shortest = shortest.min(len);
            thread::yield_now();
        }
    }

    fn displace_oldest(&self, mut item: I) -> Push {
        loop {
            if let Ok(oldest) = self.receiver.try_recv() {
                return Push::MadeRoom { old: oldest.into_job(), new: item.into_job() };
            }
            // Empty already: the workers have made more room than was asked for.
            match self.sender.try_send(item) {
                Ok(()) => return Push::Queued,
                Err(TrySendError::Full(unsent)) => item = unsent,
                Err(TrySendError::Disconnected(unsent)) => {
                    return Push::Refused(unsent.into_job(), Reason::ShutDown);
                }
            }
        }
    }
}

/// The receiving end, at one slot.
pub(crate) struct Receiving<I: Item> {
    pub(crate) receiver: Receiver<I>,
    pub(crate) control: I::Control,
}

impl<I: Item> Receiving<I> {
    /// Out of line: inlined into the caller, the job is moved a few times more (44 ns a job instead of 36).
    #[inline(never)]
    pub(crate) fn try_recv(&self) -> Option<I> {
        self.receiver.try_recv().ok()
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Pop {
        self.try_recv().map_or(Pop::Empty, |item| item.pop(&self.control))
    }

    pub(crate) fn has_work(&self) -> bool {
        !self.receiver.is_empty()
    }

    pub(crate) fn drain(&mut self, jobs: &mut Vec<Job>) {
        jobs.extend(self.receiver.try_iter().map(I::into_job));
    }
}
