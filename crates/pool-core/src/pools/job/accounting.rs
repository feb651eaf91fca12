//! How a pool accounts for its jobs where they begin and end: stamped, run, handed back, given up.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::current::{self, current, current_name};
use crate::job::attributed::enter_plain;
use crate::job::context::{JobContext, RunContext};
use crate::job::timed;
use crate::name::Name;
use crate::observe::hooks::PanicInfo;
use crate::observe::timing::Timing;
use crate::panic::{KnownToHandle, Panic, drop_quietly, payload_message};
use crate::{Job, Reason, Rejected};

impl JobContext {
    /// The job that is to be queued for this one: it carries the time from here on, if the pool wants to know.
    pub(crate) fn stamped(&self, job: Job) -> Job {
        if self.timing() == Timing::Off { job } else { timed::stamp(job, self.timing()) }
    }

    /// Counts a job that is handed back, and wraps it.
    pub(crate) fn reject(&self, mut job: Job, reason: Reason) -> Rejected {
        if job.release() {
            self.count_rejected();
        }
        Rejected::new(job, reason)
    }

    /// Gives up a job that the pool had accepted: counts it and tells its handle. If dropping what it held panics, the
    /// panic handler hears of it.
    pub(crate) fn discard(&self, job: Job, reason: Reason) {
        let dropped = catch_unwind(AssertUnwindSafe(|| job.discard_at(reason, Some(self))));
        if let Err(payload) = dropped {
            self.report_quietly(Panic::caught(payload));
        }
        self.settle();
    }

    /// Takes a job out of the pool to be handed back, and counts it; `None` if there is no job left to hand back.
    pub(crate) fn give_up(&self, mut job: Job) -> Option<Job> {
        self.release(&mut job).then_some(job)
    }

    /// As [`give_up`](JobContext::give_up), where the job lies. Returns whether it is one to hand back.
    pub(crate) fn release(&self, job: &mut Job) -> bool {
        let is_live = job.release();
        if is_live {
            self.count_discarded();
            self.settle();
        }
        is_live
    }

    /// Runs the job in this slot and hands the payload of its panic to the handler.
    #[inline(always)]
    pub(crate) fn run_at(&self, place: &mut Option<Job>, cx: RunContext<'_>) -> Option<Job> {
        match Job::run_in_place(place, Some(cx)) {
            Ok(ticket) => ticket,
            Err(payload) => {
                self.report(Panic::caught(payload));
                None
            }
        }
    }

    /// Runs a job as the worker with this number of another crate's pool.
    pub(crate) fn run_as(&self, job: Job, index: usize) -> Option<Job> {
        let cx = self.worker_cx(index);
        let _marked = current::enter(self.id(), index);
        self.run_in_passing(job, cx)
    }

    /// Runs a job on a thread that is not ours to lose: no panic comes out, and threads that wait for the pool to be idle are told.
    pub(crate) fn run_in_passing(&self, job: Job, cx: RunContext<'_>) -> Option<Job> {
        // The job is no part of one that this thread may be running.
        let _plain = enter_plain();
        let outcome = catch_unwind(AssertUnwindSafe(|| job.run_at(Some(cx)))).flatten();
        let ticket = outcome.unwrap_or_else(|payload| {
            self.report_quietly(Panic::caught(payload));
            None
        });
        self.settle();
        ticket
    }

    /// Tells the panic handler. What it panics with comes out, and so does what dropping the payload panics with.
    #[cold]
    pub(crate) fn report(&self, panic: Panic) {
        let worker = current().filter(|worker| worker.pool == self.id()).map(|worker| worker.index);
        let (payload, trace) = panic.into_parts();
        if payload.is::<KnownToHandle>() {
            return;
        }
        let message = payload_message(&*payload).map(str::to_owned);
        let name = current_name();
        let info = PanicInfo {
            pool: self.name(),
            worker,
            name: name.as_ref().map(Name::as_str),
            message: message.as_deref(),
            location: trace.as_ref().and_then(|trace| trace.location.as_deref()),
            backtrace: trace.as_ref().map(|trace| &trace.backtrace),
            payload,
        };
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| self.on_panic().call(info))) {
            self.count_handler_panic();
            resume_unwind(second);
        }
    }

    /// As `report`, where no panic may come out.
    #[cold]
    pub(crate) fn report_quietly(&self, panic: Panic) {
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| self.report(panic))) {
            drop_quietly(second);
        }
    }
}
