//! A job with a handle whose closure its submitter may take back.

use crate::handle::{JobHandle, is_large};
use crate::job::attributed::RareAttributes;
use crate::job::pool_context::PoolContext;
use crate::job::task::{Task, TaskRef};
use crate::spawn_error::SpawnError;
use crate::sync::Arc;
use crate::{Job, Rejected, Submit};

/// The job's handle, and the closure where it lies.
pub(crate) struct Returnable<F, T> {
    handle: JobHandle<T>,
    closure: Closure<F, T>,
}

enum Closure<F, T> {
    Small(TaskRef<Task<F, T>>),
    Large(TaskRef<Task<Box<F>, T>>),
}

impl<F, T> Returnable<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    /// The job, and the rest. Allocates as [`JobHandle::new`] does.
    pub(crate) fn new(
        context: &Arc<PoolContext>,
        f: F,
        submit: Submit,
        rare: Option<RareAttributes>,
    ) -> (Job, Self) {
        if is_large::<F>() {
            let (ticket, handle) = JobHandle::with_ticket(context, Box::new(f), submit, rare);
            let closure = Closure::Large(ticket.0.clone());
            return (Job::from_task(ticket), Returnable { handle, closure });
        }
        let (ticket, handle) = JobHandle::with_ticket(context, f, submit, rare);
        let closure = Closure::Small(ticket.0.clone());
        (Job::from_task(ticket), Returnable { handle, closure })
    }

    /// The pool has said whether it takes the job. The closure of one that it does not take comes back.
    pub(crate) fn settle(self, submitted: Result<(), Rejected>) -> Result<JobHandle<T>, SpawnError<F>> {
        let Err(rejected) = submitted else { return Ok(self.handle) };
        let closure = match &self.closure {
            Closure::Small(task) => task.take_back(),
            Closure::Large(task) => task.take_back().map(|boxed| *boxed),
        };
        match closure {
            Some(closure) => Err(SpawnError::new(closure, rejected.reason())),
            // An adapter has rejected a job that it has run or dropped all the same. The handle knows.
            None => Ok(self.handle),
        }
    }
}

impl<F, T> Returnable<F, T> {
    /// See [`JobHandle::cancel`].
    pub(crate) fn cancel(&self) -> bool {
        self.handle.cancel()
    }
}
