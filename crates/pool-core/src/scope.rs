//! Scopes: jobs that borrow from their submitter's stack.
//!
//! A scope has a queue of its own, and a few *tickets* in the pool: at most one for each worker. A worker that pops a
//! ticket runs up to [`TURN`] of the scope's jobs and queues the ticket again while any remain, so other work gets
//! its turn. The thread that waits for the scope is never led to a stranger's job: a worker runs the jobs of its
//! own scope and then sleeps; a thread from outside sleeps, unless the scope has jobs and no ticket is left that
//! would lead a worker to them (the pool has been shut down), and then it runs them.
//!
//! A ticket holds the scope's core and no borrow, so it may lie in the queue for longer than the scope lives. What
//! borrows are the jobs, and [`scope`] does not return before each has run.
//!
//! Everything about a scope that changes is behind one mutex, which is taken once for each job. It is
//! never held while a job runs.

use std::any::Any;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use crate::cell::{Cell, Claim};
use crate::error::drop_quietly;
use crate::handle::Ticket;
use crate::job::{Closure, Task};
use crate::ledger::{Desk, Ledger};
use crate::sync::Arc;
use crate::{Job, JoinError, Pool, Reason, Submit};

/// How many jobs of a scope a worker runs before it looks at what else is queued.
const TURN: usize = 32;

/// A place to start jobs that may borrow what outlives it. See [`PoolExt::scope`](crate::PoolExt::scope).
pub struct Scope<'scope, 'env: 'scope> {
    core: Arc<Core>,
    queue_ticket: &'scope (dyn Fn(Job) + Sync),
    // Invariance over both, as in std's scope: see there for why.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// What the tickets, the handles and the waiter of a scope share.
struct Core {
    ledger: Arc<Ledger>,
    state: Mutex<State>,
}

struct State {
    jobs: VecDeque<Job>,
    /// Jobs that have not ended, queued or running.
    unfinished: usize,
    /// Tickets that lie in the pool, or are being worked on.
    tickets: usize,
    waiters: Vec<Waiter>,
    /// The payload of the first job without a handle that panicked.
    panic: Option<Box<dyn Any + Send>>,
}

/// A thread that sleeps until the scope changes in a way that concerns it.
struct Waiter {
    thread: Thread,
    /// It is a worker of the pool and runs the scope's jobs.
    helps: bool,
}

