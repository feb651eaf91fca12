//! The handle to a future that a pool runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pool_core::JoinError;

use crate::block_on::block_on;
use crate::shared::Shared;

/// Permission to wait for a future that a pool runs, to take its output, or to cancel it.
///
/// From [`spawn_future`](crate::spawn_future). It is a [`Future`] itself, for any executor. Dropping it detaches the future, which
/// then goes on without; its panic, if any, goes to the pool's panic handler.
///
/// When the handle ends, the future has been dropped. The future's last job is counted a moment later.
#[must_use = "dropping a handle detaches the future; call `detach` to say so"]
pub struct FutureHandle<T> {
    shared: Arc<Shared<T>>,
}

impl<T> FutureHandle<T> {
    pub(crate) fn new(shared: Arc<Shared<T>>) -> Self {
        FutureHandle { shared }
    }

    /// Blocks until the future has ended, and returns its output. In a job of a pool, as [`block_on`] does.
    ///
    /// # Errors
    ///
    /// [`JoinError::Panicked`] with the payload; [`JoinError::Cancelled`]; [`JoinError::Unrun`] when the pool did not run the future
    /// to its end, with the reason.
    ///
    /// # Panics
    ///
    /// If the handle was polled before and was ready.
    pub fn join(self) -> Result<T, JoinError> {
        block_on(self)
    }

    /// Takes the output if the future has ended.
    ///
    /// # Errors
    ///
    /// The outer error is the handle itself, when the future has not ended.
    ///
    /// # Panics
    ///
    /// As for [`join`](FutureHandle::join).
    pub fn try_join(self) -> Result<Result<T, JoinError>, Self> {
        match self.shared.poll(None) {
            Poll::Ready(result) => Ok(result),
            Poll::Pending => Err(self),
        }
    }

    /// Whether the future has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.shared.is_finished()
    }

    /// Has the future dropped instead of being polled again; then the handle says [`JoinError::Cancelled`]. Returns `false` if it has
    /// ended.
    ///
    /// A worker drops it, in a job of its own, after the poll that is under way if there is one. If that poll makes the future
    /// ready, the handle has the output all the same.
    pub fn cancel(&self) -> bool {
        self.shared.cancel()
    }

    /// Lets the future go on without a handle.
    pub fn detach(self) {}
}

impl<T> Drop for FutureHandle<T> {
    fn drop(&mut self) {
        self.shared.detach();
    }
}

impl<T> Future for FutureHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If polled again after it was ready.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.shared.poll(Some(context.waker()))
    }
}

impl<T> fmt::Debug for FutureHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureHandle").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}
