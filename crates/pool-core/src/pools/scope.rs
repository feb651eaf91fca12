//! Scopes: jobs that borrow from their submitter's stack.
//!
//! A scope has a queue of its own, and a few *tickets* in the pool: at most one for each worker. A worker that pops a
//! ticket runs up to [`TURN`] of the scope's jobs and queues the ticket again while any remain, so other work gets
//! its turn. The thread that waits for the scope is never led to a stranger's job: a worker runs the jobs of its
//! own scope and then sleeps; a thread from outside sleeps, unless the pool takes no tickets any more (it has been
//! shut down), and then it runs the jobs itself.
//!
//! A ticket holds the scope's core and no borrow, so it may lie in the queue for longer than the scope lives. What
//! borrows are the jobs, and [`scope`] does not return before each has run.
//!
//! The queue is crossbeam-deque's injector, which grows by blocks; who is to come, to wait and to be woken is the
//! business of [`Progress`].
//!
//! Rejected, by scope/flat: everything behind one mutex, taken for each job, took three times as long. A deque that only
//! the scope's own thread pushes to, with two locked instructions less a push: 97 and 99 ns a job in a scope of 1,000,
//! but 80 and 165 in one of a million, as the pusher runs further ahead of the workers and what it queues leaves the caches.
//! To count the jobs without a locked instruction: 63 and 124 ns in one of 10,000, for the same reason. (Two workers on two
//! cores, medians of three runs.)

mod queue;
mod shared;

pub use shared::SharedScope;
pub(crate) use shared::shared_scope;

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use self::queue::JobQueue;
use crate::handle::Ticket;
use crate::help::wait_helping;
use crate::helping::Awaited;
use crate::job::abort_on_unwind::AbortOnUnwind;
use crate::job::attributed::enter_plain;
use crate::job::context::{JobContext, RunContext};
use crate::job::pool_context::PoolContext;
use crate::job::task::{Claim, Task, TaskRef, Waiter};
use crate::job::{Closure, Runnable};
use crate::os::process_fork::refuse_to_wait;
use crate::panic::{Panic, drop_quietly, unwind_without};
use crate::sync::scope_progress::Progress;
use crate::sync::{Arc, lock};
use crate::{Job, JobOrder, JoinError, Pool, Reason, Submit};

/// How many jobs of a scope a worker runs before it looks at what else is queued.
const TURN: usize = 32;

/// A place to start jobs that may borrow what outlives it. See [`PoolExt::scope`](crate::PoolExt::scope).
pub struct Scope<'scope, 'env: 'scope> {
    state: Arc<ScopeState>,
    queue_ticket: &'scope (dyn Fn(Job) + Sync),
    // Invariance over both, as in std's scope: see there for why.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// What the tickets, the handles and the waiter of a scope share.
struct ScopeState {
    context: Arc<PoolContext>,
    jobs: JobQueue,
    progress: Progress,
    /// The payload of the first job without a handle that panicked.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// It began in a forked child of the pool's process, where its owner runs its jobs.
    is_childs: bool,
}

/// Runs `body`, then every job that it started, and returns the body's result.
pub(crate) fn scope<'env, P, F, R>(pool: &P, body: F) -> R
where
    P: Pool + ?Sized,
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
{
    let state = Arc::new(ScopeState::new(pool.context().clone(), JobOrder::OldestFirst));
    // A refused ticket is dropped, and its drop says so to the core.
    let queue_ticket = |ticket| drop(pool.submit(ticket, Submit::ticket()));
    let scope =
        Scope { state: state.clone(), queue_ticket: &queue_ticket, scope: PhantomData, env: PhantomData };
    run(&state, || body(&scope))
}

/// Runs the body of a scope and waits for its jobs.
fn run<R>(state: &ScopeState, body: impl FnOnce() -> R) -> R {
    let result = catch_unwind(AssertUnwindSafe(body));
    let lent = AbortOnUnwind::arm("a scope");
    state.wait_until(|| state.progress.is_over(), |_| {});
    lent.disarm();
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

    /// Starts a job and returns a handle to its result. Allocates once.
    ///
    /// If it panics, the payload is in the handle's error; dropping the handle leaves it to the scope, as in
    /// [`execute`](Scope::execute).
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let (ours, theirs) = TaskRef::pair(Task::counted(f, None));
        // SAFETY: the job borrows for `'scope`. It lies in the scope's own queue, and `scope` does not return before
        // that queue is empty and every job has run.
        self.push(|| unsafe { Job::from_borrowing_task(Ticket(theirs)) });
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

/// Permission to wait for a job of a scope and to take its result.
pub struct ScopedHandle<'scope, T> {
    task: TaskRef<dyn Claim<T> + 'scope>,
    state: Arc<ScopeState>,
}

impl<T> ScopedHandle<'_, T> {
    /// Waits for the job and returns its result. A worker of the pool runs the job in place if it has not started.
    ///
    /// # Errors
    ///
    /// [`JoinError::Panicked`] with the payload if it panicked.
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
}

impl<T> Drop for ScopedHandle<'_, T> {
    fn drop(&mut self) {
        if let Some(panic) = self.task.detach() {
            self.state.keep_panic(panic.into_payload());
        }
    }
}

impl ScopeState {
    fn new(context: Arc<PoolContext>, order: JobOrder) -> Self {
        let progress = Progress::new(context.workers());
        let is_childs = context.is_forked();
        ScopeState { context, jobs: JobQueue::new(order), progress, panic: Mutex::new(None), is_childs }
    }

