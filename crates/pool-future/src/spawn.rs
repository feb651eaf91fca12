//! A future becomes jobs.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use async_task::Runnable;
use pool_core::error::Panic;
use pool_core::reentry::Reentry;
use pool_core::{Attributes, JoinError, Pool, PoolExt, Reason, Rejected, drop_quietly};

use crate::FutureHandle;
use crate::giving_up::{drop_future, with_future_at_rest};
use crate::shared::Shared;

/// Runs a future on a pool: each poll is a job. The crate's page says what that means.
///
/// The pool is kept by its owners, not by its futures.
///
/// ```
/// use std::sync::Arc;
/// use pool_core::Pool;
/// use pool_future::spawn_future;
/// use pool_stealing::StealingPool;
///
/// let pool: Arc<dyn Pool> = Arc::new(StealingPool::builder().threads(2).build()?);
/// let sum = spawn_future(&pool, async { 20 + 3 })?;
/// assert_eq!(sum.join()?, 23);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// # Errors
///
/// [`Rejected`] with the first job, when the pool does not take it. That job, run by hand, polls the future once.
pub fn spawn_future<P, F>(pool: &Arc<P>, future: F) -> Result<FutureHandle<F::Output>, Rejected>
where
    P: Pool + ?Sized + 'static,
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    spawn_future_with(pool, Attributes::new(), future)
}

/// As [`spawn_future`], with [`Attributes`], which each of its jobs has: a priority, a queue, a name, a run limit.
///
/// - [`start_by`](Attributes::start_by) is for the first poll alone.
/// - A [token](Attributes::token) that is set ends the future at the next poll. One that waits is not polled for that:
///   [`FutureHandle::cancel`] does it.
/// - [`on_unrun`](Attributes::on_unrun) is of no account: the handle says why.
///
/// # Errors
///
/// As for `spawn_future`.
pub fn spawn_future_with<P, F>(
    pool: &Arc<P>,
    attributes: impl Into<Attributes>,
    future: F,
) -> Result<FutureHandle<F::Output>, Rejected>
where
    P: Pool + ?Sized + 'static,
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let shared = Shared::new(pool.context().clone(), Reentry::of(pool));
    let told = shared.clone();
    let attributes = attributes.into().on_unrun(move |reason| told.finish_unrun(reason));
    let way = Way {
        pool: Arc::downgrade(pool),
        attributes: attributes.clone().start_any_time(),
        shared: shared.clone(),
    };
    let driven = Driven { future: Some(Box::pin(future)), shared: shared.clone() };
    let (runnable, task) = async_task::spawn(driven, move |runnable| way.go_on(runnable));
    // The output goes by what the handle shares with the future.
    task.detach();
    let task = runnable.waker();
    let on_close = Arc::new(OnClose { task: task.clone(), shared: shared.clone() });
    shared.start(task, on_close.into());
    let handle = FutureHandle::new(shared.clone());
    pool.execute_with(attributes, move || poll_once(runnable, &shared))?;
    Ok(handle)
}

/// What a job does.
fn poll_once<T>(runnable: Runnable, shared: &Arc<Shared<T>>) {
    with_future_at_rest(shared, || runnable.run());
    shared.settle_job();
}

/// How a future that was woken gets its next job.
struct Way<P: ?Sized, T> {
    /// For an adapter.
    pool: Weak<P>,
    attributes: Attributes,
    shared: Arc<Shared<T>>,
}

impl<P: Pool + ?Sized, T: Send + 'static> Way<P, T> {
    /// If the job is rejected it is dropped, with the future; and then the handle is told, by the attributes.
    fn go_on(&self, runnable: Runnable) {
        let shared = self.shared.clone();
        let job = move || poll_once(runnable, &shared);
        let attributes = self.attributes.clone();
        let submitted = match (self.shared.reentry(), self.pool.upgrade()) {
            (Some(reentry), _) => reentry.execute(attributes, job),
            (None, Some(pool)) => pool.execute_with(attributes, job),
            (None, None) => {
                let shared = self.shared.clone();
                return drop_future(&self.shared, move || {
                    drop(job);
                    shared.finish_unrun(Reason::ShutDown);
                });
            }
        };
        if let Err(rejected) = submitted {
            drop_future(&self.shared, || drop(rejected));
        }
    }
}

/// Wakes a future when its pool closes.
struct OnClose<T> {
    task: Waker,
    shared: Arc<Shared<T>>,
}

impl<T: Send + 'static> Wake for OnClose<T> {
    fn wake(self: Arc<Self>) {
        with_future_at_rest(&self.shared, || self.task.wake_by_ref());
    }
}

/// The future as async-task polls it. It never panics, nor does its destructor.
struct Driven<F: Future> {
    /// `None` when it has ended.
    future: Option<Pin<Box<F>>>,
    shared: Arc<Shared<F::Output>>,
}

impl<F: Future> Driven<F> {
    fn step(&mut self, context: &mut Context<'_>) -> Poll<Result<F::Output, JoinError>> {
        let future = match self.future.as_mut() {
            Some(future) if !self.shared.is_cancelled() => future,
            _ => return Poll::Ready(Err(JoinError::Cancelled)),
        };
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            // Its wake-up at the end of the pool may have come before this poll.
            Ok(Poll::Pending) if self.shared.is_cut_off() => {
                Poll::Ready(Err(JoinError::Unrun(Reason::ShutDown)))
            }
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(JoinError::Panicked(Panic::caught(payload)))),
        }
    }

    /// Drops the future. What its destructor panics with is what it has ended with.
    fn end(&mut self, result: Result<F::Output, JoinError>) -> Result<F::Output, JoinError> {
        let future = self.future.take();
        match catch_unwind(AssertUnwindSafe(|| drop(future))) {
            Ok(()) => result,
            Err(payload) => {
                drop_quietly(result);
                Err(JoinError::Panicked(Panic::caught(payload)))
            }
        }
    }
}

impl<F: Future> Future for Driven<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let Poll::Ready(result) = this.step(context) else { return Poll::Pending };
        let result = this.end(result);
        this.shared.finish(result);
        Poll::Ready(())
    }
}

impl<F: Future> Drop for Driven<F> {
    /// The pool did not run the next job. The handle hears of it when the future is gone.
    fn drop(&mut self) {
        drop_quietly(self.future.take());
    }
}
