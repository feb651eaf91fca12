//! What lies in a scope's queue for a job with a handle or with attributes. A panic that no handle hears of is the scope's, not
//! the panic handler's, also if the job has a name.

use std::thread;

use crate::job::attributed::{Outcome, RareAttributes};
use crate::job::context::{JobContext, RunContext};
use crate::job::task::{Task, TaskRef};
use crate::job::{Runnable, count_discarded, discard_closure};
use crate::{Job, Reason};

/// A job with a handle.
pub(super) struct TicketInScope<F, T>(pub(super) TaskRef<Task<F, T>>);

impl<F: FnOnce() -> T + Send, T: Send> Runnable for TicketInScope<F, T> {
    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        self.0.run(cx).map(|()| None)
    }

    fn discard(self, reason: Reason, context: Option<&JobContext>) {
        self.0.discard(reason, context);
    }

    fn release(&mut self) -> bool {
        self.0.release()
    }
}

/// A closure with rare attributes: fire and forget.
pub(super) struct AttributedInScope<F> {
    pub(super) f: F,
    pub(super) rare: RareAttributes,
}

impl<F: FnOnce() + Send> Runnable for AttributedInScope<F> {
    fn run(self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        let AttributedInScope { f, rare } = self;
        match rare.run(f, cx) {
            Outcome::Ran(outcome) | Outcome::Missed(_, outcome) => outcome.map(|()| None),
        }
    }

    fn discard(self, reason: Reason, context: Option<&JobContext>) {
        let AttributedInScope { f, rare } = self;
        discard_closure(f, || {
            rare.tell_unrun(reason);
            count_discarded(context);
        });
    }

    fn release(&mut self) -> bool {
        true
    }
}
