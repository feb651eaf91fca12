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
//! A worker that opens a scope has one ticket at a time in the queue; who takes it queues the next, if there are more jobs. It runs the
//! jobs itself when it waits, so most scopes of a recursion end before any ticket is taken.
//!
//! The queue is crossbeam-deque's injector, which grows by blocks, or where the newest job runs first the [`lanes`]; who is to come,
//! to wait and to be woken is the business of [`Progress`].
//!
//! A scope that has ended may leave a ticket in the queue, which keeps what the scope shares. A worker that opens scopes inside
//! scopes inside one job would leave one for each. Where a worker's own tickets lie apart, the newest first, it takes those back that
//! lead nowhere.
//!
//! Rejected, by scope/flat: everything behind one mutex, taken for each job, took three times as long. A deque that only
//! the scope's own thread pushes to, with two locked instructions less a push: 97 and 99 ns a job in a scope of 1,000,
//! but 80 and 165 in one of a million, as the pusher runs further ahead of the workers and what it queues leaves the caches.
//! To count the jobs without a locked instruction: 63 and 124 ns in one of 10,000, for the same reason. (Two workers on two
//! cores, medians of three runs.)

mod in_scope;
mod lanes;
mod map_ordered;
mod queue;
mod shared;
mod spare;

pub use map_ordered::MapOrdered;
pub(crate) use map_ordered::map_ordered;
pub use shared::SharedScope;
pub(crate) use shared::shared_scope;

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use self::in_scope::{AttributedInScope, TicketInScope};
use self::queue::JobQueue;
use self::spare::Spare;
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
use crate::{Attributes, Job, JobOrder, JoinError, Pool, Reason, Submit};

/// How many jobs of a scope a worker runs before it looks at what else is queued.
const TURN: usize = 32;

/// A place to start jobs that may borrow what outlives it. See [`PoolExt::scope`](crate::PoolExt::scope).
pub struct Scope<'scope, 'env: 'scope> {
    state: &'scope Arc<ScopeState>,
    queue_ticket: &'scope (dyn Fn(Job) + Sync),
    // Invariance over both, as in std's scope: see there for why.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// What the tickets, the handles and the waiter of a scope share.
struct ScopeState {
    context: Arc<PoolContext>,
    /// The stripe of the thread that has opened it, if that is its own.
    home: Option<usize>,
    jobs: JobQueue,
    progress: Progress,
    /// The payload of the first job without a handle that panicked.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// It began in a forked child of the pool's process, where its owner runs its jobs.
    is_childs: bool,
    /// Nobody waits for the end of all jobs, which borrow nothing: a panic that no handle hears of is the pool's.
    is_detached: bool,
    /// Its owner has gone on, so no job will come: tickets that are left lead nowhere.
    has_ended: AtomicBool,
}

