//! Scopes: jobs that borrow from their submitter's stack.
//!
//! A scope has a queue of its own, and a few *tickets* in the pool: at most one for each worker. A worker that pops a
//! ticket runs up to [`TURN`](nesting::TURN) of the scope's jobs and queues the ticket again while any remain, so other work gets
//! its turn. The thread that waits for the scope is never led to a job of others: a worker runs the jobs of its
//! own scope, and of those inside, and then sleeps; a thread from outside sleeps, unless the pool takes no tickets any more (it has been
//! shut down), and then it runs the jobs itself.
//!
//! The ticket of a scope that is opened inside a job of another one lies in the queue of that: see [`nesting`].
//!
//! A ticket holds the scope's state and no borrow, so it may lie in the queue for longer than the scope lives. What
//! borrows are the jobs, and [`scope`] does not return before each has run.
//!
//! A worker that opens a scope has one ticket at a time in the queue; who takes it queues the next, if there are more jobs. It runs the
//! jobs itself when it waits, so most scopes of a recursion end before any ticket is taken.
//!
//! The queue is crossbeam-deque's injector, which grows by blocks, or where the newest job runs first the [`lanes`]; who is to come,
//! to wait and to be woken is the business of [`Progress`](crate::sync::scope_progress::Progress).
//!
//! A scope that has ended may leave a ticket in the queue, which keeps what the scope shares. A worker that opens scopes inside
//! scopes inside one job would leave one for each. So it takes those back that lead nowhere, if they are the newest that it has queued in
//! a scope around, or in the pool where a worker's own tickets lie apart.
//!
//! Rejected, by scope/flat: everything behind one mutex, taken for each job, took three times as long. A deque that only
//! the scope's own thread pushes to, with two locked instructions less a push: 97 and 99 ns a job in a scope of 1,000,
//! but 80 and 165 in one of a million, as the pusher runs further ahead of the workers and what it queues leaves the caches.
//! To count the jobs without a locked instruction: 63 and 124 ns in one of 10,000, for the same reason. (Two workers on two
//! cores, medians of three runs.)

mod handle;
mod in_scope;
mod lanes;
mod map_ordered;
mod nesting;
mod queue;
mod shared;
mod spare;
mod state;
mod ticket;
mod waiting;

pub use handle::ScopedHandle;
pub use map_ordered::MapOrdered;
pub(crate) use map_ordered::map_ordered;
pub use shared::SharedScope;
pub(crate) use shared::shared_scope;

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::in_scope::{AttributedInScope, TicketInScope};
use self::state::ScopeState;
use crate::job::Closure;
use crate::job::abort_on_unwind::AbortOnUnwind;
use crate::job::task::{Task, TaskRef};
use crate::panic::unwind_without;
use crate::sync::{Arc, lock};
use crate::{Attributes, Job, JobOrder, Pool, Submit};

/// A place to start jobs that may borrow what outlives it. See [`PoolExt::scope`](crate::PoolExt::scope).
pub struct Scope<'scope, 'env: 'scope> {
    state: &'scope Arc<ScopeState>,
    queue_ticket: &'scope (dyn Fn(Job) + Sync),
    // Invariance over both, as in std's scope: see there for why.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// Runs `body`, then every job that it started, and returns the body's result. Without an order the jobs run in the pool's.
pub(crate) fn scope<'env, P, F, R>(pool: &P, order: Option<JobOrder>, body: F) -> R
where
    P: Pool + ?Sized,
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
{
    let order = order.unwrap_or(pool.context().job_order());
    let state = ScopeState::open(pool.context(), order);
    // A refused ticket is dropped, and its drop says so to the core.
    let queue_ticket = |ticket| drop(pool.submit(ticket, Submit::ticket()));
    let scope = Scope { state: &state, queue_ticket: &queue_ticket, scope: PhantomData, env: PhantomData };
    let result = run(&state, || body(&scope));
    state.keep();
    result
}

