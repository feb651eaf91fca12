//! A scope whose jobs hold it, too: each is called with the scope, and may start more.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use super::run;
use super::state::ScopeState;
use crate::job::Closure;
use crate::sync::Arc;
use crate::{Job, JobOrder, Pool};

/// A place to start jobs that may borrow what outlives the scope, as [`Scope`](crate::Scope), for jobs that start jobs: each gets
/// the scope as its argument. See [`PoolExt::shared_scope`](crate::PoolExt::shared_scope).
///
/// It has one lifetime, that of what is borrowed. So a type of a program's own can hold it without naming another.
pub struct SharedScope<'env> {
    state: Arc<ScopeState>,
    /// Invariant, or jobs could be started that borrow for less.
    env: PhantomData<fn(&'env ()) -> &'env ()>,
}

pub(crate) fn shared_scope<'env, P, F, R>(pool: &P, order: JobOrder, body: F) -> R
where
    P: Pool + ?Sized,
    F: FnOnce(&SharedScope<'env>) -> R,
{
    let scope = SharedScope { state: ScopeState::open(pool.context(), order), env: PhantomData };
    let result = run(&scope.state, || body(&scope));
    scope.state.keep();
    result
}

impl<'env> SharedScope<'env> {
    /// Starts a job, which is called with the scope. The scope waits for all.
    ///
    /// If it panics, the scope panics with its payload when everything in it has finished.
    pub fn execute<F>(&self, f: F)
    where
        F: FnOnce(&SharedScope<'env>) + Send + 'env,
    {
        self.state.refuse_after_fork();
        let scope = Lent(Arc::as_ptr(&self.state));
        // SAFETY: `shared_scope` holds the state until the job has ended.
        let job = move || unsafe { scope.with(f) };
        // SAFETY: the job borrows for `'env`, which outlives the call of `shared_scope`, and that does not return before the job
        // has run. A scope is had by reference only: inside that call, or inside a job that it waits for.
        let ticket = self.state.push(|| unsafe { Job::from_borrowing_task(Closure(job)) });
        if let Some(ticket) = ticket {
            self.state.queue(ticket);
        }
    }
}

/// The scope, as a job has it. It holds nothing: the thread that waits for the job does. To count another holder takes two locked
/// instructions a job.
struct Lent(*const ScopeState);

// SAFETY: it stands for a reference to what jobs on all threads share.
unsafe impl Send for Lent {}

impl Lent {
    /// Calls the job's closure with the scope.
    ///
    /// # Safety
    ///
    /// The scope lives until this has returned.
    unsafe fn with<'env>(self, f: impl FnOnce(&SharedScope<'env>)) {
        // SAFETY: the pointer is that of an `Arc`, which another holds for as long; and this one is never dropped.
        let state = unsafe { Arc::from_raw(self.0) };
        f(&ManuallyDrop::new(SharedScope { state, env: PhantomData }));
    }
}

impl fmt::Debug for SharedScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedScope").field("pool", &self.state.context.name()).finish_non_exhaustive()
    }
}