thread_local! {
    /// Scopes of one pool that this thread has opened, and that have ended.
    static SPARE: Spare<Arc<ScopeState>> = const { Spare::new() };
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
    /// [`JoinError::Panicked`] with the payload if it panicked, [`JoinError::Cancelled`], or [`JoinError::Unrun`] with
    /// [`Reason::Expired`] if it did not start in time.
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

impl ScopeState {
    /// The state of a new scope: one that has ended and was opened at this home, if there is one.
    fn open(context: &Arc<PoolContext>, order: JobOrder) -> Arc<Self> {
        let home = ScopeState::home(context);
        let fits = |state: &Arc<ScopeState>| Arc::ptr_eq(&state.context, context) && state.home == home;
        let may_be_old = order == JobOrder::NewestFirst && home.is_some() && !context.is_forked();
        let spare = if may_be_old { Spare::take(&SPARE, fits) } else { None };
        spare.unwrap_or_else(|| Arc::new(ScopeState::new(context.clone(), order)))
    }

    /// The scope has ended. It is kept for the next, if nothing else holds it, such as a ticket that is left in a queue, or a handle.
    fn keep(mut self: Arc<Self>) {
        let is_good = Arc::get_mut(&mut self).is_some_and(|state| {
            matches!(state.jobs, JobQueue::NewestFirst(_)) && !state.context.is_forked() && state.renew()
        });
        if is_good {
            Spare::keep(&SPARE, self);
        }
    }

    fn home(context: &PoolContext) -> Option<usize> {
        Some(context.stripe_of(context.index_here())).filter(|stripe| context.is_own_stripe(*stripe))
    }

    fn new(context: Arc<PoolContext>, order: JobOrder) -> Self {
        let is_childs = context.is_forked();
        let home = ScopeState::home(&context);
        let worker = context.index_here().filter(|_| home.is_some());
        let progress = Progress::new(context.workers(), worker.is_some());
        let jobs = JobQueue::new(order, context.workers(), worker);
        let (panic, has_ended) = (Mutex::new(None), AtomicBool::new(false));
        ScopeState { context, home, jobs, progress, panic, is_childs, is_detached: false, has_ended }
    }

    /// Queues a job, and returns a ticket for it if more workers could be busy with this scope.
    #[inline(always)]
    fn push(self: &Arc<Self>, job: impl FnOnce() -> Job) -> Option<Job> {
        let here = self.context.index_here();
        let stripe = self.context.stripe_of(here);
        self.context.admit_scoped_on(stripe);
        let at_home = Some(stripe) == self.home;
        self.progress.begin(at_home);
        self.jobs.push(job, here);
        let wanted = self.progress.pushed(at_home);
        wanted.then(|| self.ticket())
    }

    fn ticket(self: &Arc<Self>) -> Job {
        Job::from_task(ScopeTicket { state: Some(self.clone()) })
    }

    /// Takes a job for this worker, or for a thread that is none, into the empty slot. Returns whether there was one.
    #[inline(always)]
    fn pop(self: &Arc<Self>, here: Option<usize>, slot: &mut Option<Job>) -> bool {
        if self.jobs.pop(here, slot) {
            self.have_more();
        }
        slot.is_some()
    }

    /// This thread has taken jobs for later, which others found nowhere meanwhile: what a push does for them.
    #[cold]
    fn have_more(self: &Arc<Self>) {
        if self.progress.pushed(false) {
            self.queue(self.ticket());
        }
    }

    /// Queues a ticket. One that finds no queue is dropped, and says so to the scope.
    fn queue(&self, ticket: Job) {
        if let Some(queue) = self.context.boost().get() {
            queue.queue_ticket(ticket);
        }
    }

    /// Makes one that has ended, and that nothing else holds, as good as new. Returns whether it is.
    fn renew(&self) -> bool {
        self.has_ended.store(false, Relaxed);
        self.progress.renew()
    }

    /// The scope has ended.
    fn take_tickets_back(&self) {
        let tickets = self.progress.tickets();
        if tickets != 0
            && let Some(worker) = self.context.index_here()
            && let Some(queue) = self.context.boost().get()
        {
            self.has_ended.store(true, Relaxed);
            queue.take_back_spent(worker, tickets);
        }
    }

    fn has_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Waits until this is so, helping where the caller may. Before the caller sleeps it is announced to the thread that
    /// makes it so, unless that is the end of the last job.
    fn wait_until(self: &Arc<Self>, done: impl Fn() -> bool, announce: impl Fn(thread::Thread)) {
        if done() {
            return;
        }
        let here = self.context.index_here();
        // Its jobs are no part of the job that waits here.
        let _plain = enter_plain();
        let may_run = || here.is_some() || self.progress.is_abandoned();
        let run_some = || {
            self.refuse_after_fork();
            may_run() && self.run_some(here, &done)
        };
        // What is the scope's own comes first, also for a caller that helps: most often there is nothing else to do.
        while run_some() {
            if done() {
                return;
            }
        }
        if wait_helping(&Waiting { state: self, here, done: &done, announce: &announce }) {
            return self.progress.retract();
        }
        while !done() {
            if run_some() {
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

    /// Runs jobs in place of the thread that waits, until that is over or for a turn. Returns whether there was one.
    fn run_some(self: &Arc<Self>, here: Option<usize>, done: &dyn Fn() -> bool) -> bool {
        let cx = here.map_or_else(|| self.context.current_cx(), |worker| self.context.worker_cx(worker));
        let mut ran = 0;
        while ran < TURN {
            let mut slot = None;
            if !self.pop(here, &mut slot) {
                break;
            }
            self.run(&mut slot, cx);
            ran += 1;
            if here.is_none() {
                self.context.settle();
            }
            if done() {
                break;
            }
        }
        self.progress.end(ran);
        ran > 0
    }

    /// Runs the job in this slot. Its end is still to be told to [`Progress::end`].
    // Always inlined, and so is `pop`: apart they cost a job of a scope 20 instructions.
    #[inline(always)]
    fn run(&self, slot: &mut Option<Job>, cx: RunContext<'_>) {
        // What escapes from the run itself is a destructor's panic (of a result that nobody wants): the job's, too.
        // Only its payload comes out: what little a job that has ended well leaves is not worth moving (5 ns a job).
        let run = || Job::run_in_place(slot, Some(cx)).err();
        let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(Some);
        self.refuse_after_fork();
        if let Some(payload) = panic {
            // The scope rethrows the payload, and its trace goes no further.
            self.keep_panic(Panic::caught(payload));
        }
    }

    /// Keeps the first payload, since only one can be rethrown, and drops all others.
    #[cold]
    fn keep_panic(&self, panic: Panic) {
        if self.is_from_before_fork() {
            // It is not rethrown, and the lock may be held for ever.
            return drop_quietly(panic.into_payload());
        }
        if self.is_detached {
            return self.context.report_quietly(panic);
        }
        let payload = panic.into_payload();
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
    state: &'a Arc<ScopeState>,
    here: Option<usize>,
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
        self.may_run() && self.state.run_some(self.here, self.done)
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
        let here = state.context.index_here();
        state.progress.take_ticket();
        let mut ran = 0;
        while ran < TURN {
            let mut slot = None;
            if !state.pop(here, &mut slot) {
                break;
            }
            if ran == 0 && state.progress.send_next(|| state.has_jobs()) {
                state.queue(state.ticket());
            }
            state.run(&mut slot, cx);
            ran += 1;
        }
        state.progress.end(ran);
        let goes_on = if ran == TURN {
            state.progress.requeue();
            true
        } else {
            state.progress.leave(|| state.has_jobs())
        };
        Ok(goes_on.then(|| Job::from_task(ScopeTicket { state: Some(state) })))
    }

    fn is_spent(&mut self) -> bool {
        self.state.as_ref().is_none_or(|state| state.has_ended.load(Relaxed))
    }

    /// Being dropped is what tells the scope.
    fn discard(self, _: Reason, _: Option<&JobContext>) {}

    fn release(&mut self) -> bool {
        false
    }
}

impl Drop for ScopeTicket {
    /// Dropped unrun: the scope's waiters have to see to the jobs themselves. No thread counts the tickets of one that has ended.
    fn drop(&mut self) {
        if let Some(state) = self.state.take()
            && !state.has_ended.load(Relaxed)
        {
            state.progress.give_up();
        }
    }
}
