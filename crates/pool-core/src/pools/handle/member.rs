//! A handle as one of a group: see [`group`](crate::group).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;
use std::time::Instant;

use super::{JobHandle, TAKEN, expire};
use crate::Panic;
use crate::current::{PoolId, enter_named};
use crate::job::task::{Claim, Waiter};

impl<T> JobHandle<T> {
    fn task(&self) -> &dyn Claim<T> {
        &**self.task.as_ref().expect(TAKEN)
    }

    pub(crate) fn pool(&self) -> PoolId {
        self.context.id()
    }

    /// The only worker that may run the job, if it is for a given one.
    pub(crate) fn worker(&self) -> Option<usize> {
        self.bound_to
    }

    /// The pool is one of the process that this one was forked from. Nothing of the job's may be locked.
    pub(crate) fn is_forked(&self) -> bool {
        self.context.is_forked()
    }

    /// By when the job is to start, if that is limited.
    pub(crate) fn start_by(&self) -> Option<Instant> {
        self.task().rare()?.start_by
    }

    /// Gives the job up if its time to start has passed and it has not started.
    pub(crate) fn expire(&self) {
        expire(self.task(), &self.context);
    }

    /// Leaves the waker to be called when the job has ended, in the place of any before. Returns whether it has ended by now.
    pub(crate) fn wake_when_done(&self, waker: Waker) -> bool {
        self.task().wake_when_done(Waiter::Waker(waker))
    }

    /// Takes the waker back, unless it is about to be called.
    pub(crate) fn clear_waker(&self) {
        self.task().clear_waker();
    }

    /// Runs the job in place of the caller, if that is a worker that may, and the job has not started. Returns whether it was tried.
    pub(crate) fn run_here(&self) -> bool {
        if self.is_forked() || !self.task().is_queued() || !self.may_run_here() {
            return false;
        }
        let cx = self.context.current_worker_cx();
        if cx.is_some() {
            self.task().run_in_place(cx);
        }
        cx.is_some()
    }

    /// As [`cancel`](JobHandle::cancel); what a destructor panics with goes to the panic handler. Not in a forked child, where
    /// what the pool held is not dropped.
    pub(crate) fn cancel_quietly(&self) {
        if self.is_forked() {
            return;
        }
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.cancel())) {
            let _named = enter_named(self.task().rare().and_then(|rare| rare.name.clone()));
            self.context.report_quietly(Panic::caught(payload));
        }
    }
}
