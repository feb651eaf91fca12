//! Waiting for a token to be set.
//!
//! A waiter is listed with each flag that its token depends on: the token's own and those above. It lists itself and then
//! sets `AWAITED` in the flag's word; to set the flag is a change of the same word. So either the one who sets it finds
//! `AWAITED`, and by it the waiter, or the waiter finds the flag set.
//!
//! In a forked child the lists are whole, since no thread of the parent's was [changing](crate::os::process_fork::change_between_forks) one. Waiters of
//! the parent are not woken in the child, as their wakers may take locks that are held for ever; but the thread that has forked
//! still waits for what it waited for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::CancelToken;
use super::waiters::Waiter;
use crate::block_on::block_on;

impl CancelToken {
    /// Blocks until the token, or one that it is a child of, is set. At once if it is.
    ///
    /// The token is not set by dropping the others: if no thread is left that would set it, this waits for ever. A forked child
    /// has a copy, which only the child sets.
    ///
    /// ```
    /// use pool_core::CancelToken;
    /// let stop = CancelToken::new();
    /// std::thread::scope(|threads| {
    ///     // A child is set with its parent.
    ///     let own = stop.child();
    ///     threads.spawn(move || own.wait());
    ///     stop.cancel();
    /// });
    /// ```
    pub fn wait(&self) {
        self.wait_until(None);
    }

    /// As [`wait`](CancelToken::wait), at most this long. Returns whether the token is set.
    ///
    /// A pause that cancellation ends:
    ///
    /// ```
    /// use std::time::Duration;
    /// use pool_core::CancelToken;
    /// fn flush_now_and_then(stop: &CancelToken, flush: impl Fn()) {
    ///     while !stop.wait_timeout(Duration::from_secs(10)) {
    ///         flush();
    ///     }
    /// }
    /// # let stop = CancelToken::new();
    /// # stop.cancel();
    /// # flush_now_and_then(&stop.child(), || unreachable!());
    /// ```
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        // A limit beyond the end of the clock is no limit.
        self.wait_until(Instant::now().checked_add(limit))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> bool {
        if self.is_cancelled() {
            return true;
        }
        let mut cancelled = self.cancelled();
        block_on(deadline, |context| Pin::new(&mut cancelled).poll(context)).is_some()
    }

    /// A future that is ready once the token, or one that it is a child of, is set. For any executor.
    ///
    /// ```
    /// use pool_core::CancelToken;
    /// use std::future::{Future, poll_fn};
    /// use std::pin::pin;
    /// use std::task::Poll;
    /// /// The future's result, or `None` if the token is set first.
    /// async fn unless_cancelled<F: Future>(stop: &CancelToken, future: F) -> Option<F::Output> {
    ///     let (mut cancelled, mut future) = (stop.cancelled(), pin!(future));
    ///     poll_fn(|context| match future.as_mut().poll(context) {
    ///         Poll::Ready(result) => Poll::Ready(Some(result)),
    ///         Poll::Pending => pin!(&mut cancelled).poll(context).map(|()| None),
    ///     })
    ///     .await
    /// }
    /// ```
    pub fn cancelled(&self) -> Cancelled {
        Cancelled { token: self.clone(), waiter: None }
    }
}

/// Waits for a token to be set: from [`CancelToken::cancelled`].
///
/// Any number of these may wait for one token; one that is dropped leaves nothing behind. Polled again after it was ready, it
/// is ready again.
#[must_use = "a future does nothing unless it is polled"]
pub struct Cancelled {
    token: CancelToken,
    /// There once it has had to wait.
    waiter: Option<Arc<Waiter>>,
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.token.is_cancelled() {
            self.withdraw();
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        match &self.waiter {
            None => {
                let waiter = Arc::new(Waiter::new(waker));
                self.token.flags().for_each(|flag| flag.list(&waiter));
                self.waiter = Some(waiter);
            }
            Some(waiter) => waiter.replace(waker),
        }
        if self.token.is_cancelled() {
            self.withdraw();
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Cancelled {
    fn withdraw(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            self.token.flags().for_each(|flag| flag.waiters.remove(&waiter));
        }
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        self.withdraw();
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancelled").field(&self.token.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests;
