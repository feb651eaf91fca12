//! The handle of a job in a scope.

use super::state::ScopeState;
use crate::JoinError;
use crate::job::task::{Claim, TaskRef, Waiter};
use crate::sync::Arc;

/// Permission to wait for a job of a scope and to take its result.
pub struct ScopedHandle<'scope, T> {
    pub(super) task: TaskRef<dyn Claim<T> + 'scope>,
    pub(super) state: Arc<ScopeState>,
}

impl<T> ScopedHandle<'_, T> {
    /// Waits for the job and returns its result. A worker of the pool runs the job in place if it has not started.
    ///
    /// # Errors
    ///
    /// [`JoinError::Panicked`] with the payload if it panicked, [`JoinError::Cancelled`], or [`JoinError::Unrun`] with
    /// [`Reason::Expired`](crate::Reason::Expired) if it did not start in time.
    pub fn join(self) -> Result<T, JoinError> {
        if !self.task.is_finished() {
            self.state.refuse_after_fork();
        }
        if let Some(cx) = self.state.context.current_worker_cx() {
            self.task.run_in_place(Some(cx));
            self.task.wait_helping(None);
            self.task.wait_until(None);
        } else {
            // Outside, a job that no ticket leads to has to be seen to here, and so have those queued before it.
            let wake_when_done = |thread| {
                self.task.wake_when_done(Waiter::Thread(thread));
            };
            self.state.wait_until(|| self.task.is_finished(), wake_when_done);
        }
        self.task.take().expect("the job has finished and nobody else takes its result")
    }

    /// Whether the job has ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Drops the job if it has not started. Returns whether it did; then `join` says [`JoinError::Cancelled`]. The token of a job
    /// that runs, if it has one, is set. As [`JobHandle::cancel`](crate::JobHandle::cancel).
    pub fn cancel(&self) -> bool {
        self.task.cancel(&self.state.context)
    }
}

impl<T> Drop for ScopedHandle<'_, T> {
    fn drop(&mut self) {
        if let Some(panic) = self.task.detach() {
            self.state.keep_panic(panic);
        }
    }
}
