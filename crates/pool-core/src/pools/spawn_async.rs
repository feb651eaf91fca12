//! Submitting from a task: waiting for room without blocking the thread.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::handle::returnable::Returnable;
use crate::job::room::Place;
use crate::spawn_error::SpawnError;
use crate::{Attributes, Job, JobHandle, Pool, Reason, Submit};

/// The future of a job's handle, once the pool has taken the job.
///
/// From [`PoolExt::spawn_async`](crate::PoolExt::spawn_async).
#[must_use = "a future does nothing unless it is polled; the job is submitted by the first poll"]
pub struct SpawnAsync<'pool, P: Pool + ?Sized, F, T> {
    pool: &'pool P,
    state: State<F, T>,
}

enum State<F, T> {
    /// It has not been polled.
    New {
        f: F,
        attributes: Attributes,
    },
    Waiting(Waiting<F, T>),
    Over,
}

/// A job that the queue has no room for. For the pool it is queued, as that of a submitter that blocks.
struct Waiting<F, T> {
    job: Job,
    submit: Submit,
    returnable: Returnable<F, T>,
    place: Place,
}

type Output<F, T> = Result<JobHandle<T>, SpawnError<F>>;

/// What an attempt has come to.
enum Attempt<F, T> {
    Over(Output<F, T>),
    Full(Waiting<F, T>),
}

impl<'pool, P: Pool + ?Sized, F, T> SpawnAsync<'pool, P, F, T> {
    pub(crate) fn new(pool: &'pool P, attributes: Attributes, f: F) -> Self {
        SpawnAsync { pool, state: State::New { f, attributes } }
    }
}

/// The first attempt, which is the one that counts as a submission.
fn begin<P, F, T>(pool: &P, f: F, attributes: Attributes) -> Attempt<F, T>
where
    P: Pool + ?Sized,
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (submit, rare) = attributes.split();
    let submit = submit.no_wait();
    let (job, returnable) = Returnable::new(pool.context(), f, submit, rare);
    let Some(room) = pool.context().room().get() else {
        return Attempt::Over(returnable.settle(pool.submit(job, submit)));
    };
    match room.submit_waiting(job, submit, true) {
        Err(rejected) if rejected.reason() == Reason::Full => {
            let place = Place::new(room, submit.queue_id());
            Attempt::Full(Waiting { job: rejected.into_job(), submit, returnable, place })
        }
        other => Attempt::Over(returnable.settle(other)),
    }
}

impl<F, T> Waiting<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    /// Tries once more. If that is the end of it, the place in the line is given up.
    fn attempt(self) -> Attempt<F, T> {
        let Waiting { job, submit, returnable, place } = self;
        match place.room().submit_waiting(job, submit, false) {
            Err(rejected) if rejected.reason() == Reason::Full => {
                Attempt::Full(Waiting { job: rejected.into_job(), submit, returnable, place })
            }
            other => Attempt::Over(returnable.settle(other)),
        }
    }

    /// Has the task woken when there may be room. Then it tries once more, for the room that there has been by then.
    fn attempt_or_wait(mut self, waker: &Waker) -> Attempt<F, T> {
        self.place.wait(waker);
        self.attempt()
    }
}

impl<P: Pool + ?Sized, F, T> Drop for SpawnAsync<'_, P, F, T> {
    /// A job that waits is cancelled, and then its place is given up.
    fn drop(&mut self) {
        if let State::Waiting(waiting) = &self.state {
            waiting.returnable.cancel();
        }
    }
}

/// The closure is moved, and never polled.
impl<P: Pool + ?Sized, F, T> Unpin for SpawnAsync<'_, P, F, T> {}

impl<P: Pool + ?Sized, F, T> std::fmt::Debug for SpawnAsync<'_, P, F, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waits = matches!(self.state, State::Waiting(_));
        f.debug_struct("SpawnAsync").field("waits", &waits).finish_non_exhaustive()
    }
}

impl<P, F, T> Future for SpawnAsync<'_, P, F, T>
where
    P: Pool + ?Sized,
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    type Output = Output<F, T>;

    /// # Panics
    ///
    /// If polled again after it was ready.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let attempt = match mem::replace(&mut this.state, State::Over) {
            State::New { f, attributes } => begin(this.pool, f, attributes),
            State::Waiting(waiting) => waiting.attempt(),
            State::Over => panic!("a submission was polled after it had completed"),
        };
        let attempt = match attempt {
            Attempt::Full(waiting) => waiting.attempt_or_wait(context.waker()),
            over => over,
        };
        match attempt {
            Attempt::Over(output) => Poll::Ready(output),
            Attempt::Full(waiting) => {
                this.state = State::Waiting(waiting);
                Poll::Pending
            }
        }
    }
}