/// Runs the body of a scope and waits for its jobs.
fn run<R>(state: &Arc<ScopeState>, body: impl FnOnce() -> R) -> R {
    let result = catch_unwind(AssertUnwindSafe(body));
    let lent = AbortOnUnwind::arm("a scope");
    state.wait_until(|| state.progress.is_over(), |_| {});
    lent.disarm();
    state.take_tickets_back();
    let job_panic = lock(&state.panic).take();
    match (result, job_panic) {
        (Ok(result), None) => result,
        (Err(payload), second) => unwind_without(second, payload),
        (result, Some(payload)) => unwind_without(result, payload),
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a job without a handle; the scope waits for all. A small closure allocates nothing.
    ///
    /// If it panics, the scope panics with its payload when everything in it has finished.
    pub fn execute<F>(&'scope self, f: F)
    where
        F: FnOnce() + Send + 'scope,
    {
        // SAFETY: the job borrows for `'scope`, and `scope` does not return before the job has run.
        self.push(|| unsafe { Job::from_borrowing_task(Closure(f)) });
    }

    /// As [`execute`](Scope::execute), with [`Attributes`]. A name, a moment by which it is to start, a run limit and a token mean what
    /// they mean for any job; a priority or a queue means nothing, since the job lies in the scope's own queue.
    ///
    /// A job that does not start, because its token is set or its time is over, is dropped when its turn comes. So the scope ends
    /// however many were cancelled:
    ///
    /// ```
    /// # use pool_core::{Attributes, CancelToken, Pool, PoolExt};
    /// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    /// /// Some place where the text has the word.
    /// fn find(pool: &dyn Pool, text: &[&str], word: &str) -> Option<usize> {
    ///     let (found, place) = (CancelToken::new(), AtomicUsize::new(usize::MAX));
    ///     pool.scope(|scope| {
    ///         for (index, candidate) in text.iter().enumerate() {
    ///             let (found, place) = (&found, &place);
    ///             scope.execute_with(Attributes::new().token(found), move || {
    ///                 if *candidate == word {
    ///                     place.store(index, Relaxed);
    ///                     // Those that have not started do not start.
    ///                     found.cancel();
    ///                 }
    ///             });
    ///         }
    ///     });
    ///     Some(place.into_inner()).filter(|place| *place < text.len())
    /// }
    /// ```
    pub fn execute_with<F>(&'scope self, attributes: impl Into<Attributes>, f: F)
    where
        F: FnOnce() + Send + 'scope,
    {
        let (_, rare) = attributes.into().split();
        let Some(rare) = rare else { return self.execute(f) };
        // SAFETY: as in `execute`.
        self.push(|| unsafe { Job::from_borrowing_task(AttributedInScope { f, rare }) });
    }

    /// Starts a job and returns a handle to its result. Allocates once.
    ///
    /// If it panics, the payload is in the handle's error; dropping the handle leaves it to the scope, as in
    /// [`execute`](Scope::execute).
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.spawn_task(Task::counted(f, None))
    }

    /// As [`spawn`](Scope::spawn), with [`Attributes`]: see [`execute_with`](Scope::execute_with). The handle of a job that did not
    /// start says so.
    ///
    /// ```
    /// # use pool_core::{Attributes, CancelToken, JoinError, Pool, PoolExt};
    /// # fn demo(pool: &dyn Pool) {
    /// let (token, text) = (CancelToken::new(), "borrowed".to_owned());
    /// token.cancel();
    /// pool.scope(|scope| {
    ///     let length = scope.spawn_with(Attributes::new().token(&token), || text.len());
    ///     assert!(matches!(length.join(), Err(JoinError::Cancelled)));
    /// });
    /// # }
    /// ```
    pub fn spawn_with<F, T>(&'scope self, attributes: impl Into<Attributes>, f: F) -> ScopedHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let (_, rare) = attributes.into().split();
        self.spawn_task(Task::counted(f, rare))
    }

    #[inline]
    fn spawn_task<F, T>(&'scope self, task: Task<F, T>) -> ScopedHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let (ours, theirs) = TaskRef::pair(task);
        // SAFETY: the job borrows for `'scope`. It lies in the scope's own queue, and `scope` does not return before
        // that queue is empty and every job has run.
        self.push(|| unsafe { Job::from_borrowing_task(TicketInScope(theirs)) });
        ScopedHandle { task: ours.erased(), state: self.state.clone() }
    }

    // Always inlined, for the same reason as the way into a pool's queue is.
    #[inline(always)]
    fn push(&self, job: impl FnOnce() -> Job) {
        self.state.refuse_after_fork();
        if let Some(ticket) = self.state.push(job) {
            (self.queue_ticket)(ticket);
        }
    }
}