/// Runs `body`, then every job that it started, and returns the body's result.
pub(crate) fn scope<'env, P, F, R>(pool: &P, body: F) -> R
where
    P: Pool + ?Sized,
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
{
    let core = Arc::new(Core::new(pool.ledger().clone()));
    // A refused ticket is dropped, and its drop says so to the core.
    let queue_ticket = |ticket| drop(pool.submit(ticket, Submit::ticket()));
    let scope =
        Scope { core: core.clone(), queue_ticket: &queue_ticket, scope: PhantomData, env: PhantomData };
    let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
    core.wait_until(|state| state.unfinished == 0);
    let job_panic = core.lock().panic.take();
    match (result, job_panic) {
        (Ok(result), None) => result,
        (Ok(_), Some(payload)) | (Err(payload), None) => resume_unwind(payload),
        (Err(payload), Some(second)) => {
            // Before the unwinding: a destructor that panics in its course would abort.
            drop_quietly(second);
            resume_unwind(payload)
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a job that nobody waits for by itself; the scope waits for all. A small closure allocates nothing.
    ///
    /// If it panics, the scope panics with its payload when everything in it has finished.
    pub fn execute<F>(&'scope self, f: F)
    where
        F: FnOnce() + Send + 'scope,
    {
        // SAFETY: the job borrows for `'scope`, and `scope` does not return before the job has run.
        self.push(unsafe { Job::from_borrowing_task(Closure(f)) });
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
        let cell = Arc::new(Cell::job(f));
        // SAFETY: the job borrows for `'scope`. It lies in the scope's own queue, and `scope` does not return before
        // that queue is empty and every job has run.
        self.push(unsafe { Job::from_borrowing_task(Ticket(cell.clone())) });
        ScopedHandle { task: cell, core: self.core.clone() }
    }

    fn push(&self, job: Job) {
        if let Some(ticket) = self.core.push(job) {
            (self.queue_ticket)(ticket);
        }
    }
}

/// Permission to wait for a job of a scope and to take its result.
pub struct ScopedHandle<'scope, T> {
    task: Arc<dyn Claim<T> + 'scope>,
    core: Arc<Core>,
}

impl<T> ScopedHandle<'_, T> {
    /// Waits for the job and returns its result. A worker of the pool runs the job in place if nobody has started it.
    ///
    /// # Errors
    ///
    /// [`JoinError::Panicked`] with the payload if it panicked.
    pub fn join(self) -> Result<T, JoinError> {
        if let Some(desk) = self.core.ledger.desk_here() {
            self.task.run_in_place(Some(desk));
            self.task.wait(None);
        } else {
            // Outside, a job that no ticket leads to has to be seen to here, and so have those queued before it.
            self.core.wait_until(|_| self.task.is_finished());
        }
        self.task.take().expect("the job has finished and nobody else takes its result")
    }

    /// Whether the job has ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl<T> Drop for ScopedHandle<'_, T> {
    fn drop(&mut self) {
        if let Some(payload) = self.task.detach() {
            self.core.lock().keep_panic(payload);
        }
    }
}

impl Core {
    fn new(ledger: Arc<Ledger>) -> Self {
        let state =
            State { jobs: VecDeque::new(), unfinished: 0, tickets: 0, waiters: Vec::new(), panic: None };
        Core { ledger, state: Mutex::new(state) }
    }

    /// Queues a job, and returns a ticket for it if more workers could be busy with this scope.
    fn push(self: &Arc<Self>, job: Job) -> Option<Job> {
        self.ledger.admit_scoped();
        let mut state = self.lock();
        state.jobs.push_back(job);
        state.unfinished += 1;
        state.wake_helper();
        // Jobs that run count as well: a ticket that is busy with one leads nobody to this one.
        let wanted = state.tickets < self.ledger.workers().min(state.unfinished);
        if wanted {
            state.tickets += 1;
        }
        drop(state);
        wanted.then(|| Job::from_task(ScopeTicket { core: Some(self.clone()) }))
    }

    /// Waits until this is so, helping where the caller may.
    fn wait_until(&self, done: impl Fn(&State) -> bool) {
        let here = self.ledger.desk_here();
        let mut state = self.lock();
        while !done(&state) {
            let may_run = here.is_some() || state.tickets == 0;
            let job = if may_run { state.jobs.pop_front() } else { None };
            state = match job {
                Some(job) => {
                    drop(state);
                    let state = self.run(job, here.unwrap_or_else(|| self.ledger.desk_anywhere()));
                    if here.is_none() {
                        self.ledger.settle();
                    }
                    state
                }
                None => {
                    state.waiters.push(Waiter { thread: thread::current(), helps: here.is_some() });
                    drop(state);
                    thread::park();
                    self.lock()
                }
            };
        }
    }

    /// Runs one job and books its end.
    fn run(&self, job: Job, desk: Desk<'_>) -> MutexGuard<'_, State> {
        // What escapes from the run itself is a destructor's panic (of a result that nobody wants): the job's, too.
        // Only its payload is kept: what little a job that has ended well leaves is not worth moving (5 ns a job).
        let panic = catch_unwind(AssertUnwindSafe(|| job.run_at(Some(desk)))).flatten().err();
        let mut state = self.lock();
        state.unfinished -= 1;
        if let Some(payload) = panic {
            state.keep_panic(payload);
        }
        // Somebody may wait for the whole scope, or for the handle of this job.
        if !state.waiters.is_empty() {
            state.wake_all();
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake_helper(&mut self) {
        if let Some(place) = self.waiters.iter().position(|waiter| waiter.helps) {
            self.waiters.swap_remove(place).thread.unpark();
        }
    }

    fn wake_all(&mut self) {
        self.waiters.drain(..).for_each(|waiter| waiter.thread.unpark());
    }

    fn keep_panic(&mut self, payload: Box<dyn Any + Send>) {
        match &self.panic {
            None => self.panic = Some(payload),
            // Only one can be rethrown. A payload may panic when it is dropped, and a worker must not die of that.
            Some(_) => std::mem::forget(payload),
        }
    }
}

/// What lies in the pool's queue for a scope.
struct ScopeTicket {
    /// `None` once the ticket has done its work.
    core: Option<Arc<Core>>,
}

impl Task for ScopeTicket {
    const IS_JOB: bool = false;

    fn run(mut self, desk: Option<Desk<'_>>) -> thread::Result<Option<Job>> {
        let Some(core) = self.core.take() else { return Ok(None) };
        let desk = desk.unwrap_or_else(|| core.ledger.desk_anywhere());
        let mut state = core.lock();
        for _ in 0..TURN {
            let Some(job) = state.jobs.pop_front() else { break };
            drop(state);
            state = core.run(job, desk);
        }
        if state.jobs.is_empty() {
            state.tickets -= 1;
            drop(state);
            return Ok(None);
        }
        drop(state);
        Ok(Some(Job::from_task(ScopeTicket { core: Some(core) })))
    }

    /// Being dropped is what tells the scope.
    fn discard(self, _: Reason, _: Option<&Ledger>) {}

    fn release(&self) -> bool {
        false
    }
}

impl Drop for ScopeTicket {
    /// Dropped unrun: the scope's waiters have to see to the jobs themselves.
    fn drop(&mut self) {
        if let Some(core) = self.core.take() {
            let mut state = core.lock();
            state.tickets -= 1;
            state.wake_all();
        }
    }
}