    /// Queues a job, and returns a ticket for it if more workers could be busy with this scope.
    #[inline(always)]
    fn push(self: &Arc<Self>, job: impl FnOnce() -> Job) -> Option<Job> {
        self.context.admit_scoped();
        let wanted = self.progress.push(|| self.jobs.push(job));
        wanted.then(|| Job::from_task(ScopeTicket { state: Some(self.clone()) }))
    }

    #[inline(always)]
    fn pop(&self) -> Option<Job> {
        self.jobs.pop()
    }

    fn has_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Waits until this is so, helping where the caller may. Before the caller sleeps it is announced to the thread that
    /// makes it so, unless that is the end of the last job.
    fn wait_until(&self, done: impl Fn() -> bool, announce: impl Fn(thread::Thread)) {
        let here = self.context.current_worker_cx();
        // Its jobs are no part of the job that waits here.
        let _plain = enter_plain();
        let may_run = || here.is_some() || self.progress.is_abandoned();
        if !done() && wait_helping(&Waiting { state: self, here, done: &done, announce: &announce }) {
            return self.progress.retract();
        }
        while !done() {
            self.refuse_after_fork();
            if may_run() && self.run_one(here) {
                continue;
            }
            announce(thread::current());
            self.progress.sleep(here.is_some(), || done() || may_run() && self.has_jobs());
        }
    }

    /// Aborts a child that was forked while the scope was open: others of the parent's threads may have held the locks of the
    /// scope and of its queue, and run the jobs.
    #[inline(always)]
    fn refuse_after_fork(&self) {
        if self.is_from_before_fork() {
            refuse_to_wait("a scope");
        }
    }

    #[inline(always)]
    fn is_from_before_fork(&self) -> bool {
        self.context.is_forked() && !self.is_childs
    }

    /// Runs one job in place of the thread that waits. Returns whether there was one.
    fn run_one(&self, here: Option<RunContext<'_>>) -> bool {
        let mut place = self.pop();
        if place.is_none() {
            return false;
        }
        self.run(&mut place, here.unwrap_or_else(|| self.context.current_cx()));
        if here.is_none() {
            self.context.settle();
        }
        self.progress.end(1);
        true
    }

    /// Runs the job in this slot. Its end is still to be told to [`Progress::end`].
    // Always inlined, and so is `pop`: apart they cost a job of a scope 20 instructions.
    #[inline(always)]
    fn run(&self, place: &mut Option<Job>, cx: RunContext<'_>) {
        // What escapes from the run itself is a destructor's panic (of a result that nobody wants): the job's, too.
        // Only its payload is kept: what little a job that has ended well leaves is not worth moving (5 ns a job).
        let panic = catch_unwind(AssertUnwindSafe(|| Job::run_in_place(place, Some(cx)))).flatten().err();
        self.refuse_after_fork();
        if let Some(payload) = panic {
            // The scope rethrows the payload, and its trace goes no further.
            self.keep_panic(Panic::caught(payload).into_payload());
        }
    }

    /// Keeps the first payload, since only one can be rethrown, and drops all others.
    #[cold]
    fn keep_panic(&self, payload: Box<dyn Any + Send>) {
        if self.is_from_before_fork() {
            // It is not rethrown, and the lock may be held for ever.
            return drop_quietly(payload);
        }
        let second = {
            let mut first = lock(&self.panic);
            if first.is_some() { Some(payload) } else { first.replace(payload) }
        };
        // Without the lock, since its destructor may do anything; and the worker must not die of what that panics with.
        drop_quietly(second);
    }
}

/// A scope as a worker waits for it that helps.
struct Waiting<'a> {
    state: &'a ScopeState,
    here: Option<RunContext<'a>>,
    done: &'a dyn Fn() -> bool,
    announce: &'a dyn Fn(thread::Thread),
}

impl Waiting<'_> {
    fn may_run(&self) -> bool {
        self.here.is_some() || self.state.progress.is_abandoned()
    }
}

impl Awaited for Waiting<'_> {
    fn is_over(&self) -> bool {
        (self.done)()
    }

    fn announce(&self) {
        (self.announce)(thread::current());
        self.state.progress.announce(self.here.is_some());
    }

    fn run_own(&self) -> bool {
        self.state.refuse_after_fork();
        self.may_run() && self.state.run_one(self.here)
    }

    fn is_ready(&self) -> bool {
        self.is_over() || self.may_run() && self.state.has_jobs()
    }
}

/// What lies in the pool's queue for a scope.
struct ScopeTicket {
    /// `None` once the ticket has done its work.
    state: Option<Arc<ScopeState>>,
}

impl Runnable for ScopeTicket {
    const IS_JOB: bool = false;

    fn run(mut self, cx: Option<RunContext<'_>>) -> thread::Result<Option<Job>> {
        let Some(state) = self.state.take() else { return Ok(None) };
        let cx = cx.unwrap_or_else(|| state.context.current_cx());
        let mut ran = 0;
        while ran < TURN {
            let mut place = state.pop();
            if place.is_none() {
                break;
            }
            state.run(&mut place, cx);
            ran += 1;
        }
        state.progress.end(ran);
        let goes_on = ran == TURN || state.progress.leave(|| state.has_jobs());
        Ok(goes_on.then(|| Job::from_task(ScopeTicket { state: Some(state) })))
    }

    /// Being dropped is what tells the scope.
    fn discard(self, _: Reason, _: Option<&JobContext>) {}

    fn release(&mut self) -> bool {
        false
    }
}

impl Drop for ScopeTicket {
    /// Dropped unrun: the scope's waiters have to see to the jobs themselves.
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            state.progress.give_up();
        }
    }
}
